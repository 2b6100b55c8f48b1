"""Matrices of tiny models stored in fewer bits by torchao and bitsandbytes, on the CPU."""

import sys
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from assetgen.diffusion.loading.memory import MemoryNeeded, memory_needed
from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.loading.quantizing import choose_quantization, fitting_quantization, torchao_config
from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.speed.offload import component_sizes
from assetgen.errors import InputError, NotInstalledError
from assetgen.events import Event, Quantizing, ignore
from assetgen.images import Array
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, SourceJob

pytestmark = [pytest.mark.model, pytest.mark.slow]
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
GIGA = 10**9
FAR = {"int8": 3, "fp8": 5, "nf4": 20}
"""The largest mean difference of an image, in 1/255; two images of other prompts differ by about 40."""


def in_format(card: ModelCard, quantize: str) -> ModelCard:
    return card.model_copy(update={"quantize": quantize})


NEW_FAMILIES = ("z_image", "flux2", "qwen_image", "qwen_image_21", "krea2", "chroma", "ernie_image")


def drawn(job: SourceJob) -> Array:
    [images] = sample([job])
    return images["color"].astype(int)


@pytest.fixture(scope="module")
def plain(tiny_of: Find, job: Make) -> Callable[[str], Array]:
    """What a model draws in 32 bits, drawn once: a process keeps one model in memory."""
    return cache(lambda name: drawn(job(tiny_of(name))))


@pytest.mark.parametrize("quantize", FAR)
@pytest.mark.parametrize("name", ["stable_diffusion", "sd3", "sana", "z_image", "qwen_image"])
def test_a_quantized_model_draws_nearly_the_same(
    plain: Callable[[str], Array], tiny_of: Find, job: Make, name: str, quantize: str
) -> None:
    apart = np.abs(plain(name) - drawn(job(in_format(tiny_of(name), quantize)))).mean()
    assert 0 < apart < FAR[quantize]


@pytest.mark.parametrize("quantize", FAR)
@pytest.mark.parametrize(
    "name",
    ["sdxl", "flux", "pixart", "z_image", "flux2", "qwen_image", "qwen_image_21", "krea2", "chroma", "ernie_image"],
)
def test_sizes_of_quantized_components_are_those_computed(tiny_of: Find, name: str, quantize: str) -> None:
    card = in_format(tiny_of(name), quantize)
    needed = memory_needed(card)
    assert needed is not None
    buffers = {"transformer": 2048} if name == "pixart" else {}  # position embeddings, which no file holds
    for component, size in component_sizes(warm_model(card, (), (), ignore).pipeline).items():
        assert needed.components[component][card.quantize] == pytest.approx(size - buffers.get(component, 0), rel=0.01)


def test_quantizing_is_an_event(tiny: ModelCard, job: Make) -> None:
    events = list[Event]()
    drawn(job(in_format(tiny, "int8"), Context(asset="it", emit=events.append)))
    assert [event.to for event in events if isinstance(event, Quantizing)] == ["int8"]


def test_a_cpu_quantizes_nothing_by_itself(tiny: ModelCard, job: Make) -> None:
    automatic = in_format(tiny, "auto")
    assert fitting_quantization(automatic, "cpu") == "none"
    assert (drawn(job(automatic)) == drawn(job(tiny))).all()


@pytest.mark.parametrize("quantize", ["nf4", "fp8_dynamic"])
def test_a_number_format_is_part_of_the_identity_and_none_is_not(tiny: ModelCard, quantize: str) -> None:
    assert in_format(tiny, quantize).identity == {**dict(tiny.identity), "quantize": quantize}
    assert in_format(tiny, "none").identity == tiny.identity


@pytest.mark.parametrize(("quantize", "package"), [("int8", "torchao"), ("nf4", "bitsandbytes")])
def test_a_missing_package_is_named_with_its_install_command(
    tiny: ModelCard, job: Make, monkeypatch: pytest.MonkeyPatch, quantize: str, package: str
) -> None:
    unload_models()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NotInstalledError, match=rf"`quantize: {quantize}` needs {package}.*assetgen\[quant\]"):
        drawn(job(in_format(tiny, quantize), seed=1))


def test_multiplying_in_fp8_is_refused_where_the_device_cannot(tiny: ModelCard, job: Make) -> None:
    with pytest.raises(InputError, match=r"`quantize: fp8_dynamic` needs an NVIDIA GPU of compute capability 8\.9"):
        drawn(job(tiny.model_copy(update={"quantize": "fp8_dynamic", "precision": "auto"})))


def test_multiplying_in_fp8_is_refused_with_another_precision_than_bfloat16(tiny: ModelCard) -> None:
    card = {**tiny.model_dump(), "quantize": "fp8_dynamic", "precision": "float16"}
    with pytest.raises(ValueError, match="`precision: float16` must go"):
        ModelCard.model_validate(card)
    assert ModelCard.model_validate({**card, "precision": "auto"}).quantize == "fp8_dynamic"


def test_activations_in_fp8_have_a_scale_for_each_token_so_that_images_of_a_batch_stay_independent() -> None:
    from torchao.quantization import PerRow

    assert torchao_config("fp8_dynamic").granularity == [PerRow(), PerRow()]


NEEDED = MemoryNeeded(
    {
        "transformer": {"none": 12 * GIGA, "int8": 6 * GIGA, "fp8": 6 * GIGA, "nf4": 3 * GIGA},
        "text_encoder": {"none": 8 * GIGA, "int8": 4 * GIGA, "fp8": 4 * GIGA, "nf4": 3 * GIGA},
    },
    workspace=2 * GIGA,
)


@pytest.mark.parametrize(
    ("free", "chosen"),
    [(22, "none"), (21, "int8"), (12, "int8"), (11, "nf4"), (8, "nf4"), (7, "nf4"), (5, "nf4"), (4, "none")],
)
def test_the_most_precise_format_that_fits_is_chosen(free: int, chosen: str) -> None:
    assert choose_quantization(NEEDED, free * GIGA) == chosen


def test_formats_without_their_package_are_not_chosen() -> None:
    assert choose_quantization(NEEDED, 11 * GIGA, ("none", "int8")) == "int8"
    assert choose_quantization(NEEDED, 14 * GIGA, ("none",)) == "none"
