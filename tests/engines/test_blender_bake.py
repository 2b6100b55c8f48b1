"""The Blender extension's bake, which needs no Blender: known scenes, seen by exactly known cameras."""

import importlib
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

EXTENSION = Path(__file__).parents[2] / "plugins" / "blender" / "assetgen"
SIDE, PICTURE = 256, 384
Floats = NDArray[Any]
TARGET = np.array([0.0, -0.5, 1.0])
BOXES = (((0, 0, 1), (2, 2, 2)), ((1.6, -1.2, 1.5), (0.8, 0.8, 3)), ((-1.5, -1.8, 0.5), (1, 1, 1)))
CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
QUADS = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])


def part(name: str) -> Any:
    """A module of the bake, without the extension's own start."""
    if "blender_bake" not in sys.modules:
        package = types.ModuleType("blender_bake")
        package.__path__ = [str(EXTENSION)]
        sys.modules["blender_bake"] = package
    return importlib.import_module(f"blender_bake.{name}")


def boxes() -> Any:
    """Three boxes, as faces to unwrap."""
    points = np.concatenate([CORNERS * np.array(size) / 2 + np.array(middle) for middle, size in BOXES])
    quads = np.concatenate([QUADS + 8 * number for number in range(len(BOXES))])
    normals = np.cross(points[quads[:, 2]] - points[quads[:, 0]], points[quads[:, 3]] - points[quads[:, 1]])
    areas = np.linalg.norm(normals, axis=1) / 2
    triangles = (np.arange(len(quads))[:, None] * 4 + np.array([0, 1, 2, 0, 2, 3])).reshape(-1, 3)
    unit = normals / areas[:, None] / 2
    return part("bake.unwrap").Faces(
        points[quads.ravel()], quads.ravel(), np.repeat(np.arange(len(quads)), 4), unit, areas, triangles
    )


def true_color(points: Floats) -> Floats:
    """The colours of the world: smooth, different on each side of an object."""
    found: Floats = 0.5 + 0.4 * np.sin(points * [2, 3, 4] + [0, 1, 2])
    return found


def seen_from(turn: float, triangles: Floats) -> Any:
    """A camera on a circle around the boxes, and its picture; the sky is magenta."""
    eye = TARGET + np.array([9 * np.sin(np.radians(turn)), -9 * np.cos(np.radians(turn)), 2.5])
    ahead = (TARGET - eye) / np.linalg.norm(TARGET - eye)
    right = np.cross(ahead, [0, 0, 1]) / np.linalg.norm(np.cross(ahead, [0, 0, 1]))
    view = np.eye(4)
    view[:3, :3] = right, np.cross(right, ahead), -ahead
    view[:3, 3] = -view[:3, :3] @ eye
    clip = np.array([[2.4, 0, 0, 0], [0, 2.4, 0, 0], [0, 0, -1, -0.2], [0, 0, -1, 0]]) @ view
    at = part("bake.sight").projected(triangles.reshape(-1, 3), clip).reshape(-1, 3, 3)
    texels = part("bake.texels").texels_of(at[..., :2], PICTURE)
    nearness = texels.between(1 / at[..., 2:])[:, 0]
    nearest = np.zeros(PICTURE**2)
    np.maximum.at(nearest, texels.at, nearness)
    front = nearness >= nearest[texels.at] * (1 - 1e-9)
    picture = np.tile(np.array([1.0, 0, 1]), (PICTURE**2, 1))
    points = texels.between(triangles / at[..., 2:])[front] / nearness[front, None]
    picture[texels.at[front]] = true_color(points)
    with np.errstate(divide="ignore"):
        depth = (1 / nearest).reshape(PICTURE, PICTURE)[::-1]
    return part("bake.sight").Sight(depth, clip, eye, ahead, True), picture.reshape(PICTURE, PICTURE, 3)[::-1]


@pytest.fixture(scope="module")
def scene() -> dict[str, Any]:
    """The boxes with their UV map, and what four cameras see."""
    faces = boxes()
    uvs, triangles = part("bake.unwrap").unwrap(faces)[faces.triangles], faces.points[faces.triangles]
    normals = faces.normals[faces.face[faces.triangles]]
    surface = part("bake.painting").Surface(
        uvs=uvs,
        points=triangles,
        normals=normals,
        part=faces.face[faces.triangles[:, 0]] // 6,
        old=np.zeros((SIDE, SIDE, 3), np.float32),
        keeps=np.zeros((SIDE, SIDE), bool),
    )
    texels = part("bake.texels").texels_of(uvs, SIDE)
    truth = np.zeros((SIDE**2, 3))
    truth[texels.at] = true_color(texels.between(triangles))
    views = [seen_from(turn, triangles) for turn in (-35, 40, 145, -140)]
    return {"surface": surface, "truth": truth.reshape(SIDE, SIDE, 3), "views": views}


