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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("assets:\n\tb: {preset: x}\n", "p:2: this line is indented with a tab. Indent with spaces, not with tabs."),
        ("assets:\n  b:\n  \tpreset: x\n", "p:3: this line is indented with a tab. Indent with spaces"),
        ("assets:\n  b: {preset: x, prompt: y\n", "p:2: this is not plain YAML (the { is not closed). Close each {"),
        ("a:\n  b: {c: x\n  d: {e: y}\n  f: {g: z}\n", "p:2: this is not plain YAML (the { is not closed). Close"),
        ("a:\n  b: [c, d\n  e: f\n", "p:2: this is not plain YAML (the [ is not closed). Close each {"),
        (
            "a: {b: c,\n    d: e: f}\n",
            "p:2: this is not plain YAML (did not find expected ',' or '}'). Quote text with",
        ),
    ],
)
def test_a_syntax_error_names_the_line_to_change(text: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_yaml(text, "p")
    assert str(refused.value).startswith(message)


def test_a_billion_aliases_are_refused_at_once() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10))
    with pytest.raises(InputError, match="expands to more than 400,000 values"):
        parse_yaml(bomb, "pack.yaml")
