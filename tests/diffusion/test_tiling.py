"""Circular padding: a network that does not know where the border is maps a rolled input to a rolled output."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.latents import decode_latents, encode_images
from assetgen.diffusion.sampling.tiling import circular_padding
from assetgen.events import ignore
from assetgen.pack.schema import ModelCard

pytestmark = pytest.mark.model
AXES = {"y": 2, "x": 3}
NETWORKS = ("unet", "encoder", "decoder", "controlnet")


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    import torch

    with torch.inference_mode():
        yield


def run(card: ModelCard, network: str, axes: str, roll: dict[int, int]) -> Any:
    """The output of a network for noise rolled by latent cells along these axes."""
    import torch

    warm = warm_model(card, (), ["depth"], ignore)
    scale = 4 if network == "encoder" else 1
    dims, cells = tuple(roll), tuple(shift * scale for shift in roll.values())
    noise = torch.randn(1, 3, 8 * scale, 8 * scale, generator=torch.Generator().manual_seed(0)).roll(cells, dims)
    embeds, image = torch.ones(1, 16, 32), noise.repeat_interleave(4, 2).repeat_interleave(4, 3)
    with circular_padding(warm.networks(["depth"]), axes):
        if network == "encoder":
            return warm.pipeline.vae.encode(noise).latent_dist.mode()
        if network == "decoder":
            return warm.pipeline.vae.decode(noise).sample
        if network == "unet":
            return warm.pipeline.unet(noise, 500, embeds).sample
        down, _ = warm.controls["depth"](noise, 500, embeds, controlnet_cond=image, return_dict=False)
        return down[0]


def change(card: ModelCard, network: str, axes: str, axis: str) -> float:
    """How far rolling the input along `axis` is from rolling the output."""
    before, after = (run(card, network, axes, {AXES[axis]: shift}) for shift in (0, 4))
    factor = before.shape[AXES[axis]] // 8
    return float((before.roll(4 * factor, AXES[axis]) - after).abs().max())


def test_a_context_without_axes_inside_another_has_borders_again(tiny: ModelCard) -> None:
    import torch

    vae, image = warm_model(tiny, (), (), ignore).pipeline.vae, torch.linspace(0, 1, 3 * 32 * 32).reshape(1, 3, 32, 32)
    plain = vae.encode(image).latent_dist.mode()
    with circular_padding([vae], "xy"):
        circular = vae.encode(image).latent_dist.mode()
        with circular_padding([vae], ""):
            assert vae.encode(image).latent_dist.mode().equal(plain)
        assert vae.encode(image).latent_dist.mode().equal(circular)
    assert vae.encode(image).latent_dist.mode().equal(plain) and not circular.equal(plain)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("axes", ["x", "y", "xy"])
def test_padding_is_circular_along_the_given_axes_only(tiny: ModelCard, network: str, axes: str) -> None:
    for axis in "xy":
        found = change(tiny, network, axes, axis)
        assert found < 1e-4 if axis in axes else found > 1e-3


@pytest.mark.parametrize("direction", ["encoder", "decoder"])
@pytest.mark.parametrize("axes", ["x", "y", "xy"])
def test_autoencoders_of_videos_pad_circularly_in_space(
    tiny_of: Callable[[str], ModelCard], direction: str, axes: str
) -> None:
    import torch

    pipeline = warm_model(tiny_of("qwen_image"), (), (), ignore).pipeline
    noise = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))

    def code(axis: str, cells: int) -> Any:
        """Of the input rolled by these cells: the output, rolled back."""
        with circular_padding([pipeline.vae], axes):
            if direction == "encoder":
                return encode_images(pipeline, noise.roll(4 * cells, AXES[axis])).roll(-cells, AXES[axis])
            return decode_latents(pipeline.vae, latents.roll(cells, AXES[axis])).roll(-4 * cells, AXES[axis] - 2)

    for axis in "xy":
        change = float((code(axis, 4) - code(axis, 0)).abs().max())
        assert change < 1e-4 if axis in axes else change > 1e-3


@pytest.mark.parametrize("network", NETWORKS)
def test_padding_is_restored_after_an_error(tiny: ModelCard, network: str) -> None:
    before = run(tiny, network, "", {2: 0})
    networks = warm_model(tiny, (), ["depth"], ignore).networks(["depth"])
    with pytest.raises(KeyboardInterrupt), circular_padding(networks, "xy"):
        raise KeyboardInterrupt
    assert (run(tiny, network, "", {2: 0}) == before).all()
