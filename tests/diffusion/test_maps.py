"""Maps that Marigold estimates: as diffusers' own pipelines, in windows, and tiling where the image tiles."""

import runpy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.sampling.maps import estimate_maps
from assetgen.errors import InputError, NotInstalledError
from assetgen.images import FloatArray, color_image, to_float
from assetgen.pack.library import library_for
from assetgen.pack.schema import ModelCard
from assetgen.pixels.color import linear_from_srgb
from assetgen.pixels.seams import wrap_ratio
from assetgen.steps.delight import delight
from assetgen.steps.pbr_maps import pbr_maps

torch = pytest.importorskip("torch", reason="sampling is not installed: pip install -e .[gen]")
MODELS = runpy.run_path(str(Path(__file__).with_name("tiny_models.py")))
KINDS = ("depth", "normals", "appearance", "lighting")
Estimate = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("marigold")
    for kind in KINDS:
        torch.manual_seed(0)
        pipeline = MODELS["marigold"](kind)
        pipeline.save_pretrained(found / kind)
        pipeline.unet.conv_in.weight.data[:, 3:] = 0  # sees the image and not the noise
        pipeline.unet.conv_out.weight.data *= 0.1
        pipeline.scheduler.register_to_config(prediction_type="sample")
        pipeline.save_pretrained(found / f"{kind}_steady")
    return found


@pytest.fixture(scope="module")
def card(folder: Path) -> Callable[[str], ModelCard]:
    def named(name: str) -> ModelCard:
        kind = name.removesuffix("_steady")
        family = f"marigold_{kind if kind in ('depth', 'normals') else 'intrinsics'}"
        weights = {"folder": folder / name}
        facts: dict[str, Any] = {"model": name, "family": family, "weights": weights, "licence": "none"}
        return ModelCard(native=(64, 64), precision="float32", **facts)

    return named


def picture(height: int = 64, width: int = 64) -> FloatArray:
    """Soft random blobs that wrap, in colour."""
    noise = np.random.default_rng(0).normal(size=(height, width, 3))
    far = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.fftfreq(width) ** 2
    blobs = np.fft.ifft2(np.fft.fft2(noise, axes=(0, 1)) * np.exp(-400 * far)[..., None], axes=(0, 1)).real
    return np.asarray(np.clip(0.5 + 0.2 * blobs / blobs.std(), 0, 1), np.float32)


def predicted(folder: Path, kind: str, image: FloatArray) -> FloatArray:
    """What diffusers' own pipeline predicts, `T×H×W×C`."""
    found = MODELS["marigold"](kind).from_pretrained(folder / kind)
    return np.asarray(found(image, generator=torch.Generator().manual_seed(0)).prediction)


def test_one_window_of_normals_is_what_diffusers_predicts(folder: Path, card: Any) -> None:
    image = picture()[:, :48]
    made = estimate_maps(card("normals"), image, "", "cpu")["normal"]
    np.testing.assert_allclose(made, predicted(folder, "normals", image)[0], atol=1 / 255)
    np.testing.assert_allclose(np.linalg.norm(made, axis=2), 1, atol=1e-4)


def test_one_window_of_height_is_diffusers_depth_without_its_tilt(folder: Path, card: Any) -> None:
    made = estimate_maps(card("depth"), picture(), "", "cpu")["height"]
    depth = predicted(folder, "depth", picture())[0]
    away = np.stack([np.ones((64, 64)), *np.mgrid[:64, :64]], axis=2).reshape(-1, 3)
    plane = (away @ np.linalg.lstsq(away, depth.reshape(-1, 1), rcond=None)[0]).reshape(64, 64, 1)
    np.testing.assert_allclose(made - made.mean(), plane - depth, atol=1 / 255)


def test_one_window_of_a_decomposition_has_diffusers_targets_by_name(folder: Path, card: Any) -> None:
    made = estimate_maps(card("appearance"), picture(), "", "cpu")
    albedo, material = predicted(folder, "appearance", picture())
    np.testing.assert_allclose(made["albedo"], albedo, atol=1 / 255)
    np.testing.assert_allclose(
        np.concatenate([made["roughness"], made["metallic"]], 2), material[..., :2], atol=1 / 255
    )
    assert made.keys() == {"albedo", "roughness", "metallic"}


def test_a_linear_albedo_is_encoded_as_srgb(folder: Path, card: Any) -> None:
    made = estimate_maps(card("lighting"), picture(), "", "cpu")
    visible = MODELS["marigold"]("lighting").image_processor.visualize_intrinsics
    properties = MODELS["marigold"]("lighting").target_properties
    shown = visible(predicted(folder, "lighting", picture()), properties)[0]["albedo"]
    np.testing.assert_allclose(made["albedo"], np.asarray(shown) / 255, atol=0.04)  # it encodes with gamma 2.2


