"""Large images are decoded in windows, and still tile."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.decode import latents_to_image
from assetgen.events import ignore
from assetgen.images import FloatArray
from assetgen.pack.schema import ModelCard
from assetgen.pixels.seams import SEAM_LIMIT, wrap_ratio

pytestmark = pytest.mark.model
Find = Callable[[str], ModelCard]


def decoded(card: ModelCard, latent: Any, axes: str, **windows: int) -> FloatArray:
    import torch

    with torch.inference_mode():
        found: FloatArray = latents_to_image(
            warm_model(card, (), (), ignore).pipeline.vae, latent, axes, **windows
        ).numpy()
        return found


def latent(height: int, width: int) -> Any:
    """Smooth periodic waves."""
    import torch

    down, across = (torch.linspace(0, 2 * torch.pi, length + 1)[:-1] for length in (height, width))
    waves = [(down[:, None] * 2).sin() + across.cos(), (across * 3).sin() * down.cos()[:, None]]
    return torch.stack([*waves, *waves])[None] * 2


@pytest.mark.parametrize("name", ["sd3", "qwen_image"])
@pytest.mark.parametrize("axes", ["", "x", "y", "xy"])
@pytest.mark.parametrize(("height", "width"), [(40, 64), (24, 50), (8, 40)])
def test_decoding_in_windows_is_near_decoding_at_once(
    tiny_of: Find, name: str, axes: str, height: int, width: int
) -> None:
    """Of noise, whose statistics for the norms are the same in every window."""
    import torch

    card, noise = tiny_of(name), torch.randn(1, 4, height, width, generator=torch.Generator().manual_seed(0))
    whole, windows = decoded(card, noise, axes), decoded(card, noise, axes, max_pixels=0, window=64)
    assert windows.shape == whole.shape == (height * 4, width * 4, 3)
    assert np.abs(whole - windows).mean() < whole.std() / 2  # windows in wrong places give 1.1


@pytest.mark.parametrize("axes", ["x", "y", "xy"])
def test_windows_wrap_around_the_border_along_tiling_axes(tiny_of: Find, axes: str) -> None:
    """Rolling the latents rolls the image."""
    card, latents = tiny_of("sd3"), latent(48, 48)
    for axis, dimension in (("y", 0), ("x", 1)):
        before = decoded(card, latents, axes, max_pixels=0, window=64)
        after = decoded(card, latents.roll(12, dimension + 2), axes, max_pixels=0, window=64)
        change = np.abs(np.roll(before, 48, dimension) - after).max()
        assert change < 1e-4 if axis in axes else change > 1e-3


def test_images_decoded_in_windows_pass_the_seam_check(tiny_of: Find) -> None:
    image = decoded(tiny_of("sd3"), latent(48, 48), "xy", max_pixels=0, window=64)
    assert max(wrap_ratio(image, axis) for axis in ("x", "y")) < SEAM_LIMIT


def test_small_images_are_decoded_at_once(tiny_of: Find) -> None:
    card, latents = tiny_of("sd3"), latent(16, 16)
    assert (decoded(card, latents, "xy") == decoded(card, latents, "xy", max_pixels=64 * 64)).all()
