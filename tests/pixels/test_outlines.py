"""Meshes around what an image shows."""

from typing import Any

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assetgen.pixels.outlines import outline_mesh

SIDE = 16
POINT = st.tuples(st.integers(0, SIDE - 1), st.integers(0, SIDE - 1))


def triangles_around(seen: np.ndarray) -> list[np.ndarray]:
    vertices, triangles = outline_mesh(np.repeat(seen[..., None] * np.uint8(255), 4, axis=2))
    assert vertices.min() >= 0 and (vertices <= seen.shape[::-1]).all()
    return [vertices[each].astype(np.float32) for each in triangles]


def area(triangles: list[np.ndarray]) -> float:
    return sum(cv2.contourArea(each) for each in triangles)


def hull_area(seen: np.ndarray) -> float:
    corners = [np.argwhere(seen) + np.array((down, across)) for down in (0, 1) for across in (0, 1)]
    return float(cv2.contourArea(cv2.convexHull(np.concatenate(corners).astype(np.float32))))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(POINT, POINT, st.integers(1, 3)), min_size=1, max_size=6), st.lists(POINT, max_size=6))
def test_triangles_cover_every_visible_pixel_once_and_no_more_than_the_convex_outline(lines: Any, dots: Any) -> None:
    drawn = np.zeros((SIDE, SIDE), np.uint8)
    for start, end, width in lines:
        cv2.line(drawn, start, end, 1, width)
    for x, y in dots:
        drawn[y, x] = 1
    triangles = triangles_around(drawn > 0)
    assert area(triangles) <= hull_area(drawn > 0) + 1e-3
    for number, triangle in enumerate(triangles):
        assert all(cv2.intersectConvexConvex(triangle, other)[0] < 1e-3 for other in triangles[:number])
    for y, x in np.argwhere(drawn):
        pixel = np.array([(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)], np.float32)
        assert abs(sum(cv2.intersectConvexConvex(pixel, each)[0] for each in triangles) - 1) < 1e-2


def test_an_arch_is_outlined_on_its_inside_and_islands_are_apart() -> None:
    seen = np.zeros((128, 128), bool)
    seen[:16, :80] = seen[:, :16] = seen[:, 64:80] = seen[100:, 110:] = True
    assert seen.sum() <= area(triangles_around(seen)) <= 1.3 * seen.sum() < 0.5 * hull_area(seen)


def test_an_image_without_visible_pixels_is_two_triangles() -> None:
    assert (len(found := triangles_around(np.zeros((3, 5), bool))), area(found)) == (2, 15)
