"""`cutout` with small ONNX networks that take red for the object.

That proves what goes into a network and what is made of its mask; not how well a published network finds objects.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.families import get_family
from assetgen.errors import InputError, NotInstalledError
from assetgen.images import Array, ImageSet, color_image
from assetgen.pack.library import library_for
from assetgen.pack.project import Project
from assetgen.pack.recipe import Stage
from assetgen.pack.schema import ModelCard
from assetgen.parts import load_part
from assetgen.steps._matte import fused_colors
from assetgen.steps.cutout import cutout

RED_MEAN, RED_DEVIATION = 0.485, 0.229  # of ImageNet


def card(file: Path, family: str = "birefnet") -> ModelCard:
    return ModelCard.model_validate(
        {"model": file.stem, "family": family, "weights": {"file": file}, "licence": "MIT", "native": [48, 48]}
    )


def network(
    place: Path, slope: float = 1.0, offset: float = 0.0, *, sides: Any = (32, 32), kind: str = "FLOAT"
) -> ModelCard:
    """A network whose mask is `slope · red + offset`, where red is the first channel of its normalized input."""
    from onnx import TensorProto, helper, numpy_helper

    sample = np.dtype(np.float16 if kind == "FLOAT16" else np.float32)
    values = {"first": [0], "next": [1], "axis": [1]}
    constants = [numpy_helper.from_array(np.array(each, np.int64), name) for name, each in values.items()]
    constants += [numpy_helper.from_array(np.array(each, sample), name) for name, each in (("k", slope), ("b", offset))]
    nodes = [
        helper.make_node("Slice", ["image", "first", "next", "axis"], ["red"]),
        helper.make_node("Mul", ["red", "k"], ["scaled"]),
        helper.make_node("Add", ["scaled", "b"], ["mask"]),
    ]
    return saved(place, nodes, constants, [1, 3, *sides], getattr(TensorProto, kind))


def saved(place: Path, nodes: Any, constants: Any, shape: Any, kind: int = 1) -> ModelCard:
    from onnx import helper, save

    entry = helper.make_tensor_value_info("image", kind, shape)
    graph = helper.make_graph(nodes, "small", [entry], [helper.make_tensor_value_info("mask", kind, None)], constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), place)
    return card(place)


def probabilities(place: Path, **options: Any) -> ModelCard:
    """A network that returns the red channel as it is, in 0..1."""
    return network(place / "probabilities.onnx", RED_DEVIATION, RED_MEAN, **options)


def disc(size: int = 64, radius: float = 20.0) -> Array:
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.clip(radius - np.hypot(y, x) + 0.5, 0, 1)[..., None]


def busy(size: int = 64) -> Array:
    """A background of blue and green tiles without red, which no key removes."""
    rows, columns = np.mgrid[:size, :size] // 8
    return np.stack([np.zeros((size, size)), (rows + columns) % 2, rows % 2], axis=2)


def on(background: Array, cover: Array) -> ImageSet:
    front = np.array([1.0, 0.1, 0.1])
    return color_image(np.rint(255 * (cover * front + (1 - cover) * background)).astype(np.uint8))


def test_an_object_on_a_busy_background_is_found(tmp_path: Path) -> None:
    images = on(busy(), disc())
    assert cutout(images)["color"][..., 3].mean() > 200  # by the key: opaque, or nearly so
    after = cutout(images, "cpu", network=probabilities(tmp_path))
    assert np.abs(after["color"][..., 3:] / 255 - disc()).mean() < 0.02
    assert after.meta.background is None


def test_the_background_is_removed_from_the_colours_of_the_edge(tmp_path: Path) -> None:
    after = cutout(on(busy(), disc()), "cpu", network=probabilities(tmp_path, sides=(64, 64)))["color"]
    soft = (after[..., 3] > 100) & (after[..., 3] < 250)
    assert soft.any() and after[soft][:, 1:3].mean() < 40  # of the pixels, up to 255 is mixed in


def test_logits_become_a_mask(tmp_path: Path) -> None:
    steep = network(tmp_path / "logits.onnx", 40 * RED_DEVIATION, 40 * (RED_MEAN - 0.5))
    after = cutout(on(busy(), disc()), "cpu", network=steep)["color"]
    assert np.abs(after[..., 3:] / 255 - disc()).mean() < 0.02


@pytest.mark.parametrize(("family", "mean", "deviation"), [("isnet", 0.5, 1.0), ("isnet_anime", RED_MEAN, 1.0)])
def test_other_families_expect_another_input(tmp_path: Path, family: str, mean: float, deviation: float) -> None:
    network(tmp_path / "red.onnx", deviation, mean)
    after = cutout(on(busy(), disc()), "cpu", network=card(tmp_path / "red.onnx", family))["color"]
    assert np.abs(after[..., 3:] / 255 - disc()).mean() < 0.02


@pytest.mark.parametrize("options", [{"sides": ("height", "width")}, {"kind": "FLOAT16"}])
def test_networks_of_any_size_and_of_16_bits_run(tmp_path: Path, options: dict[str, Any]) -> None:
    after = cutout(on(busy(), disc()), "cpu", network=probabilities(tmp_path, **options))["color"]
    assert np.abs(after[..., 3:] / 255 - disc()).mean() < 0.02


def test_the_key_decides_where_the_network_finds_nothing(tmp_path: Path) -> None:
    nothing = network(tmp_path / "nothing.onnx", 0.0, 0.1)
    images = on(np.ones((64, 64, 3)), disc())
    np.testing.assert_array_equal(cutout(images, "cpu", network=nothing)["color"], cutout(images)["color"])


def test_bad_alpha_of_a_model_is_replaced_by_the_network(tmp_path: Path) -> None:
    color = on(busy(), disc())["color"]
    scattered = np.where((np.indices((64, 64)) % 3 == 0).all(0)[..., None], 255, 0).astype(np.uint8)
    sampled = color_image(np.concatenate([color, scattered], axis=2), native_alpha=True)
    rescued = cutout(sampled, "cpu", network=network(tmp_path / "all.onnx", 0.0, 0.9))
    np.testing.assert_array_equal(rescued["color"], cutout(sampled)["color"])  # a mask of everything does not pass


def test_hard_alpha_is_all_or_nothing(tmp_path: Path) -> None:
    after = cutout(on(busy(), disc()), "cpu", alpha="hard", network=probabilities(tmp_path))["color"]
    assert set(np.unique(after[..., 3])) == {0, 255}


@pytest.mark.parametrize("size", [1, 2, 300])
def test_images_of_any_size_are_cut(tmp_path: Path, size: int) -> None:
    after = cutout(on(busy(size), disc(size, size / 3)), "cpu", network=probabilities(tmp_path))
    assert after.size == (size, size)


def test_colours_of_opaque_pixels_stay() -> None:
    rgb = np.random.default_rng(0).random((16, 16, 3), np.float32)
    cover = np.zeros((16, 16), np.float32)
    cover[4:12, 4:12] = 1
    np.testing.assert_array_equal(fused_colors(rgb, cover)[4:12, 4:12], rgb[4:12, 4:12])


def refused(network: ModelCard, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        cutout(on(busy(), disc()), "cpu", network=network)


def test_files_that_are_no_networks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no network")
    refused(card(tmp_path / "text.onnx"), r"text.onnx' is damaged or not an ONNX network \(.*\). Download it again")
    (tmp_path / "empty.onnx").touch()
    refused(card(tmp_path / "empty.onnx"), r"empty.onnx' is empty. Download it again")
    refused(card(tmp_path / "none.onnx"), r"there is no model at '.*none.onnx'")
    refused(card(tmp_path / "text.onnx", "sdxl"), r"'text' finds no objects: its family is 'sdxl'. Use a model")


def test_networks_of_another_kind_are_refused(tmp_path: Path) -> None:
    from onnx import helper

    mean = [helper.make_node("ReduceMean", ["image"], ["mask"], axes=[2, 3], keepdims=0)]
    refused(saved(tmp_path / "mean.onnx", mean, [], [1, 3, 32, 32]), r"no mask, but an array of 1 × 3")
    same = [helper.make_node("Identity", ["image"], ["mask"])]
    refused(saved(tmp_path / "grey.onnx", same, [], [1, 1, 32, 32]), r"take an RGB image of 32 × 32 \(")
    refused(saved(tmp_path / "flat.onnx", same, [], [3, 32]), r"does not take one image")
    root = [helper.make_node("Sqrt", ["image"], ["mask"])]
    refused(saved(tmp_path / "nan.onnx", root, [], [1, 3, 32, 32]), r"returns no mask")


def test_weights_in_other_files_are_not_read(tmp_path: Path) -> None:
    import onnx

    probabilities(tmp_path)
    model = onnx.load(tmp_path / "probabilities.onnx")
    onnx.save(model, tmp_path / "split.onnx", save_as_external_data=True, location="secret.bin", size_threshold=0)
    refused(card(tmp_path / "split.onnx"), r"keeps its weights in another file, which is not read")


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "huge.onnx").open("wb") as stream:
        stream.truncate(2_000_000_001)  # without content, so that the disk does not fill
    refused(card(tmp_path / "huge.onnx"), r"larger than 2 GB")


def test_missing_weights_are_reported_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(NotInstalledError, match=r"run: assetgen models get birefnet_lite"):
        cutout(on(busy(), disc()), "cpu", network=library_for(None).card("birefnet_lite"))


def test_assets_without_a_network_keep_their_keys(tmp_path: Path) -> None:
    params = load_part("step", "cutout").params
    identity = Stage("step", "cutout", "cutout", 1, dict(params())).identity
    assert identity == {"part": "step/cutout@1", "words": {"alpha": "soft", "method": "key"}}
    with_network = Stage("step", "cutout", "cutout", 1, dict(params(network=probabilities(tmp_path)))).identity
    assert "network" in with_network["words"]  # type: ignore[operator]


def test_a_mask_network_draws_no_images() -> None:
    with pytest.raises(InputError, match=r"find the object of an image, and draw none. Use it in a step, like cutout"):
        get_family("birefnet")


PACK = """
pack: p
assets: {a: {preset: item_icon, prompt: a ring, cutout: {network: reds}}}
"""


def test_a_build_records_the_licence_of_the_network(tmp_path: Path) -> None:
    probabilities(tmp_path)
    (tmp_path / "models").mkdir()
    text = "{model: reds, family: u2net, weights: {file: ../probabilities.onnx}, licence: Apache-2.0, native: [64, 64]}"
    (tmp_path / "models/reds.yaml").write_text(text)
    (tmp_path / "pack.yaml").write_text(PACK)
    (recipe,) = Project.load(tmp_path).plan().recipes
    assert recipe.facts.licences["reds"] == "Apache-2.0"
