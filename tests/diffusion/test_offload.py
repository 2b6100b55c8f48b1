"""Offload placement by the free memory of the device."""

from collections.abc import Callable

import pytest

from assetgen.diffusion.loading.memory import DECODE_BYTES_PER_PIXEL, WORKSPACE_BYTES
from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.speed.offload import choose_placement, offload_layers
from assetgen.events import ignore
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob

XL = {"unet": 5_100_000_000, "text_encoder": 250_000_000, "text_encoder_2": 1_390_000_000, "vae": 170_000_000}
GIGA = 10**9


@pytest.mark.parametrize(
    ("free", "where"), [(80 * GIGA, "device"), (12 * GIGA, "device"), (9 * GIGA, "parts"), (8 * GIGA, "layers")]
)
def test_sdxl_is_offloaded_on_small_devices(free: int, where: str) -> None:
    assert choose_placement(XL, free, 1024 * 1024) == where


def test_control_networks_count_as_weights() -> None:
    assert choose_placement(XL, 12 * GIGA, 1024 * 1024, controls=2_500_000_000) == "parts"


def test_weights_that_fit_to_the_byte_stay() -> None:
    least = WORKSPACE_BYTES + DECODE_BYTES_PER_PIXEL * 512 * 512 + 30
    assert choose_placement({"unet": 20, "vae": 10}, least, 512 * 512) == "device"
    assert choose_placement({"unet": 20, "vae": 10}, least - 1, 512 * 512) == "parts"
    assert choose_placement({"unet": 20, "vae": 10}, least - 11, 512 * 512) == "layers"


@pytest.mark.model
def test_a_model_offloaded_by_layer_draws_the_same(each: ModelCard, job: Callable[..., SourceJob]) -> None:
    """From the CPU's memory to itself, without a stream."""
    [wanted] = sample([job(each)])
    warm = warm_model(each, (), (), ignore)
    offload_layers(warm.pipeline, warm.device)
    [made] = sample([job(each)])
    unload_models()
    assert (made["color"] == wanted["color"]).all()
