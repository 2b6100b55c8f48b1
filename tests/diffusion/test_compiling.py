"""When a model is compiled, by its card's `compile` key and the number of images that remain; and what of it is."""

from collections.abc import Callable

import pytest
from torch.nn import ModuleList

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.speed.compiling import COMPILE_FROM, Compiler, compilable_parts, is_compiled
from assetgen.events import ignore
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


@pytest.mark.model
def test_of_transformers_the_repeated_blocks_are_compiled_and_unets_as_a_whole(each: ModelCard) -> None:
    warm = warm_model(each, (), list(each.controls), ignore)
    for network in (warm.network, *warm.controls.values()):
        names = {type(part).__name__ for part in compilable_parts(network)}
        assert not is_compiled(network)
        assert all(name.endswith("Block") for name in names) == hasattr(warm.pipeline, "transformer"), names


@pytest.mark.model
@pytest.mark.parametrize("name", ["sd3", "flux", "pixart", "sana", "qwen_image", "z_image", "flux2", "krea2", "chroma"])
def test_all_blocks_of_a_transformer_are_compiled(tiny_of: Callable[[str], ModelCard], name: str) -> None:
    network = warm_model(tiny_of(name), (), (), ignore).network
    blocks = [block for each in network.children() if isinstance(each, ModuleList) for block in each]
    assert set(compilable_parts(network)) >= set(blocks)
