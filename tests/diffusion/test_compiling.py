"""When a model is compiled: by its card's `compile` key and the number of images that remain."""

import pytest

from assetgen.diffusion.speed.compiling import COMPILE_FROM, Compiler
from assetgen.pack.schema import ModelCard


@pytest.mark.parametrize(
    ("mode", "remaining", "compiles"),
    [
        ("auto", COMPILE_FROM, True),
        ("auto", COMPILE_FROM - 1, False),
        ("always", 1, True),
        ("never", 10 * COMPILE_FROM, False),
    ],
)
def test_the_card_decides_and_auto_compiles_for_many_images(mode: str, remaining: int, compiles: bool) -> None:
    assert Compiler(allowed=True, cuda=True).should_compile(mode, remaining) == compiles


def test_auto_compiles_only_on_cuda() -> None:
    assert not Compiler(allowed=True, cuda=False).should_compile("auto", COMPILE_FROM)


def test_offloaded_weights_are_never_compiled() -> None:
    assert not Compiler(allowed=False, cuda=True).should_compile("always", COMPILE_FROM)


def test_compiling_changes_no_cache_key(tiny: ModelCard) -> None:
    assert tiny.model_copy(update={"compile": "always"}).identity == tiny.identity
