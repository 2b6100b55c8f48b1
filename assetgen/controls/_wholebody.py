"""Where people are in a picture and where their joints, fingers and faces are, by two networks of DWPose.

The first is YOLOX (Ge and others, 2021), which finds people; the second looks at each of them alone and says for every
point how likely it is to be in each column and in each row (SimCC; Li and others, 2022).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assetgen.errors import InputError

Floats = NDArray[np.float32]
Network = Callable[[Floats], Sequence[Floats]]
"""Pictures `B×3×H×W` to what it says of them."""
STRIDES = (8, 16, 32)  # pixels to a cell of the three grids of YOLOX
BACKGROUND = 114  # grey, round pictures that it was trained on
PERSON = 5  # the column of the first class, after four numbers of a box and how sure it is of it
SURE, OVERLAP = 0.3, 0.45  # of a person, and of two boxes that are one; those of DWPose's authors
ROOM = 1.25  # of a box, that the second network was trained with
MEAN = np.array((123.675, 116.28, 103.53), np.float32)  # of ImageNet's pictures
DEVIATION = np.array((58.395, 57.12, 57.375), np.float32)
POINTS = 133  # of COCO-WholeBody: 17 of a body, 6 of feet, 68 of a face, 21 of each hand
SHOULDERS = [5, 6]
BODY = (0, 17, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)  # OpenPose's order; 17 is the neck
FACE, LEFT, RIGHT = slice(23, 91), slice(91, 112), slice(112, 133)


@dataclass(frozen=True)
class Person:
    """Points as `N×3`: pixels across and down, and how sure they are (0 to 1): 18 of a body, in OpenPose's order, 68 of
    a face, 21 of each hand."""

    body: Floats
    face: Floats
    hands: tuple[Floats, Floats]


def people(
    find: Network, estimate: Network, sizes: Sequence[tuple[int, int]], pixels: NDArray[np.uint8]
) -> list[Person]:
    """Everybody in a picture (`H×W×3`, RGB). `sizes` are the width and height of what each network looks at.

    Where nobody is found, the whole picture is looked at as one person. Raises `InputError` for other networks.
    """
    boxes = _boxes(find, sizes[0], pixels)
    if not len(boxes):
        boxes = np.array([[0, 0, pixels.shape[1], pixels.shape[0]]], np.float32)
    return [_person(estimate, sizes[1], pixels, box) for box in boxes]


def _boxes(find: Network, size: tuple[int, int], pixels: NDArray[np.uint8]) -> Floats:
    """Left, top, right and bottom of each person."""
    import cv2

    height, width = pixels.shape[:2]
    ratio = min(size[0] / width, size[1] / height)
    inner = max(1, int(width * ratio)), max(1, int(height * ratio))
    canvas = np.full((size[1], size[0], 3), BACKGROUND, np.float32)
    canvas[: inner[1], : inner[0]] = cv2.resize(pixels, inner, interpolation=cv2.INTER_LINEAR)[..., ::-1]  # blue first
    found = find(np.ascontiguousarray(canvas.transpose(2, 0, 1)[None]))[0]
    cells, strides = _cells(size)
    if found.ndim != 3 or found.shape[1] != len(cells) or found.shape[2] <= PERSON:
        raise InputError("the weights of `finder` are not those of YOLOX", cure="Give the file yolox_l.onnx of DWPose")
    middles, sides = (found[0, :, :2] + cells) * strides / ratio, np.exp(found[0, :, 2:4]) * strides / ratio
    scores = found[0, :, 4] * found[0, :, PERSON]
    corners = np.concatenate([middles - sides / 2, sides], axis=1)
    kept = np.asarray(cv2.dnn.NMSBoxes(corners.tolist(), scores.tolist(), SURE, OVERLAP), int).reshape(-1)
    return np.concatenate([middles[kept] - sides[kept] / 2, middles[kept] + sides[kept] / 2], axis=1)


def _cells(size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Column and row of every cell of the grids, and the pixels to its side."""
    grids = [np.mgrid[: size[1] // each, : size[0] // each][::-1].reshape(2, -1).T for each in STRIDES]
    strides = [np.full((len(grid), 1), each) for grid, each in zip(grids, STRIDES, strict=True)]
    return np.concatenate(grids).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _person(estimate: Network, size: tuple[int, int], pixels: NDArray[np.uint8], box: Floats) -> Person:
    """The points of who is in a box, which grows to the shape of what the network looks at."""
    import cv2

    middle, sides = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * ROOM
    ratio = float(np.min(np.array(size) / np.maximum(sides, 1e-3)))
    corner = middle - np.array(size) / 2 / ratio
    move = np.array([[ratio, 0, -ratio * corner[0]], [0, ratio, -ratio * corner[1]]])
    seen = (cv2.warpAffine(pixels, move, size, flags=cv2.INTER_LINEAR).astype(np.float32) - MEAN) / DEVIATION
    said = estimate(np.ascontiguousarray(seen.transpose(2, 0, 1)[None]))
    if len(said) != 2 or any(each.ndim != 3 or each.shape[1] != POINTS for each in said):
        cure = "Give the file dw-ll_ucoco_384.onnx of DWPose"
        raise InputError("the weights of `weights` are not those of DWPose", cure=cure)
    places = [each[0].argmax(axis=1) * side / each.shape[2] / ratio for each, side in zip(said, size, strict=True)]
    sure = np.minimum(*(each[0].max(axis=1) for each in said))
    return _parts(np.stack([places[0] + corner[0], places[1] + corner[1], sure], axis=1).astype(np.float32))


def _parts(points: Floats) -> Person:
    """The neck is in the middle of two shoulders that are seen."""
    neck = points[SHOULDERS].mean(axis=0)
    neck[2] = points[SHOULDERS, 2].min()
    body = np.concatenate([points[:17], neck[None]])[list(BODY)]
    return Person(body, points[FACE], (points[LEFT], points[RIGHT]))
