"""Tiles of a platformer: solid ground seen from the side, its surface covered by the first member.

The ground fills its tile; rough borders and round corners take single pixels off open sides. An inner corner, where
two of its neighbours meet, ends like both: the pixels nearer to a side are those of a tile whose surface passes there.
Below the foot of a slope the cover of the slope goes on.
"""

from dataclasses import dataclass, replace

import numpy as np

from assetgen.pixels.tilesets import Polygon, Tile
from assetgen.sources._tile_masks import Bits, Plane, Shape, periodic_noise
from assetgen.sources._tile_paint import Look, TilePart, depth, moved_down, shadow_regions

_COVER, _WAVE = 0.3, 0.12
"""Depth of the cover, and how much it varies, as fractions of the tile's height."""
_ROUNDING = 0.12
"""Radius of an outer corner as a fraction of the tile."""
_SURFACES = {
    # name: height of the ground at the left and right side, as fractions from the bottom
    "slope_up": (0.0, 1.0),
    "slope_down": (1.0, 0.0),
    "slope_up_low": (0.0, 0.5),
    "slope_up_high": (0.5, 1.0),
    "slope_down_high": (1.0, 0.5),
    "slope_down_low": (0.5, 0.0),
}
_BELOW = "below_"
"""Before the name of a slope: the tile below it."""
_CEILINGS = {"ceiling_up": (0.0, 1.0), "ceiling_down": (1.0, 0.0)}
"""Depth of the ground at the left and right side, as fractions from the top, by the way that the ceiling runs."""


@dataclass(frozen=True)
class _Place:
    """Positions of all samples, in pixels: from the left and from the top."""

    x: Plane
    y: Plane
    noise: Plane


def platform_regions(tile: Tile, shape: Shape, look: Look, members: int) -> dict[TilePart, Bits]:
    """The regions of a tile of the platformer layout, with the margin. With one member there is no cover."""
    width, height = shape.size
    place = _Place(
        shape.positions(width)[None, :],
        shape.positions(height)[:, None],
        periodic_noise(replace(shape, style="jagged")),
    )
    solid = _solid(tile, shape, place)
    top = _surface(tile, shape, place)
    dark = solid & (depth(solid) <= look.outline * look.samples)
    light = solid & ~moved_down(solid, (look.outline + look.highlight) * look.samples)
    middle = shape.reach * shape.samples
    cover_depth = height * (_COVER + _WAVE * place.noise[middle : middle + 1])
    cover = solid & (place.y - top < cover_depth) & (tile.sides[0] != 0 or _is_below_slope(tile))
    for corner in range(4):
        near_side, near_top, u, v = _inner_corner(tile, corner, shape, place)
        dark |= (near_side & (v < look.outline)) | (near_top & (u < look.outline))
        if corner < 2:
            light |= near_side & (v < look.outline + look.highlight)
            cover |= near_side & (v < cover_depth * (1 - np.floor(u) / (shape.reach + 0.5)))
    light &= ~dark
    if members == 1:
        return {(0, "dark"): dark, (0, "light"): light, (0, "plain"): solid & ~dark & ~light}
    rim = cover & ~dark & ~light
    hem = rim & ~np.roll(cover, -shape.samples, axis=0)
    body = solid & ~cover & ~dark & ~light
    found: dict[TilePart, Bits] = {(0, "dark"): hem, (0, "light"): light & cover, (0, "plain"): rim & ~hem}
    found |= {(1, "dark"): dark, (1, "light"): light & ~cover}
    return found | shadow_regions(cover, body, look, 1)


def platform_polygons(tile: Tile, size: tuple[int, int]) -> tuple[Polygon, ...]:
    """What a tile collides with: all of it, or a slope's straight outline."""
    width, height = size
    if tile.terrain != 0:
        return ()
    if tile.name in _SURFACES:
        left, right = (height * (1 - part) for part in _SURFACES[tile.name])
        points = [(0.0, left), (width, right), (width, height), (0.0, height)]
    elif tile.name in _CEILINGS:
        left, right = (height * part for part in _CEILINGS[tile.name])
        points = [(0.0, 0.0), (width, 0.0), (width, right), (0.0, left)]
    else:
        points = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    return (tuple((float(x), float(y)) for x, y in dict.fromkeys(points)),)


