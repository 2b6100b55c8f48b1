"""Depth from meshes, on shapes whose depth is known."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from assetgen.controls.depth import depth
from assetgen.errors import InputError
from assetgen.images import ImageSet
from assetgen.parts import InputFile
from assetgen.pixels.image_files import encode_png

FORMATS = ["glb", "obj", "stl", "ply"]


def saved(mesh: Any, path: Path) -> InputFile:
    mesh.export(path)
    return InputFile.model_validate(str(path))


def given(path: Path, data: bytes) -> InputFile:
    path.write_bytes(data)
    return InputFile.model_validate(str(path))


def grey(images: ImageSet) -> np.ndarray:
    return images["color"][..., 0].astype(int)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_renders_a_ball_brighter_in_the_centre(tmp_path: Path, kind: str) -> None:
    ball = saved(trimesh.creation.icosphere(subdivisions=3), tmp_path / f"ball.{kind}")
    made = grey(depth(mesh=ball, size=(64, 64), elevation=0, ground=False))
    assert made[32, 32] > 240 > made[32, 10] > 0 == made[0, 0]


def test_near_is_white_and_can_be_black(tmp_path: Path) -> None:
    ball = saved(trimesh.creation.icosphere(subdivisions=3), tmp_path / "ball.glb")
    white, black = (depth(mesh=ball, size=(48, 48), near=tone) for tone in ("white", "black"))
    assert np.abs(grey(white) + grey(black) - 255).max() <= 1
    assert (white.meta.depth.polarity, black.meta.depth.polarity) == ("near_white", "near_black")


def test_two_planes_have_the_inverse_distances_of_geometry(tmp_path: Path) -> None:
    near, far = trimesh.creation.box((1, 4, 0.01)), trimesh.creation.box((4, 4, 0.01))
    near.apply_translation((0, 0, 2))
    scene = saved(trimesh.util.concatenate([near, far]), tmp_path / "walls.glb")
    made = depth(mesh=scene, size=(96, 96), azimuth=0, elevation=0, ground=False)
    shown = made.meta.depth
    values = made["depth"][48, [48, 70], 0] / 65535
    inverse = 1 / shown.far + values * (1 / shown.near - 1 / shown.far)
    assert abs(1 / inverse[1] - 1 / inverse[0] - 2) < 0.05


def test_azimuth_turns_to_the_right(tmp_path: Path) -> None:
    body, nose = trimesh.creation.box((1, 1, 1)), trimesh.creation.box((0.2, 0.2, 2))
    nose.apply_translation((0, 0, 1))
    file = saved(trimesh.util.concatenate([body, nose]), tmp_path / "nose.glb")
    turned = grey(depth(mesh=file, size=(64, 64), azimuth=60, elevation=0, ground=False))
    assert turned[28:36, :24].max() > turned[28:36, 44:].max()


def test_the_ground_fades_to_the_horizon_and_can_be_left_out(tmp_path: Path) -> None:
    box = saved(trimesh.creation.box((1, 1, 1)), tmp_path / "box.glb")
    on, off = (grey(depth(mesh=box, size=(64, 64), ground=ground)) for ground in (True, False))
    assert on[62, 2] > on[40, 2] and off[62, 2] == 0


def test_node_transforms_count(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    for x in (-3, 3):
        scene.add_geometry(
            trimesh.creation.box((1, 1, 1)), transform=trimesh.transformations.translation_matrix((x, 0, 0))
        )
    made = grey(depth(mesh=saved(scene, tmp_path / "two.glb"), size=(64, 64), azimuth=0, elevation=0, ground=False))
    assert made[32, 32] == 0 < min(made[32, :32].max(), made[32, 32:].max())


def test_an_orthographic_view_has_no_perspective(tmp_path: Path) -> None:
    box = saved(trimesh.creation.box((1, 1, 4)), tmp_path / "box.glb")
    words: dict[str, Any] = {"mesh": box, "size": (64, 64), "azimuth": 0, "elevation": 0, "ground": False}
    made = grey(depth(projection="orthographic", **words))
    assert len(np.unique(made[made > 0])) == 1


def test_a_ready_depth_image_is_used_as_it_is(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(64, dtype=np.uint8)[None, :, None] * 4, 64, axis=0)
    made = grey(depth(image=given(tmp_path / "d.png", encode_png(ramp)), size=(64, 64)))
    assert np.abs(made - ramp[..., 0]).max() <= 1


def test_an_open_and_crossing_surface_is_drawn(tmp_path: Path) -> None:
    crossing = trimesh.Trimesh(
        [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0]], [[0, 1, 2], [0, 1, 3], [0, 1, 4]]
    )
    assert grey(depth(mesh=saved(crossing, tmp_path / "fan.ply"), size=(32, 32))).max() == 255


def test_the_same_mesh_gives_the_same_pixels(tmp_path: Path) -> None:
    ball = saved(trimesh.creation.torus(1, 0.3), tmp_path / "ring.glb")
    first, second = (depth(mesh=ball, size=(64, 64))["depth"] for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("kind", [*FORMATS, "gltf"])
def test_a_file_that_is_not_a_mesh_is_refused(tmp_path: Path, kind: str) -> None:
    for data in (b"", b"certainly not a mesh", bytes(200)):
        with pytest.raises(InputError) as refused:
            depth(mesh=given(tmp_path / f"bad.{kind}", data), size=(16, 16))
        assert "\n" not in str(refused.value) and f"bad.{kind}" in str(refused.value)


def test_a_truncated_glb_is_refused(tmp_path: Path) -> None:
    trimesh.creation.icosphere().export(tmp_path / "ball.glb")
    data = (tmp_path / "ball.glb").read_bytes()
    for length in (8, 30, len(data) // 2, len(data) - 8):
        with pytest.raises(InputError):
            depth(mesh=given(tmp_path / "cut.glb", data[:length]), size=(16, 16))


def test_an_empty_scene_and_a_point_cloud_are_refused(tmp_path: Path) -> None:
    empty = json.dumps({"asset": {"version": "2.0"}, "scenes": [{"nodes": []}], "scene": 0}).encode()
    points = b"v 0 0 0\nv 1 0 0\n"
    for name, data in (("empty.gltf", empty), ("points.obj", points)):
        with pytest.raises(InputError):
            depth(mesh=given(tmp_path / name, data), size=(16, 16))


def test_nan_vertices_are_refused(tmp_path: Path) -> None:
    triangle = struct.pack("<3f", 0, 0, 1) + struct.pack("<9f", float("nan"), 0, 0, 1, 0, 0, 0, 1, 0) + b"\0\0"
    with pytest.raises(InputError):
        depth(mesh=given(tmp_path / "nan.stl", bytes(80) + struct.pack("<I", 1) + triangle), size=(16, 16))


def test_a_gltf_reads_no_file_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(36))
    (tmp_path / "in").mkdir()
    tree = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}], "buffers": [{"byteLength": 36, "uri": "../secret.bin"}],
    }  # fmt: skip
    with pytest.raises(InputError):
        depth(mesh=given(tmp_path / "in/spy.gltf", json.dumps(tree).encode()), size=(16, 16))


def test_an_unknown_file_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="xyz"):
        depth(mesh=given(tmp_path / "a.xyz", b"0 0 0"), size=(16, 16))


def test_either_mesh_or_image_is_required() -> None:
    with pytest.raises(InputError, match="a mesh or an image"):
        depth()
