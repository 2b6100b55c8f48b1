import numpy as np
import pytest

from assetgen.checks.seam import seam
from assetgen.images import color_image
from assetgen.parts import load_part
from assetgen.steps._surface import height_of_slopes, normals_of_slopes, slopes_of_height, slopes_of_normals
from assetgen.steps.pbr_maps import pbr_maps


def bump(size=64):
    """A bright dome in the middle of a grey field."""
    y, x = np.mgrid[:size, :size] - size / 2 + 0.5
    dome = 60 + 160 * np.exp(-(x**2 + y**2) / (size / 8) ** 2)
    return np.repeat(dome[..., None], 3, 2).astype(np.uint8)


def tile(size=64):
    """Random soft blobs that wrap, with grain."""
    rng = np.random.default_rng(0)
    spectrum = np.fft.fft2(rng.normal(size=(size, size))) / (
        1 + np.hypot(*np.meshgrid(*[np.fft.fftfreq(size) * 60] * 2))
    )
    field = np.fft.ifft2(spectrum).real
    return np.repeat((128 + 35 * field / field.std())[..., None], 3, 2).clip(0, 255).astype(np.uint8)


def vectors(normal):
    return normal.astype(float) / 255 * 2 - 1


def test_every_map_is_there_with_its_type():
    maps = pbr_maps(color_image(tile()))
    assert {name: (array.dtype.name, array.shape[2]) for name, array in maps.channels.items()} == {
        "color": ("uint8", 3),
        "height": ("uint16", 1),
        "normal": ("uint8", 3),
        "roughness": ("uint8", 1),
        "ao": ("uint8", 1),
        "metallic": ("uint8", 1),
        "orm": ("uint8", 3),
    }


def test_orm_holds_the_other_maps():
    maps = pbr_maps(color_image(tile()), metallic=0.4)
    np.testing.assert_array_equal(maps["orm"], np.dstack([maps["ao"], maps["roughness"], maps["metallic"]]))
    assert (maps["metallic"] == 102).all()


def test_normals_have_unit_length_and_point_outwards_on_average():
    normal = vectors(pbr_maps(color_image(tile(), tiles="xy"))["normal"])
    np.testing.assert_allclose(np.linalg.norm(normal, axis=2), 1, atol=0.01)
    np.testing.assert_allclose(normal.mean((0, 1))[:2], 0, atol=0.02)
    assert normal[..., 2].mean() > 0.7


def test_a_dome_is_high_and_its_upper_side_points_up_in_opengl():
    maps = pbr_maps(color_image(bump()))
    upper, left = vectors(maps["normal"])[26, 32], vectors(maps["normal"])[32, 26]
    assert maps["height"][32, 32, 0] > maps["height"][32, 20, 0]
    assert upper[1] > 0.1 and left[0] < -0.1


def test_directx_inverts_only_green():
    gl, dx = (pbr_maps(color_image(bump()), normal=kind)["normal"].astype(int) for kind in ("gl", "dx"))
    np.testing.assert_array_equal(gl[..., [0, 2]], dx[..., [0, 2]])
    assert np.abs(gl[..., 1] + dx[..., 1] - 255).max() <= 1


def test_an_inverted_dome_is_an_occluded_hollow():
    maps = pbr_maps(color_image(bump()), invert=True)
    assert maps["ao"][32, 32, 0] < maps["ao"][32, 4, 0] - 20
    assert maps["height"][32, 32, 0] < maps["height"][32, 4, 0]


def test_strength_zero_is_flat():
    maps = pbr_maps(color_image(tile()), strength=0)
    assert np.ptp(maps["normal"], axis=(0, 1)).max() == 0
    assert (maps["ao"] == 255).all()


def test_maps_of_a_tiling_image_tile_at_any_offset():
    whole = pbr_maps(color_image(tile(), tiles="xy"))
    rolled = pbr_maps(color_image(np.roll(tile(), (20, 9), (0, 1)), tiles="xy"))
    for name, array in whole.channels.items():
        top = np.iinfo(array.dtype).max
        assert np.abs(np.roll(array, (20, 9), (0, 1)) / top - rolled[name] / top).max() < 0.01
    assert seam(whole).passed


def test_a_lighting_gradient_is_removed_from_colour_and_relief():
    light = np.linspace(60, 190, 96)[None, :, None] + np.zeros((96, 1, 3))
    maps = pbr_maps(color_image(light.astype(np.uint8)), delight=1)
    assert np.ptp(maps["color"][48].astype(int)) < 0.3 * 130
    assert vectors(maps["normal"])[48, 20:76, 2].min() > 0.98


def test_without_delight_the_colour_is_untouched():
    color = np.dstack([tile(), np.full((64, 64, 1), 90, np.uint8)])
    np.testing.assert_array_equal(pbr_maps(color_image(color), delight=0)["color"], color)
    np.testing.assert_array_equal(pbr_maps(color_image(color))["color"][..., 3], color[..., 3])


def test_transparent_colours_add_no_relief():
    color = np.full((32, 32, 4), 128, np.uint8)
    color[..., 3] = 255
    color[8:24, 8:24] = [255, 255, 255, 0]
    assert np.abs(vectors(pbr_maps(color_image(color))["normal"])[..., :2]).max() < 0.05


@pytest.mark.parametrize("shape", [(1, 1), (2, 31), (17, 16)])
def test_flat_and_tiny_images_give_flat_maps(shape):
    maps = pbr_maps(color_image(np.full((*shape, 3), 99, np.uint8), tiles="x"))
    assert (maps["normal"] == [128, 128, 255]).all()
    assert abs(int(maps["roughness"].mean()) - 191) <= 1


def test_an_unknown_normal_convention_is_refused():
    with pytest.raises(ValueError, match="normal"):
        load_part("step", "pbr_maps").params(normal="opengl")


def test_light_joints_are_low_and_light_spots_are_high():
    bricks = np.full((96, 96, 3), 90, np.uint8)
    bricks[::16], bricks[:, ::24] = 200, 200
    joints = pbr_maps(color_image(bricks, tiles="xy"))["height"][..., 0]
    assert joints[32, 36] < joints[40, 36]
    assert pbr_maps(color_image(bricks, tiles="xy"), invert=False)["height"][32, 36, 0] > joints[32, 36]
    dome = pbr_maps(color_image(bump()))["height"][..., 0]
    assert dome[32, 32] > dome[32, 8]


def test_a_surface_is_found_from_its_slopes():
    height = 20 * tile()[..., 0].astype(np.float32) / 255
    for tiles in ("xy", ""):
        vectors = normals_of_slopes(slopes_of_height(height, tiles))
        found = height_of_slopes(slopes_of_normals(vectors), tiles)
        assert np.corrcoef(found.ravel(), height.ravel())[0, 1] > 0.9
