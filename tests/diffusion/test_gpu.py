"""Tests on a GPU: CUDA graphs, compiled networks, offloaded weights, with tiny models of all families."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.memory import DECODE_BYTES_PER_PIXEL, WORKSPACE_BYTES
from assetgen.diffusion.loading.models import WarmModel, warm_model
from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.speed.offload import component_sizes
from assetgen.events import Compiling, Event, Offloading, Shrunk, ignore
from assetgen.images import Array, color_image
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, Control, SourceJob
from assetgen.pixels.image_files import encode_png


def _has_gpu() -> bool:
    if "ASSETGEN_TEST_GPU" not in os.environ:  # torch is imported only if needed
        return False
    import torch

    return torch.cuda.is_available()


pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(not _has_gpu(), reason="needs a GPU, and ASSETGEN_TEST_GPU=1 in the environment"),
]
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
STEPS = 5
CONTROLLED = ("stable_diffusion", "sdxl", "sd3", "flux")


@pytest.fixture(autouse=True)
def _from_nothing() -> Iterator[None]:
    unload_models()
    yield
    unload_models()


def drawn(*jobs: SourceJob) -> list[Array]:
    return [images["color"].astype(int) for images in sample(jobs)]


def warm(card: ModelCard) -> WarmModel:
    return warm_model(card, (), (), ignore)


def without_graphs(card: ModelCard, *jobs: SourceJob) -> list[Array]:
    with warm(card).cuda_graphs.disabled():
        return drawn(*jobs)


def equal(one: list[Array], other: list[Array]) -> bool:
    return len(one) == len(other) and all((a == b).all() for a, b in zip(one, other, strict=True))


def under(*kinds: str, **acts: float) -> Context:
    ramp = np.linspace(0, 255, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    return Context(asset="it", controls=tuple(Control(kind, color_image(ramp), **acts) for kind in kinds))


def test_gpu_and_cpu_draw_nearly_the_same(each: ModelCard, job: Make) -> None:
    asked = job(each, steps=STEPS)
    [here] = drawn(asked)
    unload_models()
    [there] = drawn(SourceJob(Context(asset="it", device="cpu"), asked.arguments))
    assert np.abs(here - there).mean() < 2


def test_cuda_graphs_give_equal_bytes(each: ModelCard, job: Make) -> None:
    jobs = [job(each, seed=n, prompt=f"{n}", guidance=2.0 + n, steps=STEPS) for n in range(6)]
    wanted = without_graphs(each, *jobs)
    assert equal(drawn(*jobs), wanted)
    assert len(warm(each).cuda_graphs.graphs) == 2  # four, then two
    assert equal(drawn(*jobs), wanted)


def test_cuda_graphs_give_equal_seamless_images(each: ModelCard, job: Make) -> None:
    jobs = [job(each, tile=axes, steps=STEPS) for axes in ("", "x", "xy")]
    wanted = [without_graphs(each, asked)[0] for asked in jobs]
    assert equal([drawn(asked)[0] for asked in jobs], wanted)


@pytest.mark.parametrize("name", CONTROLLED)
def test_cuda_graphs_give_equal_controlled_images(tiny_of: Find, job: Make, name: str) -> None:
    card = tiny_of(name)
    contexts = [under("depth"), under("depth", strength=0.3), under("depth", end=0.7), under("depth", "canny")]
    jobs = [job(card, context, steps=2 * STEPS) for context in contexts]
    wanted = [without_graphs(card, asked)[0] for asked in jobs]
    assert equal([drawn(asked)[0] for asked in jobs], wanted)


def test_cuda_graphs_give_equal_image_to_image_results(each: ModelCard, job: Make, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    (tmp_path / "it.png").write_bytes(encode_png(pixels))
    jobs = [job(each, image=tmp_path / "it.png", strength=0.9, steps=2 * STEPS, seed=n) for n in range(2)]
    wanted = without_graphs(each, *jobs)
    assert equal(drawn(*jobs), wanted)


@pytest.mark.parametrize("name", ["stable_diffusion", "sdxl", "flux", "z_image"])
def test_a_compiled_model_draws_nearly_the_same(tiny_of: Find, job: Make, name: str) -> None:
    card, events = tiny_of(name), list[Event]()
    many = Context(asset="it", emit=events.append, remaining=10**9)
    wall = job(card, tile="xy", steps=STEPS)
    before, tiled = drawn(*(job(card, seed=n, steps=STEPS) for n in range(8))), drawn(wall)
    after = drawn(*(job(card, many, seed=n, steps=STEPS) for n in range(8)))
    assert [event.model for event in events if isinstance(event, Compiling)] == [card.model]
    assert max(np.abs(one - other).mean() for one, other in zip(after, before, strict=True)) < 2
    assert np.abs(drawn(wall)[0] - tiled[0]).mean() < 2


@pytest.mark.parametrize("by", ["parts", "layers"])
def test_an_offloaded_model_draws_the_same(each: ModelCard, job: Make, by: str) -> None:
    asked, events = job(each, steps=2, size=(32, 32)), list[Event]()
    wanted = without_graphs(each, asked)
    weights = list(component_sizes(warm(each).pipeline).values())
    unload_models()
    pixels = (
        free() - WORKSPACE_BYTES - ((max(weights) + sum(weights)) // 2 if by == "parts" else 0)
    ) // DECODE_BYTES_PER_PIXEL
    large = each.model_copy(update={"native": (pixels, 1)})  # pictures that leave so little for the weights
    made = drawn(SourceJob(Context(asset="it", emit=events.append), {**asked.arguments, "model": large}))
    assert [event.by for event in events if isinstance(event, Offloading)] == [by]
    assert equal(made, wanted)


@pytest.mark.parametrize("quantize", ["int8", "fp8", "nf4"])
def test_a_quantized_model_draws_nearly_the_same(each: ModelCard, job: Make, quantize: str) -> None:
    wanted = without_graphs(each, job(each, steps=2))
    unload_models()
    [made] = drawn(job(each.model_copy(update={"quantize": quantize}), steps=2))
    assert np.abs(made - wanted[0]).mean() < 40


def test_multiplying_in_fp8_draws_nearly_the_same_whatever_else_is_in_the_batch(each: ModelCard, job: Make) -> None:
    import torch

    if torch.cuda.get_device_capability() < (8, 9):
        pytest.skip("needs a GPU of compute capability 8.9: RTX 40 series, L4, H100")
    card = each.model_copy(update={"precision": "bfloat16"})
    wanted = drawn(*(job(card, seed=n, steps=STEPS) for n in range(4)))
    unload_models()
    fp8 = card.model_copy(update={"quantize": "fp8_dynamic"})
    made = drawn(*(job(fp8, seed=n, steps=STEPS) for n in range(4)))
    assert all(np.abs(one - other).mean() < 40 for one, other in zip(made, wanted, strict=True))
    others = drawn(job(fp8, seed=0, steps=STEPS), *(job(fp8, seed=n, prompt="a dog", steps=STEPS) for n in range(5, 8)))
    assert (others[0] == made[0]).all()


def free() -> int:
    import torch

    torch.cuda.empty_cache()
    return int(torch.cuda.mem_get_info()[0])


def test_graphs_are_dropped_before_batches_are_halved(tiny_of: Find, job: Make) -> None:
    import torch

    card, events = tiny_of("stable_diffusion"), list[Event]()
    jobs = [job(card, Context(asset="it", emit=events.append), seed=n, steps=STEPS) for n in range(4)]
    drawn(*jobs)
    assert warm(card).cuda_graphs.graphs
    full = [torch.OutOfMemoryError("CUDA out of memory")]

    def refuse(network: Any, given: Any) -> None:
        if full:
            raise full.pop()

    hook = warm(card).network.register_forward_pre_hook(refuse)
    wide = [job(card, Context(asset="it", emit=events.append), seed=n, size=(64, 32)) for n in range(4)]
    assert len(drawn(*wide)) == 4
    hook.remove()
    assert not warm(card).cuda_graphs.graphs
    assert not [event for event in events if isinstance(event, Shrunk)]
