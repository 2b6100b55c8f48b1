"""Landscapes in perspective: a field of heights drawn in slices from near to far, with light, haze and water."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assetgen.controls._mood import Mood
from assetgen.controls._noise import Noise, Values, mixed
from assetgen.controls._sight import Sight, Sun

_SLICES, _NEAREST, _FARTHEST = 400, 1.0, 130.0
_FOCAL = 0.95  # focal length, in heights of the picture
_STEP = 0.12  # world units between heights that are compared for slopes
DROWNED = -1e9
"""The level of water where there is none."""

Heights = Callable[[Values, Values], Values]
"""Height of the ground at places (x, z)."""
Ground = Callable[[Values, Values, Values, Values], Values]
"""Colours of the ground: at places (x, z), of height and steepness."""


@dataclass(frozen=True)
class Land:
    """Heights and colours of the ground; `eye` is the viewer's height, `water` the level of the water."""

    heights: Heights
    ground: Ground
    eye: float
    water: float = DROWNED

    def at(self, x: float, z: float) -> float:
        """The height of the ground, or of the water over it."""
        place = np.array([x], np.float32), np.array([z], np.float32)
        return max(float(self.heights(*place)[0]), self.water)


@dataclass
class View:
    """A picture `H×W×3` and the distance of what each pixel shows (infinite for the sky); `focal` is in pixels."""

    picture: Values
    distance: Values
    sight: Sight
    focal: float
    water: NDArray[np.bool_]

    def row(self, height: Values | float, distance: Values | float) -> Values:
        """The row at which a height above the viewer's eye is seen at a distance."""
        zero = float(np.interp(0.0, -self.sight.rise, np.arange(len(self.sight.rise)) + 0.5))
        return np.asarray(zero - self.focal * np.asarray(height) / distance, np.float32)

    def column(self, x: float, z: float) -> tuple[float, float]:
        """The column at which a place is seen, and its distance."""
        width = self.picture.shape[1]
        if self.sight.around:
            return width / 2 + self.focal * float(np.arctan2(x, z)), float(np.hypot(x, z))
        return width / 2 + self.focal * x / z, z


def outlook(width: int, height: int, share: float, around: bool) -> View:
    """An empty view with the horizon at a share of its height; `around` shows the whole circle, and tiles."""
    columns = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    if around:
        across, focal = np.stack([np.sin(2 * np.pi * columns), np.cos(2 * np.pi * columns)]), width / (2 * np.pi)
    else:
        focal = _FOCAL * height
        across = np.stack([columns * width / focal, np.ones(width)])
    rise = (share * height - np.arange(height) - 0.5) / focal
    sight = Sight(across.astype(np.float32), rise.astype(np.float32), share * height / focal, around)
    picture, distance = np.zeros((height, width, 3), np.float32), np.full((height, width), np.inf, np.float32)
    return View(picture, distance, sight, focal, np.zeros((height, width), bool))


def hazed(colors: Values, distance: Values | float, mood: Mood, behind: Values) -> Values:
    """Colours seen through the air: they fade to those `behind` with the distance."""
    share = 1 - np.exp(-((np.asarray(distance) / mood.haze) ** 1.15))
    return mixed(colors, behind, 0.94 * share[..., None])


def draw_land(view: View, land: Land, mood: Mood, sun: Sun) -> None:
    """Draw the ground and the water over the sky of a view."""
    picture, sight = view.picture, view.sight
    behind = picture[max(0, sight.horizon - 2)].copy()
    rows = np.arange(picture.shape[0], dtype=np.float32)[:, None] + 0.5
    floor = np.full(picture.shape[1], picture.shape[0] + 1.0, np.float32)
    water = np.zeros(picture.shape[:2], bool)
    for z in np.geomspace(_NEAREST, _FARTHEST, _SLICES).astype(np.float32):
        x, away = sight.across[0] * z, sight.across[1] * z
        ground = land.heights(x, away)
        wet = ground < land.water
        top = view.row(np.where(wet, land.water, ground) - land.eye, z)
        seen = (rows >= top) & (rows < floor)
        if seen.any():
            colors = hazed(_lit(land, x, away, ground, mood, sun), z, mood, behind)
            at_row, at_column = np.nonzero(seen)
            picture[at_row, at_column] = colors[at_column]
            view.distance[at_row, at_column] = z
            water[at_row, at_column] = wet[at_column]
        floor = np.minimum(floor, top)
    view.distance[water] = np.minimum(view.distance[water], _FARTHEST)
    view.water |= water


def _lit(land: Land, x: Values, z: Values, height: Values, mood: Mood, sun: Sun) -> Values:
    """The colours of the ground in the light of the mood."""
    step = _STEP * np.maximum(1, np.hypot(x, z) * 0.06)
    across = (land.heights(x + step, z) - height) / step
    along = (land.heights(x, z + step) - height) / step
    length = np.sqrt(across**2 + along**2 + 1)
    towards = sun.direction
    facing = (-across * towards[0] + towards[1] - along * towards[2]) / length
    colors = land.ground(x, z, height, 1 - 1 / length)
    light = mood.ambient * 0.95 + mood.key * (0.95 * np.clip(facing, 0, 1))[..., None]
    return np.asarray(colors * light, np.float32)


def draw_water(view: View, mood: Mood, noise: Noise) -> None:
    """Reflect what stands over the water in it, with ripples that grow towards the viewer."""
    height, width = view.water.shape
    rows, columns = np.nonzero(view.water)
    if not len(rows):
        return
    dry = np.where(view.water, 0, np.arange(1, height + 1)[:, None])
    banks = np.maximum(np.maximum.accumulate(dry, axis=0)[rows, columns], view.sight.horizon)
    horizon = view.picture[max(0, view.sight.horizon - 2), columns]
    below = (rows - banks + 1).astype(np.float32)
    near = np.maximum(rows - view.sight.horizon, 1).astype(np.float32) / height
    ripple = (
        noise.at((columns / height * 9 / near**0.4).astype(np.float32), (70 * near**0.6).astype(np.float32), 3) - 0.5
    )
    far = np.clip(np.rint(2.0 * view.sight.horizon - rows + ripple * near * 0.5 * height), 0, height - 1).astype(
        np.int64
    )
    mirrored = banks - below * 0.95 + ripple * below * 0.5
    mirrored = np.clip(np.rint(mirrored), 0, banks - 1).astype(np.int64)
    own = view.distance[np.clip(banks - 1, 0, height - 1), columns]
    mirrored = np.where(view.distance[mirrored, columns] < 1.5 * own, mirrored, np.minimum(far, banks - 1))
    mirrored = np.maximum(mirrored, 0)
    aside = (columns + np.rint(ripple * 0.03 * height).astype(np.int64)) % width
    share = 0.6 + 0.3 * np.exp(-5 * near) + 0.35 * ripple
    deep = 0.4 * mood.zenith + 0.25 * mood.ambient
    colors = mixed(deep, view.picture[mirrored, aside], np.clip(share, 0.25, 0.95)[:, None])
    distance = 0.5 * view.distance[rows, columns]
    view.picture[rows, columns] = hazed(colors * (1 + 0.35 * ripple[:, None]), distance, mood, horizon)
