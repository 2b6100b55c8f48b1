"""Draw people in the colours of OpenPose, which pose ControlNets were trained on."""

import colorsys
import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from assetgen.controls._wholebody import Person
from assetgen.images import FloatArray

_SEEN = 0.3  # confidence from which a point is drawn, as by DWPose's authors
_LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
    (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
_HUES = 18  # colours of limbs and joints, evenly spaced in hue
_HALF_LIMB, _JOINT, _DOT, _FINGER = 4, 4, 3, 2  # pixels: half the width of a limb, radii, width of a line
_DIMMED = 0.6  # brightness of limbs; joints have 1
_FINGERS = tuple(
    (0 if bone == 0 else 4 * finger + bone, 4 * finger + bone + 1) for finger in range(5) for bone in range(4)
)
_TIP, _WHITE = (0, 0, 255), (255, 255, 255)


def skeletons(found: Iterable[Person], size: tuple[int, int], hands: bool, face: bool) -> NDArray[np.uint8]:
    """All people on a black image `H×W×3` (uint8 RGB) of `size` (width, height)."""
    import cv2

    everybody = list(found)
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    for number, (start, end) in enumerate(_LIMBS):
        for person in everybody:
            if min(person.body[[start, end], 2]) > _SEEN:
                _limb(canvas, person.body[start, :2], person.body[end, :2], _hue(number))
    canvas = (canvas * _DIMMED).astype(np.uint8)
    for number in range(_HUES):
        for x, y in _seen(person.body[number] for person in everybody):
            cv2.circle(canvas, (x, y), _JOINT, _hue(number), thickness=-1)
    for person in everybody:
        for hand in person.hands if hands else ():
            _hand(canvas, hand)
        for x, y in _seen(person.face) if face else ():
            cv2.circle(canvas, (x, y), _DOT, _WHITE, thickness=-1)
    return canvas


def _hue(number: int) -> tuple[int, int, int]:
    """The fully saturated colour of a limb or joint; number 0 is red."""
    red, green, blue = colorsys.hsv_to_rgb(number / _HUES, 1, 1)
    return int(red * 255 + 1e-6), int(green * 255 + 1e-6), int(blue * 255 + 1e-6)


def _seen(points: Iterable[FloatArray]) -> Iterator[tuple[int, int]]:
    return ((int(x), int(y)) for x, y, sure in points if sure > _SEEN)


def _limb(canvas: NDArray[np.uint8], start: FloatArray, end: FloatArray, colour: tuple[int, int, int]) -> None:
    """Draw an ellipse between two joints."""
    import cv2

    middle, way = (start + end) / 2, start - end
    angle = math.degrees(math.atan2(way[1], way[0]))
    axes = (int(math.hypot(*way) / 2), _HALF_LIMB)
    outline = cv2.ellipse2Poly((int(middle[0]), int(middle[1])), axes, int(angle), 0, 360, 1)
    cv2.fillConvexPoly(canvas, outline, colour)


def _hand(canvas: NDArray[np.uint8], points: FloatArray) -> None:
    import cv2

    for number, (start, end) in enumerate(_FINGERS):
        if min(points[[start, end], 2]) > _SEEN:
            ends = [(int(x), int(y)) for x, y in points[[start, end], :2]]
            colour = tuple(round(255 * each) for each in colorsys.hsv_to_rgb(number / len(_FINGERS), 1, 1))
            cv2.line(canvas, ends[0], ends[1], colour, thickness=_FINGER)
    for x, y in _seen(points):
        cv2.circle(canvas, (x, y), _JOINT, _TIP, thickness=-1)