@pytest.mark.parametrize("kind", KINDS)
def test_a_tile_rolled_by_half_gives_the_rolled_maps(card: Any, kind: str) -> None:
    rolled = partial(np.roll, shift=(48, 64), axis=(0, 1))
    maps = estimate_maps(card(kind), picture(96, 128), "xy", "cpu")
    again = estimate_maps(card(kind), rolled(picture(96, 128)), "xy", "cpu")
    for name in maps:
        np.testing.assert_allclose(again[name], rolled(maps[name]), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_maps_of_a_tile_have_no_seam(card: Any, kind: str) -> None:
    for name, found in estimate_maps(card(f"{kind}_steady"), picture(), "xy", "cpu").items():
        shown = color_image(np.clip(np.broadcast_to(found / 2 + 0.5, (64, 64, 3)), 0, 1).astype(np.float32))
        assert max(wrap_ratio(shown["color"], axis) for axis in "xy") < 1.5, name


def test_windows_without_tiling_cover_every_pixel_once_weighted(card: Any) -> None:
    made = estimate_maps(card("appearance"), picture(100, 180), "", "cpu")
    assert {found.shape[:2] for found in made.values()} == {(100, 180)}
    assert all(np.isfinite(found).all() for found in made.values())


def test_maps_do_not_depend_on_what_was_estimated_before(card: Any) -> None:
    first = estimate_maps(card("normals"), picture(), "", "cpu")["normal"]
    estimate_maps(card("normals"), picture(80, 32), "x", "cpu")
    np.testing.assert_array_equal(estimate_maps(card("normals"), picture(), "", "cpu")["normal"], first)


def test_a_model_that_draws_images_is_refused(card: Any) -> None:
    with pytest.raises(InputError, match=r"'mini' estimates no maps.*marigold_depth"):
        estimate_maps(library_for().card("mini"), picture(), "", "cpu")


def test_weights_of_another_estimator_are_refused(folder: Path, card: Any) -> None:
    wrong = card("normals").model_copy(update={"weights": card("depth").weights})
    with pytest.raises(InputError, match="family 'marigold_depth' and not 'marigold_normals'"):
        estimate_maps(wrong, picture(), "", "cpu")


def test_missing_weights_name_the_command_that_downloads_them() -> None:
    with pytest.raises(NotInstalledError, match="assetgen models get marigold_normals"):
        estimate_maps(library_for().card("marigold_normals"), picture(), "", "cpu")


def test_images_smaller_than_a_patch_are_refused(card: Any) -> None:
    with pytest.raises(InputError, match="16 × 16 pixels, not 64 × 8"):
        estimate_maps(card("normals"), picture(8, 64), "", "cpu")


def test_pbr_maps_takes_each_map_of_a_model_with_the_requested_green(card: Any) -> None:
    image, models = color_image((picture() * 255).astype(np.uint8), tiles="xy"), (card("normals"), card("appearance"))
    up, down = (pbr_maps(image, "cpu", models=models, normal=green) for green in ("gl", "dx"))
    maps = {name: to_float(array) for name, array in up.channels.items()}
    known = estimate_maps(card("appearance"), to_float(image["color"]), "xy", "cpu")
    np.testing.assert_allclose(maps["roughness"], known["roughness"], atol=1 / 255)
    np.testing.assert_allclose(maps["orm"][..., 2:], known["metallic"], atol=1 / 255)
    np.testing.assert_allclose(np.linalg.norm(maps["normal"] * 2 - 1, axis=2), 1, atol=0.02)
    np.testing.assert_allclose(to_float(down["normal"])[..., 1], 1 - maps["normal"][..., 1], atol=1 / 255)


def test_delight_takes_the_albedo_of_a_model_at_the_brightness_of_the_image(card: Any) -> None:
    image = color_image((picture() * 255).astype(np.uint8), tiles="xy")
    made = linear_from_srgb(to_float(delight(image, "cpu", model=card("appearance"))["color"]))
    albedo = linear_from_srgb(estimate_maps(card("appearance"), to_float(image["color"]), "xy", "cpu")["albedo"])
    before = linear_from_srgb(to_float(image["color"]))
    assert np.corrcoef(made.ravel(), albedo.ravel())[0, 1] > 0.99
    assert made.mean() == pytest.approx(before.mean(), rel=0.1)


def test_delight_refuses_a_model_without_albedo(card: Any) -> None:
    with pytest.raises(InputError, match="model 'normals' estimates normal, and not the colour without shading"):
        delight(color_image((picture() * 255).astype(np.uint8)), "cpu", model=card("normals"))
