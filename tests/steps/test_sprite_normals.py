"""Normals of sprites from their silhouette and shading."""

import numpy as np
import pytest

from assetgen.images import FloatArray, ImageSet, color_image
from assetgen.steps.sprite_normals import sprite_normals


def disc(radius: int = 20) -> ImageSet:
    y, x = np.mgrid[-radius - 2 : radius + 3, -radius - 2 : radius + 3]
    color = np.full((*x.shape, 4), 128, np.uint8)
    color[..., 3] = 255 * (x**2 + y**2 <= radius**2)
    return color_image(color)


def vectors(images: ImageSet) -> FloatArray:
    return images["normal"].astype(np.float32) / 127.5 - 1


@pytest.mark.parametrize("radius", [6, 20, 60])
def test_a_disc_becomes_a_hemisphere(radius: int) -> None:
    made = vectors(sprite_normals(disc(radius), roundness=1, detail=0))
    y, x = np.mgrid[-radius - 2 : radius + 3, -radius - 2 : radius + 3] / radius
    inside = x**2 + y**2 < 0.7
    assert np.abs(made[inside] - np.stack([x, -y, np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))], 2)[inside]).mean() < 0.06


def test_transparent_pixels_face_the_viewer_and_flat_ones_too() -> None:
    made = sprite_normals(disc(), roundness=0, detail=0)["normal"]
    assert np.abs(made.astype(int) - (128, 128, 255)).max() <= 1
    assert sprite_normals(disc())["normal"][0, 0].tolist() == [128, 128, 255]


def test_green_is_up_or_down() -> None:
    up, down = (vectors(sprite_normals(disc(), normal=convention)) for convention in ("gl", "dx"))
    assert up[6, 22, 1] > 0.5
    assert down[6, 22, 1] == pytest.approx(-up[6, 22, 1], abs=0.02)


def test_a_light_spot_is_a_bump() -> None:
    color = disc()["color"].copy()
    color[19:26, 19:26, :3] = 255
    made = vectors(sprite_normals(color_image(color), roundness=0, detail=1))
    assert made[22, 18, 0] < -0.1 < 0.1 < made[22, 26, 0]


def test_levels_leave_few_directions() -> None:
    made = sprite_normals(disc(), levels=3)["normal"]
    assert len(np.unique(made[..., 0])) <= 7


@pytest.mark.parametrize("alpha", [0, 255])
def test_tiny_full_and_empty_images_have_normals(alpha: int) -> None:
    for size in ((1, 1), (1, 40), (33, 17)):
        made = sprite_normals(color_image(np.full((*size, 4), alpha, np.uint8)))["normal"]
        assert made.shape == (*size, 3)