def _solid(tile: Tile, shape: Shape, place: _Place) -> Bits:
    """The ground of the tile and, in the margin, of its neighbours."""
    width, height = shape.size
    x, y = place.x, place.y
    top, right, bottom, left = (side == 0 for side in tile.sides)
    corners = [corner == 0 for corner in tile.corners]
    outside = [(x < 0) & left, (x > width) & right, (y < 0) & top, (y > height) & bottom]
    in_row, in_column = (y > 0) & (y < height), (x > 0) & (x < width)
    solid = in_row & in_column & np.full(place.noise.shape, tile.terrain == 0)
    for side, along in zip(outside, (in_row, in_row, in_column, in_column), strict=True):
        solid |= side & along
    beyond = [(x < 0) & (y < 0), (x > width) & (y < 0), (x > width) & (y > height), (x < 0) & (y > height)]
    for corner, there in zip(corners, beyond, strict=True):
        solid |= there & corner
    if shape.style != "square":
        solid &= ~_rounded(tile, shape, place)
    if shape.style in ("rough", "jagged"):
        solid &= ~_chipped(tile, shape, place)
    if ceiling := _CEILINGS.get(tile.name):
        start, end = ceiling
        solid &= ~in_row | (y < height * (start + (end - start) * x / width))
    return np.asarray(solid & (~in_row | (y > _surface(tile, shape, place))))


def _surface(tile: Tile, shape: Shape, place: _Place) -> Plane:
    """y of the ground's surface at each x, `1 × columns`, at the uphill side of a sample; 0 without a slope."""
    width, height = shape.size
    left, right = _SURFACES.get(tile.name.removeprefix(_BELOW), (1.0, 1.0))
    uphill = np.sign(right - left) * 0.5 / shape.samples
    surface = np.clip(height * (1 - left - (right - left) * (place.x + uphill) / width), 0, height)
    return np.asarray(surface - height if _is_below_slope(tile) else surface)


def _is_below_slope(tile: Tile) -> bool:
    return tile.name.startswith(_BELOW)


def _rounded(tile: Tile, shape: Shape, place: _Place) -> Bits:
    """What round outer corners leave out."""
    width, height = shape.size
    radius = _ROUNDING * min(width, height)
    top, right, bottom, left = (side != 0 for side in tile.sides)
    cut = np.zeros(place.noise.shape, np.bool_)
    if tile.name:
        return cut
    for open_x, x in ((left, place.x), (right, width - place.x)):
        for open_y, y in ((top, place.y), (bottom, height - place.y)):
            outside = (radius - x) ** 2 + (radius - y) ** 2 > radius**2
            cut |= (x < radius) & (y < radius) & outside & open_x & open_y
    return cut


def _chipped(tile: Tile, shape: Shape, place: _Place) -> Bits:
    """What rough borders take off open sides, away from the corners: at most a thirty-second of the tile."""
    width, height = shape.size
    top, right, bottom, left = (side != 0 for side in tile.sides)
    amount, margin = max(1.0, min(width, height) / 32), 2 * shape.reach + 1
    middle = shape.reach * shape.samples
    across, down = place.noise[middle : middle + 1], place.noise[:, middle : middle + 1]
    in_x = (place.x > margin) & (place.x < width - margin)
    in_y = (place.y > margin) & (place.y < height - margin)
    cut_top = top & (not tile.name) & in_x & (place.y < amount * (across > 0.3))
    cut_bottom = bottom & in_x & (height - place.y < amount * (across < -0.3))
    sides = left & in_y & (place.x < amount * (down > 0.3)) | right & in_y & (width - place.x < amount * (down < -0.3))
    return np.asarray(cut_top | cut_bottom | sides)


def _inner_corner(tile: Tile, corner: int, shape: Shape, place: _Place) -> tuple[Bits, Bits, Plane, Plane]:
    """The pixels nearer to the vertical side and those nearer to the horizontal side at an inner corner (0 top left,
    then clockwise), and the distances of all pixels from both sides. Without an inner corner there are none."""
    width, height = shape.size
    is_right, is_bottom = corner in (1, 2), corner in (2, 3)
    u = width - place.x if is_right else place.x
    v = height - place.y if is_bottom else place.y
    sides = (tile.sides[1 if is_right else 3], tile.sides[2 if is_bottom else 0])
    inner = sides == (0, 0) and tile.corners[corner] != 0 and tile.terrain == 0 and not _is_below_slope(tile)
    inside = np.asarray((u > 0) & (v > 0) & inner)
    flat = shape.reach + 0.5
    return inside & (u < flat) & (u <= v), inside & (v < flat) & (v < u), u, v
