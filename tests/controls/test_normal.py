"""Normals of meshes, in the colours of NormalBae: red is left, green is up, blue is towards the camera."""

import contextvars
from pathlib import Path

import numpy as np
import pytest
import trimesh

from assetgen.controls._smooth import corner_normals
from assetgen.controls.normal import normal
from assetgen.errors import Cancelled, InputError, is_cancelled
from assetgen.images import Array
from assetgen.parts import InputFile

FRONT = {"azimuth": 0.0, "elevation": 0.0, "ground": False}
TOLERANCE = 6  # of 255


def saved(mesh: trimesh.Trimesh, place: Path) -> InputFile:
    mesh.export(place)
    return InputFile.model_validate(str(place))


@pytest.fixture
def ball(tmp_path: Path) -> InputFile:
    return saved(trimesh.creation.icosphere(subdivisions=3), tmp_path / "ball.glb")


def seen(file: InputFile, **words: object) -> Array:
    return normal(mesh=file, size=(128, 128), **{**FRONT, **words})["color"]  # type: ignore[arg-type]


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_a_ball_is_red_at_its_left_green_at_its_top_and_blue_in_front(ball: InputFile, projection: str) -> None:
    made = seen(ball, projection=projection).astype(int)
    left, right, top, bottom, middle = made[64, 20], made[64, 108], made[20, 64], made[108, 64], made[64, 64]
    assert left[0] > 190 and right[0] < 65 and abs(left[1] - 128) < TOLERANCE
    assert top[1] > 190 and bottom[1] < 65 and abs(top[0] - 128) < TOLERANCE
    assert middle == pytest.approx([128, 128, 255], abs=TOLERANCE)


def test_colours_are_unit_vectors_and_the_sky_faces_the_camera(ball: InputFile) -> None:
    vectors = seen(ball).astype(float) / 127.5 - 1
    assert np.linalg.norm(vectors, axis=2) == pytest.approx(1, abs=0.02)
    assert vectors[2, 2] == pytest.approx([0, 0, 1], abs=0.01)


def test_normals_match_those_of_an_analytic_ball(ball: InputFile) -> None:
    made = seen(ball, projection="orthographic").astype(float) / 127.5 - 1
    drawn = np.argwhere(np.abs(made - [0, 0, 1]).max(axis=2) > 0.02)
    radius = (np.ptp(drawn[:, 1]) + 1) / 2
    down, across = (np.mgrid[:128, :128] + 0.5 - 64) / radius
    inside = across**2 + down**2 < 0.8
    expected = np.stack([-across, -down, np.sqrt(np.maximum(0, 1 - across**2 - down**2))], axis=2)
    assert np.abs(made - expected)[inside].max() < 0.06


def test_a_box_keeps_its_edges_and_the_ground_faces_up(tmp_path: Path) -> None:
    box = saved(trimesh.creation.box((1, 1, 1)), tmp_path / "box.glb")
    made = seen(box, azimuth=35.0, elevation=20.0)
    assert len(np.unique(made.reshape(-1, 3), axis=0)) == 4  # three faces and the sky
    ground = seen(box, azimuth=35.0, elevation=20.0, ground=True)
    assert ground[120, 5].tolist() == made[made[..., 1].argmax() // 128, made[..., 1].argmax() % 128].tolist()


def test_the_winding_of_faces_does_not_matter(ball: InputFile, tmp_path: Path) -> None:
    inverted = trimesh.creation.icosphere(subdivisions=3)
    inverted.invert()
    difference = seen(ball).astype(int) - seen(saved(inverted, tmp_path / "inverted.glb"))
    assert np.abs(difference).max() <= 1


def test_a_mesh_out_of_view_is_reported(tmp_path: Path) -> None:
    apart = [trimesh.creation.icosphere(radius=0.1).apply_translation([side, 0, 0]) for side in (-1, 1)]
    pair = saved(trimesh.util.concatenate(apart), tmp_path / "pair.glb")
    with pytest.raises(InputError, match=r"pair.glb: no part of the mesh is in view"):
        seen(pair, zoom=20.0)


def test_the_side_of_a_cylinder_is_smooth_up_to_its_rim(tmp_path: Path) -> None:
    upright = trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0])
    made = seen(saved(trimesh.creation.cylinder(0.4, 1.4, sections=32, transform=upright), tmp_path / "c.glb"))
    across = made[64, 45:84, 0].astype(int)
    assert len(np.unique(across)) > 30
    assert np.diff(across).max() <= 0


def test_triangles_without_an_area_have_no_normal() -> None:
    flat = np.zeros((1, 3, 3))
    real = np.array([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
    made = corner_normals(np.concatenate([flat, real]))
    assert np.isfinite(made).all()
    assert made[1].tolist() == [[0, 0, 1]] * 3


def test_smoothing_normals_can_be_cancelled() -> None:
    context = contextvars.copy_context()
    context.run(is_cancelled.set, lambda: True)
    with pytest.raises(Cancelled):
        context.run(corner_normals, np.eye(3)[None])
