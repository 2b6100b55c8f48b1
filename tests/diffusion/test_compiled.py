"""Networks compiled on the CPU for a card with `compile: always`, with and without a C++ compiler."""

import shutil
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.speed.compiling import compilable_parts, compile_modules, is_compiled
from assetgen.events import Compiling, Drawn, Event, Uncompiled
from assetgen.images import Array
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, SourceJob

pytestmark = [
    pytest.mark.slow,
    pytest.mark.model,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"),  # torch's own
]
Make = Callable[..., SourceJob]


@pytest.fixture(autouse=True)
def _without_warm_models() -> Iterator[None]:
    import torch

    unload_models()
    torch._dynamo.reset()  # otherwise it reuses what it compiled for another model of this shape
    yield
    unload_models()


@pytest.fixture
def always(tiny: ModelCard) -> ModelCard:
    return compiled_card(tiny)


def compiled_card(card: ModelCard) -> ModelCard:
    return card.model_copy(update={"compile": "always"})


def sampled(*jobs: SourceJob) -> list[Array]:
    return [images["color"].astype(int) for images in sample(jobs)]


def compile_events(events: list[Event]) -> list[type]:
    return [type(event) for event in events if isinstance(event, Compiling | Uncompiled)]


@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler: apt install g++")
@pytest.mark.parametrize(("name", "seamless"), [("stable_diffusion", "rolling"), ("z_image", "periodic")])
def test_a_compiled_model_draws_nearly_the_same_and_tiles_uncompiled(
    tiny_of: Callable[[str], ModelCard], job: Make, name: str, seamless: str
) -> None:
    tiny = tiny_of(name).model_copy(update={"seamless": seamless})
    always = compiled_card(tiny)
    before, tiled = sampled(*(job(tiny, seed=n) for n in range(8))), sampled(job(tiny, tile="xy"))
    events: list[Event] = []
    after = sampled(*(job(always, Context(asset="it", emit=events.append), seed=n) for n in range(8)))
    assert compile_events(events) == [Compiling]
    assert all(event.device.endswith(", compiled") for event in events if isinstance(event, Drawn))
    assert max(np.abs(one - other).max() for one, other in zip(after, before, strict=True)) <= 1
    assert np.abs(sampled(job(always, tile="xy"))[0] - tiled[0]).max() <= 1


@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler: apt install g++")
def test_one_compiled_graph_serves_all_blocks_of_a_size_but_the_first_whose_input_has_other_strides() -> None:
    import torch
    from diffusers import SanaTransformer2DModel
    from torch._dynamo.utils import counters

    counters.clear()
    sizes = {"num_attention_heads": 2, "num_cross_attention_heads": 2, "cross_attention_dim": 16, "caption_channels": 8}
    network = SanaTransformer2DModel(4, 4, num_layers=4, attention_head_dim=8, cross_attention_head_dim=8, **sizes)
    inputs = [(torch.randn(1, 4, side, side), torch.randn(1, 5, 8), torch.tensor([500])) for side in (4, 6)]
    with torch.inference_mode():
        wanted = [network(*each).sample for each in inputs]
        compile_modules(compilable_parts(network))
        for compiled_graphs, arguments, expected in zip((2, 4), inputs, wanted, strict=True):
            assert torch.allclose(network(*arguments).sample, expected, atol=1e-5)
            assert counters["stats"]["unique_graphs"] == compiled_graphs
    assert is_compiled(network)
    assert not counters["graph_break"]


def test_a_model_that_cannot_be_compiled_continues_uncompiled(tiny: ModelCard, always: ModelCard, job: Make) -> None:
    from torch._inductor import config, utils

    before, events = sampled(*(job(tiny, seed=n) for n in range(8))), list[Event]()
    jobs = [job(always, Context(asset="it", emit=events.append), seed=n) for n in range(8)]
    with utils.fresh_cache(), config.patch({"cpp.cxx": (None, "no-such-compiler")}):
        after = sampled(*jobs)
    assert compile_events(events) == [Compiling, Uncompiled]
    assert all((one == other).all() for one, other in zip(after, before, strict=True))