def quality(found: Floats, truth: Floats) -> float:
    """The peak signal-to-noise ratio in dB."""
    return float(-10 * np.log10(((found - truth) ** 2).mean()))


def test_an_unwrapped_mesh_has_no_overlaps_and_uses_the_square(scene: dict[str, Any]) -> None:
    uvs = scene["surface"].uvs
    assert part("bake.texels").overlap(uvs, 512) < 1e-3 and uvs.min() >= 0 and uvs.max() <= 1
    assert len(part("bake.texels").texels_of(uvs, 512).at) > 0.4 * 512**2


@pytest.mark.parametrize("count", [1, 2, 4])
def test_seen_texels_have_the_true_colours_and_no_sky(scene: dict[str, Any], count: int) -> None:
    painted = part("bake.painting").paint(scene["surface"], scene["views"][:count], SIDE)
    seen, sure = painted.seen, painted.sure
    assert quality(painted.color[sure], scene["truth"][sure]) > 34
    assert quality(painted.color[seen], scene["truth"][seen]) > 25, "beside silhouettes, colours come from nearby"
    assert sure.sum() > 0.7 * seen.sum()
    assert seen.sum() / painted.covered.sum() > (0.25, 0.45, 0.75)[count.bit_length() - 1]
    sky = np.abs(painted.color - [1, 0, 1]).sum(axis=2) < 0.2
    assert sky[painted.covered].mean() < 1e-3


def test_nothing_is_painted_through_a_wall(scene: dict[str, Any]) -> None:
    """What a camera sees agrees with the nearest surface along the ray to it."""
    sight, surface = scene["views"][0][0], scene["surface"]
    texels = part("bake.texels").texels_of(surface.uvs, 64)
    points, normals = texels.between(surface.points), texels.between(surface.normals)
    found = part("bake.sight").weights(points, normals, sight)[0]
    hidden = [index for index in found if _is_hidden(points[index], sight.eye, surface.points)]
    assert len(found) > 300 and len(hidden) < 0.01 * len(found), (len(hidden), len(found))


def _is_hidden(point: Floats, eye: Floats, triangles: Floats) -> bool:
    """Möller and Trumbore (1997): whether a triangle lies between a point and the eye."""
    way, one, other = eye - point, triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    across = np.cross(way, other)
    scale = np.einsum("ij,ij->i", one, across)
    scale = np.where(np.abs(scale) < 1e-12, np.inf, scale)
    start = point - triangles[:, 0]
    u, turned = np.einsum("ij,ij->i", start, across) / scale, np.cross(start, one)
    v, distance = turned @ way / scale, np.einsum("ij,ij->i", other, turned) / scale
    return bool(((u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0.02) & (distance < 1)).any())


def test_a_second_painting_changes_only_what_its_camera_sees(scene: dict[str, Any]) -> None:
    paint, surface = part("bake.painting").paint, scene["surface"]
    first = paint(surface, scene["views"], SIDE)
    again = part("bake.painting").Surface(
        **{**vars(surface), "old": first.color.astype(np.float32), "keeps": first.covered}
    )
    sight, picture = scene["views"][0]
    second = paint(again, [(sight, np.zeros_like(picture))], SIDE)
    kept = first.covered & ~second.seen
    assert np.allclose(second.color[kept], first.color[kept], atol=1e-3)
    assert np.median(second.color[second.seen]) < 0.01, "surfaces seen obliquely are blended"


def test_the_next_picture_starts_from_what_earlier_ones_show(scene: dict[str, Any]) -> None:
    (first, (sight, truth)) = scene["views"][:2]
    picture, missing = part("bake.carrying").carried(sight, [first], (PICTURE, PICTURE))
    assert 0.02 < (~missing).mean() < 0.5
    assert quality(picture[~missing], truth[~missing]) > 32


def test_a_camera_that_sees_nothing_paints_nothing(scene: dict[str, Any]) -> None:
    sight, picture = scene["views"][0]
    blind = part("bake.sight").Sight(np.full_like(sight.depth, np.inf), sight.clip, sight.eye, sight.forward, True)
    painted = part("bake.painting").paint(scene["surface"], [(blind, picture)], SIDE)
    assert not painted.seen.any() and not painted.color.any()


def test_faces_without_area_are_skipped() -> None:
    uvs = np.array([[[0, 0], [1, 0], [1, 1]], [[0.5, 0.5]] * 3, [[0, 0], [np.nan, 0], [1, 1]]], float)
    assert set(part("bake.texels").texels_of(uvs, 32).triangle) == {0}
