"""Subjects cut out of plain backgrounds."""

import numpy as np
import pytest

from assetgen.images import Array, picture
from assetgen.steps.cutout import cutout

RED = (200, 30, 30)
BACKGROUNDS = [(255, 255, 255), (0, 0, 0), (128, 128, 128), (255, 0, 255), (0, 177, 64)]


def disc(back: tuple[int, ...], size: int = 96, hole: bool = False) -> tuple[Array, Array]:
    """A red disc with a smooth edge on a plain background, with its true alpha."""
    y, x = np.mgrid[:size, :size] - size / 2 + 0.5
    alpha = np.clip(size * 0.3 - np.hypot(x, y) + 0.5, 0, 1)
    if hole:
        alpha *= np.clip(np.hypot(x, y) - size * 0.12 + 0.5, 0, 1)
    color = np.array(RED) * alpha[..., None] + np.array(back) * (1 - alpha[..., None])
    return np.rint(color).astype(np.uint8), alpha


@pytest.mark.parametrize("back", BACKGROUNDS)
def test_alpha_is_the_true_one_to_a_few_hundredths(back: tuple[int, ...]) -> None:
    image, alpha = disc(back)
    made = cutout(picture(image))["color"]
    assert np.abs(made[..., 3] / 255 - alpha).mean() < 0.01


@pytest.mark.parametrize("back", BACKGROUNDS)
def test_no_background_is_left_in_the_colours_of_the_edge(back: tuple[int, ...]) -> None:
    made = cutout(picture(disc(back)[0]))["color"].astype(int)
    seen = made[..., 3] > 60
    assert np.abs(made[seen][:, :3] - RED).mean() < 12


def test_hard_alpha_has_two_values() -> None:
    assert set(np.unique(cutout(picture(disc((255, 255, 255))[0]), alpha="hard")["color"][..., 3])) == {0, 255}


@pytest.mark.parametrize(("holes", "alpha"), [("open", 0), ("keep", 255)])
def test_holes_are_opened_or_kept(holes: str, alpha: int) -> None:
    made = cutout(picture(disc((255, 0, 255), hole=True)[0]), holes=holes)["color"]  # type: ignore[arg-type]
    assert made[48, 48, 3] == alpha


def test_specks_go() -> None:
    image, _ = disc((255, 255, 255))
    image[4:6, 4:6] = 0
    assert cutout(picture(image))["color"][3:7, 3:7, 3].max() == 0


def test_a_picture_with_alpha_keeps_it() -> None:
    rgba = np.full((16, 16, 4), 255, np.uint8)
    rgba[:8, :, 3] = 77
    assert (cutout(picture(rgba))["color"][..., 3] == rgba[..., 3]).all()


def test_noise_and_a_gradient_are_still_background() -> None:
    image, alpha = disc((220, 220, 220))
    shade = np.linspace(-12, 12, 96)[:, None, None] + np.random.default_rng(0).normal(0, 2, image.shape)
    made = cutout(picture((image + shade).clip(0, 255).astype(np.uint8)))["color"]
    assert np.abs(made[..., 3] / 255 - alpha).mean() < 0.03


def test_matting_agrees_with_the_key() -> None:
    image, alpha = disc((255, 255, 255), 48)
    made = cutout(picture(image), method="matting")["color"]
    assert np.abs(made[..., 3] / 255 - alpha).mean() < 0.02
