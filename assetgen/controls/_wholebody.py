"""Find people, their joints, fingers and faces with the two networks of DWPose.

The first network, YOLOX (Ge and others, 2021), finds people. The second receives each person alone and returns, for
every point, a score for each column and each row (SimCC; Li and others, 2022).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assetgen.errors import InputError
from assetgen.images import FloatArray

_Network = Callable[[FloatArray], Sequence[FloatArray]]
"""Images `B×3×H×W` to output arrays."""
_STRIDES = (8, 16, 32)  # pixels per cell of the three grids of YOLOX
_BACKGROUND = 114  # grey of the padding in training
_PERSON = 5  # column of the class "person", after the box (4) and its score (1)
_SURE, _OVERLAP = 0.3, 0.45  # score threshold and overlap (IoU) threshold of DWPose's authors
_ROOM = 1.25  # enlargement of a box, as in training
_MEAN = np.array((123.675, 116.28, 103.53), np.float32)  # of ImageNet
_DEVIATION = np.array((58.395, 57.12, 57.375), np.float32)
_POINTS = 133  # of COCO-WholeBody: 17 of a body, 6 of feet, 68 of a face, 21 of each hand
_SHOULDERS = [5, 6]
_BODY = (0, 17, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)  # OpenPose's order; 17 is the neck
_FACE, _LEFT, _RIGHT = slice(23, 91), slice(91, 112), slice(112, 133)


@dataclass(frozen=True)
class Person:
    """Points `N×3` (x, y in pixels, score 0 to 1): 18 of a body in OpenPose order, 68 of a face, 21 of each hand."""

    body: FloatArray
    face: FloatArray
    hands: tuple[FloatArray, FloatArray]


def find_people(
    find: _Network, estimate: _Network, sizes: Sequence[tuple[int, int]], pixels: NDArray[np.uint8]
) -> list[Person]:
    """All people in an image (`H×W×3`, RGB). `sizes` are width and height of the two networks' inputs.

    Without a detection, the whole image is treated as one person. Raises `InputError` for other networks.
    """
    boxes = _boxes(find, sizes[0], pixels)
    if not len(boxes):
        boxes = np.array([[0, 0, pixels.shape[1], pixels.shape[0]]], np.float32)
    return [_person(estimate, sizes[1], pixels, box) for box in boxes]


def _boxes(find: _Network, size: tuple[int, int], pixels: NDArray[np.uint8]) -> FloatArray:
    """Bounding boxes `N×4`: left, top, right, bottom."""
    import cv2

    height, width = pixels.shape[:2]
    ratio = min(size[0] / width, size[1] / height)
    inner = max(1, int(width * ratio)), max(1, int(height * ratio))
    canvas = np.full((size[1], size[0], 3), _BACKGROUND, np.float32)
    canvas[: inner[1], : inner[0]] = cv2.resize(pixels, inner, interpolation=cv2.INTER_LINEAR)[..., ::-1]  # BGR
    found = find(np.ascontiguousarray(canvas.transpose(2, 0, 1)[None]))[0]
    cells, strides = _cells(size)
    if found.ndim != 3 or found.shape[1] != len(cells) or found.shape[2] <= _PERSON:
        raise InputError("the weights of `finder` are not those of YOLOX", cure="Use the file yolox_l.onnx of DWPose")
    middles, sides = (found[0, :, :2] + cells) * strides / ratio, np.exp(found[0, :, 2:4]) * strides / ratio
    scores = found[0, :, 4] * found[0, :, _PERSON]
    corners = np.concatenate([middles - sides / 2, sides], axis=1)
    kept = np.asarray(cv2.dnn.NMSBoxes(corners.tolist(), scores.tolist(), _SURE, _OVERLAP), int).reshape(-1)
    return np.concatenate([middles[kept] - sides[kept] / 2, middles[kept] + sides[kept] / 2], axis=1)


def _cells(size: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Column and row of every grid cell, and its side in pixels."""
    grids = [np.mgrid[: size[1] // each, : size[0] // each][::-1].reshape(2, -1).T for each in _STRIDES]
    strides = [np.full((len(grid), 1), each) for grid, each in zip(grids, _STRIDES, strict=True)]
    return np.concatenate(grids).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _person(estimate: _Network, size: tuple[int, int], pixels: NDArray[np.uint8], box: FloatArray) -> Person:
    """The points of the person in a box, which is enlarged to the aspect ratio of the network's input."""
    import cv2

    middle, sides = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * _ROOM
    ratio = float(np.min(np.array(size) / np.maximum(sides, 1e-3)))
    corner = middle - np.array(size) / 2 / ratio
    move = np.array([[ratio, 0, -ratio * corner[0]], [0, ratio, -ratio * corner[1]]])
    seen = (cv2.warpAffine(pixels, move, size, flags=cv2.INTER_LINEAR).astype(np.float32) - _MEAN) / _DEVIATION
    scores = estimate(np.ascontiguousarray(seen.transpose(2, 0, 1)[None]))
    if len(scores) != 2 or any(each.ndim != 3 or each.shape[1] != _POINTS for each in scores):
        cure = "Use the file dw-ll_ucoco_384.onnx of DWPose"
        raise InputError("the weights of `weights` are not those of DWPose", cure=cure)
    x, y = (each[0].argmax(axis=1) * side / each.shape[2] / ratio for each, side in zip(scores, size, strict=True))
    sure = np.minimum(*(each[0].max(axis=1) for each in scores))
    return _split(np.stack([x + corner[0], y + corner[1], sure], axis=1).astype(np.float32))


def _split(points: FloatArray) -> Person:
    """Points of COCO-WholeBody by body part; the neck is the midpoint of the shoulders."""
    neck = points[_SHOULDERS].mean(axis=0)
    neck[2] = points[_SHOULDERS, 2].min()
    body = np.concatenate([points[:17], neck[None]])[list(_BODY)]
    return Person(body, points[_FACE], (points[_LEFT], points[_RIGHT]))
