"""Flat shapes of a drawn thing on a grid of 32 × 32 cells: polygons, smooth outlines, ellipses, boxes and lines."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

GRID = 32
"""Cells along each side."""
_PARTS = 4  # bits below a fine pixel, for OpenCV's drawing functions
_CURVE = 8  # points of a smooth outline between two of its corners
_CIRCLE = 48  # corners of an ellipse

Outline = NDArray[np.float64]
"""Places on the grid in cells, `N×2`: x to the right, y down."""
FineMask = NDArray[np.bool_]
"""Fine pixels, of which a cell has the same number along each side: shapes are filled in these, then reduced."""


def _points(text: object) -> object:
    """Places written as "x,y x,y …"."""
    if not isinstance(text, str):
        return text
    return tuple(tuple(float(number) for number in place.split(",")) for place in text.split())


Places = Annotated[tuple[tuple[float, float], ...], BeforeValidator(_points)]


class Piece(BaseModel):
    """One filled shape of a thing: its material and exactly one of `poly`, `blob`, `oval`, `box` and `line`.

    `poly` has straight sides, `blob` is a smooth closed curve through its places, `oval` is centre and radii, `box` is
    left, top, width and height, `line` a stroke `width` cells wide, narrower to its end where two widths are given.
    `turn` rotates it clockwise, in degrees, about its middle. `mirror` draws it again, mirrored at the middle
    of the grid. `cut` removes instead of fills. `tone` is added to its brightness, `flat` replaces the relief of its
    finish, and without `shadow` it casts none on what lies below. `when` and `unless` are words of the prompt,
    `variant` the variants in which it is drawn; without them it is always drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    fill: str = ""
    poly: Places | None = None
    blob: Places | None = None
    oval: tuple[float, float, float, float] | None = None
    box: tuple[float, float, float, float] | None = None
    line: Places | None = None
    width: float | tuple[float, float] = 2.0
    turn: float = 0.0
    mirror: bool = False
    cut: bool = False
    tone: float = 0.0
    flat: bool = False
    shadow: bool = True
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    variant: tuple[Annotated[int, Field(ge=0)], ...] = ()

    def outlines(self) -> list[Outline]:
        """The corners of its outline, or the places of its line, on each side where it is drawn."""
        places = np.array(self.line) if self.line is not None else _turned(self._corners(), self.turn)
        return [places, places * (-1, 1) + (GRID, 0)] if self.mirror else [places]

    @property
    def margin(self) -> float:
        """How far it reaches beyond its outline."""
        return max(self._widths()) / 2 if self.line is not None else 0.0

    def mask(self, outline: Outline, fine: int) -> FineMask:
        """The fine pixels that it fills, with this outline; a cell has `fine` along each side."""
        return _filled(outline, fine) if self.line is None else _stroke(outline, self._widths(), fine)

    def _widths(self) -> tuple[float, float]:
        return self.width if isinstance(self.width, tuple) else (self.width, self.width)

    def _corners(self) -> Outline:
        if self.oval is not None:
            x, y, across, down = self.oval
            angles = np.linspace(0, 2 * np.pi, _CIRCLE, endpoint=False)
            return np.stack([x + across * np.cos(angles), y + down * np.sin(angles)], axis=1)
        if self.box is not None:
            left, top, width, height = self.box
            return np.array([(left, top), (left + width, top), (left + width, top + height), (left, top + height)])
        return np.array(self.poly) if self.poly is not None else _smooth(np.array(self.blob))


def _smooth(corners: Outline) -> Outline:
    """A closed Catmull-Rom curve through the corners (E. Catmull and R. Rom, 1974)."""
    before, after, beyond = (np.roll(corners, shift, axis=0) for shift in (1, -1, -2))
    steps = np.linspace(0, 1, _CURVE, endpoint=False)[:, None, None]
    curve = 0.5 * (
        2 * corners
        + (after - before) * steps
        + (2 * before - 5 * corners + 4 * after - beyond) * steps**2
        + (3 * corners - before - 3 * after + beyond) * steps**3
    )
    return np.asarray(curve.transpose(1, 0, 2).reshape(-1, 2))


def _turned(corners: Outline, degrees: float) -> Outline:
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray((corners - middle) @ turn + middle)


def _filled(corners: Outline, fine: int) -> FineMask:
    import cv2

    mask = np.zeros((GRID * fine, GRID * fine), np.uint8)
    cv2.fillPoly(mask, [_fine(corners, fine)], 1, cv2.LINE_8, _PARTS)
    return mask > 0


def _stroke(places: Outline, widths: tuple[float, float], fine: int) -> FineMask:
    """A stroke with round ends whose width changes evenly along its length."""
    import cv2

    mask = np.zeros((GRID * fine, GRID * fine), np.uint8)
    lengths = np.linalg.norm(np.diff(places, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(lengths)])
    at = np.linspace(0, along[-1], max(2, round(along[-1] * 4)))
    dense = np.stack([np.interp(at, along, places[:, axis]) for axis in (0, 1)], axis=1)
    for place, share in zip(_fine(dense, fine), at / max(along[-1], 1e-6), strict=True):
        radius = (widths[0] + (widths[1] - widths[0]) * share) / 2
        cv2.circle(mask, place.tolist(), round(radius * fine * (1 << _PARTS)), 1, -1, cv2.LINE_8, _PARTS)
    return mask > 0


def _fine(places: Outline, fine: int) -> NDArray[np.int32]:
    return np.asarray(np.rint((places * fine - 0.5) * (1 << _PARTS)), np.int32)
