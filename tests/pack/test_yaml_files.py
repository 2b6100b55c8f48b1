"""Reading untrusted YAML."""

import pytest

from assetgen.errors import InputError
from assetgen.pack.yaml_files import parse_yaml


def test_a_document_records_the_line_of_every_value() -> None:
    document = parse_yaml("pack: a\nassets:\n  b:\n    - 1\n    - 2\n", "pack.yaml")
    assert document.where("assets", "b", 1) == "pack.yaml:5"
    assert document.where("assets", "c") == "pack.yaml:2"


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [echo]",
        "a: !!python/name:os.system",
        "a: 1\na: 2",
        "a: [1, 2",
        "? [1]\n: 2",
        "",
        "a: &a [*a]",
        "[" * 5000,
        "a: \x00",
    ],
)
def test_yaml_that_is_not_plain_data_is_refused_with_its_file(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_yaml(text, "pack.yaml")
    assert str(refused.value).startswith("pack.yaml")


def test_a_billion_aliases_are_refused_at_once() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10))
    with pytest.raises(InputError, match="expands to more than 400,000 values"):
        parse_yaml(bomb, "pack.yaml")
