"""DWPose with ONNX Runtime and small networks that find a fixed person and the brightest spot of an image.

That proves where points come to lie, how they are drawn, and what comes of mistakes; not how well DWPose sees.
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.controls._detector import load_module
from assetgen.controls._skeleton import skeletons
from assetgen.controls._wholebody import Person
from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.errors import InputError, NotInstalledError
from assetgen.images import Array
from assetgen.parts import InputFile, load_part
from assetgen.pixels.image_files import encode_png

LOOKED_AT = 64  # pixels to a side of what the small finder sees: 84 cells
TALL = (48, 64)  # width and height of what the small estimator sees


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    yield
    unload_models()


def onnx_file(
    place: Path, size: tuple[int, int], nodes: list[Any], outputs: list[str], **constants: Array
) -> InputFile:
    """An ONNX network from nodes whose input is `picture`."""
    from onnx import TensorProto, helper, numpy_helper, save

    entry = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, size[1], size[0]])
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    kept = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "small", [entry], results, kept)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), place)
    return InputFile.model_validate(str(place))


def finder(folder: Path, *boxes: tuple[float, float, float, float]) -> InputFile:
    """A finder that returns people with these centres and sides (pixels of `LOOKED_AT`) for every image."""
    from onnx import helper

    found = np.zeros((1, 84, 6), np.float32)
    for number, (x, y, width, height) in enumerate(boxes):
        cell = np.array([number, 0])  # the first row of the finest grid
        found[0, number] = [*(np.array([x, y]) / 8 - cell), np.log(width / 8), np.log(height / 8), 1, 0.9]
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["grey"], keepdims=0),
        helper.make_node("Mul", ["grey", "nothing"], ["silence"]),
        helper.make_node("Add", ["found", "silence"], ["people"]),
    ]
    size = (LOOKED_AT, LOOKED_AT)
    return onnx_file(folder / "finder.onnx", size, nodes, ["people"], found=found, nothing=np.float32(0).reshape(()))


def brightest(folder: Path, points: int = 133) -> InputFile:
    """An estimator that places all points at the brightest pixel."""
    from onnx import helper

    nodes = [
        helper.make_node("ReduceMax", ["picture"], ["across"], axes=[1, 2], keepdims=0),
        helper.make_node("ReduceMax", ["picture"], ["down"], axes=[1, 3], keepdims=0),
        helper.make_node("Expand", ["across", "columns"], ["simcc_x"]),
        helper.make_node("Expand", ["down", "rows"], ["simcc_y"]),
    ]
    shapes = {name: np.array([1, points, side]) for name, side in zip(("columns", "rows"), TALL, strict=True)}
    return onnx_file(folder / f"estimator{points}.onnx", TALL, nodes, ["simcc_x", "simcc_y"], **shapes)


def spots(folder: Path, *places: tuple[int, int]) -> InputFile:
    """A black image of 1024 × 512 with bright squares."""
    array = np.zeros((512, 1024, 3), np.uint8)
    for x, y in places:
        array[y - 12 : y + 13, x - 12 : x + 13] = 255
    (folder / "spot.png").write_bytes(encode_png(array))
    return InputFile.model_validate(str(folder / "spot.png"))


def middle_of(drawing: Array) -> tuple[float, float]:
    rows, columns = np.nonzero(drawing.max(axis=2))
    return float(columns.mean()), float(rows.mean())


@pytest.mark.parametrize("box", [(), ((24, 20, 20, 20),)])
def test_points_are_mapped_back_to_image_coordinates(tmp_path: Path, box: tuple[Any, ...]) -> None:
    words = {"image": spots(tmp_path, (400, 300)), "weights": brightest(tmp_path), "finder": finder(tmp_path, *box)}
    made = load_part("control", "dwpose").run(**words, size=(1024, 512))["color"]
    assert made.shape == (512, 1024, 3)
    x, y = middle_of(made)
    blur = 1024 / TALL[0] if not box else 20 * 1024 / LOOKED_AT * 1.25 / TALL[0]  # pixels to one that it looks at
    assert (abs(x - 400) < blur + 13, abs(y - 300) < blur + 13) == (True, True)


def test_all_people_are_drawn(tmp_path: Path) -> None:
    words = {"image": spots(tmp_path, (224, 256), (800, 256)), "weights": brightest(tmp_path), "size": (1024, 512)}
    two = finder(tmp_path, (14, 16, 16, 20), (50, 16, 16, 20))
    made = load_part("control", "dwpose").run(**words, finder=two)["color"]
    assert [abs(middle_of(half)[0] - x) < 40 for half, x in ((made[:, :512], 224), (made[:, 512:], 288))] == [True] * 2


def person(seed: int, unsure: int | None = None) -> Person:
    chance = np.random.default_rng(seed)

    def points(count: int) -> Any:
        return np.concatenate([chance.integers(20, 480, (count, 2)), np.ones((count, 1))], axis=1).astype(np.float32)

    body = points(18)
    if unsure is not None:
        body[unsure, 2] = 0.1
    return Person(body, points(68), (points(21), points(21)))


@pytest.mark.parametrize("unsure", [None, 1, 4, 17])
def test_bodies_and_faces_are_drawn_as_controlnet_aux_draws_them(unsure: int | None) -> None:
    everybody, package = [person(1, unsure), person(2)], load_module("dwpose.util")
    places = np.concatenate([each.body[:, :2] for each in everybody]) / 512
    seen = [[18 * row + i if each.body[i, 2] > 0.3 else -1 for i in range(18)] for row, each in enumerate(everybody)]
    theirs = package.draw_bodypose(np.zeros((512, 512, 3), np.uint8), places, np.array(seen))
    assert np.array_equal(skeletons(everybody, (512, 512), hands=False, face=False), theirs)
    theirs = package.draw_facepose(theirs, [each.face[:, :2] / 512 for each in everybody])
    assert np.array_equal(skeletons(everybody, (512, 512), hands=False, face=True), theirs)


def test_hands_are_coloured_lines_without_uncertain_points() -> None:
    one = person(3)
    hidden = Person(one.body * [1, 1, 0], one.face * [1, 1, 0], (one.hands[0], one.hands[1] * [1, 1, 0]))
    made = skeletons([hidden], (512, 512), hands=True, face=True)
    assert {(255, 0, 0), (0, 255, 255), (0, 0, 255)} <= set(map(tuple, made.reshape(-1, 3).tolist()))
    assert skeletons([hidden], (512, 512), hands=False, face=True).max() == 0


def test_no_people_give_a_black_image() -> None:
    assert skeletons([], (64, 32), hands=True, face=True).shape == (32, 64, 3)


def test_another_onnx_network_is_refused(tmp_path: Path) -> None:
    run = partial(load_part("control", "dwpose").run, image=spots(tmp_path, (100, 100)))
    good, other = {"weights": brightest(tmp_path), "finder": finder(tmp_path)}, brightest(tmp_path, points=17)
    with pytest.raises(InputError, match=r"weights of `finder` are not those of YOLOX. Use the file yolox_l.onnx"):
        run(**{**good, "finder": good["weights"]})
    with pytest.raises(InputError, match=r"are not those of DWPose. Use the file dw-ll_ucoco_384.onnx"):
        run(**{**good, "weights": other})
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    with pytest.raises(InputError, match=r"bad.onnx' is damaged or not an ONNX network \(.*\). Download it again"):
        run(**{**good, "weights": InputFile.model_validate(str(tmp_path / "bad.onnx"))})


def test_missing_weights_and_packages_are_reported_with_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    run = partial(load_part("control", "dwpose").run, image=spots(tmp_path, (100, 100)))
    with pytest.raises(NotInstalledError, match=r"lacks 2 downloads on this machine: .* assetgen models get dwpose"):
        run()
    with pytest.raises(NotInstalledError, match=r"yolox_l.onnx' is not in .* run: assetgen models get dwpose"):
        run(weights=brightest(tmp_path))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(NotInstalledError, match=r'ONNX Runtime is not installed. pip install "assetgen\[onnx\]"'):
        run(weights=brightest(tmp_path), finder=finder(tmp_path))


def test_it_runs_on_the_given_device(tmp_path: Path) -> None:
    words = {"weights": brightest(tmp_path), "finder": finder(tmp_path)}
    with pytest.raises(InputError, match="there is no device 'cuda:77' here"):
        load_part("control", "dwpose").run("cuda:77", image=spots(tmp_path, (100, 100)), **words)
