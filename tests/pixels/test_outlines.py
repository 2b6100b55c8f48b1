"""Polygons around what an image shows."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assetgen.pixels.outlines import convex_outline


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.sampled_from([0, 1, 255])))
def test_the_polygon_contains_every_visible_pixel_and_leaves_the_image_nowhere(alpha: np.ndarray) -> None:
    outline = convex_outline(np.repeat(alpha[..., None], 4, axis=2))
    assert outline.min() >= 0 and (outline <= (alpha.shape[1], alpha.shape[0])).all()
    assert cv2.isContourConvex(outline)
    for y, x in np.argwhere(alpha):
        corners = [(float(x + across), float(y + down)) for across in (0, 1) for down in (0, 1)]
        assert min(cv2.pointPolygonTest(outline, corner, False) for corner in corners) >= 0


def test_a_diamond_leaves_out_the_corners() -> None:
    y, x = np.mgrid[:40, :40]
    seen = abs(x - 19.5) + abs(y - 19.5) < 20
    outline = convex_outline(np.repeat(seen[..., None] * np.uint8(255), 4, axis=2))
    assert seen.sum() <= cv2.contourArea(outline) <= 1.1 * seen.sum() < 0.6 * seen.size
