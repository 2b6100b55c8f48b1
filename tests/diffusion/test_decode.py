"""Large pictures: decoded through windows, and still without an edge where they wrap."""

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
    """Soft waves that meet themselves at the border."""
    import torch

    down, across = (torch.linspace(0, 2 * torch.pi, length + 1)[:-1] for length in (height, width))
    waves = [(down[:, None] * 2).sin() + across.cos(), (across * 3).sin() * down.cos()[:, None]]
    return torch.stack([*waves, *waves])[None] * 2


@pytest.mark.parametrize("axes", ["", "x", "y", "xy"])
@pytest.mark.parametrize(("height", "width"), [(40, 64), (24, 50), (8, 40)])
def test_windows_give_about_the_same_picture(tiny_of: Find, axes: str, height: int, width: int) -> None:
    """Of noise, which looks the same to the norms of the network in every window."""
    import torch

    card, given = tiny_of("sd3"), torch.randn(1, 4, height, width, generator=torch.Generator().manual_seed(0))
    whole, windows = decoded(card, given, axes), decoded(card, given, axes, max_pixels=0, window=64)
    assert windows.shape == whole.shape == (height * 4, width * 4, 3)
    assert np.abs(whole - windows).mean() < whole.std() / 2  # by pieces in the wrong places it is 1.1


@pytest.mark.parametrize("axes", ["x", "y", "xy"])
def test_a_window_reaches_over_the_border_along_axes_that_wrap(tiny_of: Find, axes: str) -> None:
    """Rolled by whole windows, it gives the same picture, rolled: nothing in it knows where the border was."""
    card, given = tiny_of("sd3"), latent(48, 48)
    for axis, dimension in (("y", 0), ("x", 1)):
        before = decoded(card, given, axes, max_pixels=0, window=64)
        after = decoded(card, given.roll(12, dimension + 2), axes, max_pixels=0, window=64)
        change = np.abs(np.roll(before, 48, dimension) - after).max()
        assert change < 1e-4 if axis in axes else change > 1e-3


def test_the_seam_check_passes_what_was_put_together_from_windows(tiny_of: Find) -> None:
    picture = decoded(tiny_of("sd3"), latent(48, 48), "xy", max_pixels=0, window=64)
    assert max(wrap_ratio(picture, axis) for axis in ("x", "y")) < SEAM_LIMIT


def test_small_pictures_are_decoded_at_once(tiny_of: Find) -> None:
    card, given = tiny_of("sd3"), latent(16, 16)
    assert (decoded(card, given, "xy") == decoded(card, given, "xy", max_pixels=64 * 64)).all()
