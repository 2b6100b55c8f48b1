"""A tileset: every tile that two textures need to border on each other, with edges that join to the pixel."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.errors import InputError, did_you_mean
from assetgen.images import Array, FloatArray, ImageSet, Meta, size_error, split_alpha, to_float
from assetgen.parts import Context, describes, part
from assetgen.pixels.seams import SEAM_LIMIT, worst_wrap
from assetgen.pixels.tilesets import NO_TERRAIN, Polygon, Terrain, Tile, Tileset
from assetgen.sources._arguments import Seed
from assetgen.sources._tile_collision import polygons_of
from assetgen.sources._tile_isometric import diamond, diamond_tile
from assetgen.sources._tile_layouts import COLUMNS, Layout, tiles_of
from assetgen.sources._tile_masks import BorderStyle, Shape, mask_of
from assetgen.sources._tile_paint import Look, Regions, TilePart, as_samples, border_regions, compose, shaded
from assetgen.sources._tile_platforms import platform_polygons, platform_regions
from assetgen.sources._tile_variants import cut_tile, variant

_DRAWN = ("normal", "emission")  # channels beside the colour that 2D engines draw tiles with
_SMALLEST, _PIXELS_PER_REACH = 8, 8
_Pixels = Annotated[int, Field(ge=0, le=16)]
_Weight = Annotated[float, Field(gt=0, le=100)]
_Drawn = tuple[Tile, Mapping[str, Array]]
_Larger = tuple[ImageSet, tuple[int, int]] | None
"""The texture that a member's tile was cut out of, and the row and column there; None where it is the tile."""


@part(version=2, members=True, ordered=True)
@describes(Meta(tileset=Tileset("blob", (4, 4), 1, (), (Tile(),))))
def tileset(
    context: Context,
    *,
    layout: Layout = "dual_grid",
    tile: Annotated[int, Field(ge=_SMALLEST, le=1024)] | None = None,
    tiles_across: Annotated[int, Field(ge=2, le=8)] | None = None,
    border: BorderStyle = "rough",
    outline: _Pixels | None = None,
    highlight: _Pixels | None = None,
    shadow: _Pixels | None = None,
    variants: Annotated[tuple[_Weight, ...], Field(max_length=16)] = (0.2, 0.2),
    solid: str | None = None,
    shape: Literal["square", "isometric"] = "square",
    channels: Annotated[tuple[str, ...], Field(max_length=16)] | None = None,
    seed: Seed = 0,
) -> ImageSet:
    """Draw the tiles that let one texture border on another, or on transparency; `meta.tileset` describes them.

    `members` are one or two finished textures of one size that tile. The first lies over the second, or on top of it.

    - `layout`: `dual_grid` and `corner` match by their corners (16 tiles: in the order of dual-grid scripts, in that of
      Wang tiles); `blob` by corners and sides (47 tiles); `rpgmaker_a2` is an autotile of RPG Maker; `platformer` is
      `blob` seen from the side, with slopes to place by hand, and `below_slope_up` under the foot of a `slope_up`.
    - `tile`: width of a tile in pixels, to which painted textures are reduced; default: the textures' own.
    - `tiles_across`: cut tiles and variants out of textures of so many tiles in a row, which need not tile themselves.
    - `border`: how borders run.
    - `outline`, `highlight`, `shadow`: of a border, in pixels; default: by the size of the tile.
    - `variants`: weights of further tiles that are full of one texture; the plain one has weight 1.
    - `solid`: the member that things collide with; a platformer's ground always is.
    - `shape`: `isometric` draws diamonds, twice as wide as high.
    - `channels`: of the members, beside `color`; default: those that 2D engines use, `normal` and `emission`.

    Tiles with equal terrains at an edge have equal pixels there. Borders of pixel art are hard, in its own colours.

    Example:
        grass_stone: {preset: tileset, members: [grass, stone], tileset: {layout: blob}}
    """
    textures, larger = _textures(_with_channels(context.members, channels), tile, tiles_across, seed)
    size, pixel_art = textures[0].size, bool(textures[0].meta.pixel_art)
    other = 1 if len(textures) == 2 and layout != "platformer" else NO_TERRAIN
    kinds, weights = tiles_of(layout, other), () if layout == "rpgmaker_a2" else variants
    _check_sheet(layout, shape, size, len(kinds) + len(textures) * len(weights))
    look = _look(size, pixel_art, outline, highlight, shadow)
    form = Shape(border, size, look.reach, seed, look.samples)
    work = _Work(layout, form, look, _solid(solid, list(context.members), layout))
    tiles = [*_draw(work, textures, kinds)]
    tiles += _variants(work, textures, larger, [tile for tile, _ in tiles], weights)
    tiles = _diamonds(tiles, size, soft=not pixel_art) if shape == "isometric" else tiles
    terrains = tuple(map(_terrain, context.members, textures[: max(other, 0) + 1]))
    return _sheet(tiles, textures[0].meta.pixel_art, Tileset(layout, size, COLUMNS[layout], terrains, (), shape))


def _check_sheet(layout: Layout, shape: str, size: tuple[int, int], count: int) -> None:
    if shape == "isometric" and layout in ("rpgmaker_a2", "platformer"):
        raise InputError(f"the layout {layout} has no isometric tiles", cure="Use dual_grid, corner or blob")
    width, height = (2 * max(size), max(size)) if shape == "isometric" else size
    if error := size_error((COLUMNS[layout] * width, -(-count // COLUMNS[layout]) * height)):
        raise InputError(f"{count} tiles are too many: {error}", cure="Use smaller textures, or `tile`")


@dataclass(frozen=True)
class _Work:
    """What all tiles of a set have in common. `solid` is the number of the member that things collide with."""

    layout: Layout
    form: Shape
    look: Look
    solid: int | None


def _with_channels(members: Mapping[str, ImageSet], channels: Sequence[str] | None) -> dict[str, ImageSet]:
    """The members with colour and these channels alone. Raises `InputError` where one is missing."""
    for name, images in members.items():
        for channel in sorted({*(channels or ())} - {*images.channels}):
            cure = did_you_mean(channel, list(images.channels))
            raise InputError(f"channels: member '{name}' has no '{channel}'", cure=cure)
    kept = ("color", *(_DRAWN if channels is None else channels))
    return {
        name: replace(images, channels={each: array for each, array in images.channels.items() if each in kept})
        for name, images in members.items()
    }


def _textures(
    members: Mapping[str, ImageSet], tile: int | None, tiles_across: int | None, seed: int
) -> tuple[list[ImageSet], list[_Larger]]:
    """The members as tiles, and what they are cut out of. Raises `InputError` where they cannot be one tileset."""
    if not 1 <= len(members) <= 2:
        what = f"a tileset is made of one or two textures, not of {len(members)}"
        raise InputError(what, cure="Name assets of the pack that tile: `members: [grass, stone]`")
    for (one, images), (other, others) in pairwise(members.items()):
        _check_alike(f"members '{one}' and '{other}'", images, others)
    opaque = {name: _opaque(name, images) for name, images in members.items()}
    if tiles_across is None:
        return [_reduced(name, _checked_seam(name, images), tile) for name, images in opaque.items()], [None] * len(
            opaque
        )
    found = [_cut(name, images, tile, tiles_across, seed) for name, images in opaque.items()]
    return [made for made, _ in found], [larger for _, larger in found]


def _cut(name: str, images: ImageSet, tile: int | None, across: int, seed: int) -> tuple[ImageSet, _Larger]:
    """A tile from a texture that is `across` tiles wide."""
    whole = _reduced(name, images, tile, across)
    width, height = (side // across for side in whole.size)
    if any(side % across for side in whole.size) or min(width, height) < _SMALLEST:
        what = f"tiles_across: {across} does not divide the {images.size[0]} × {images.size[1]} pixels of '{name}' into"
        raise InputError(f"{what} tiles of at least {_SMALLEST} × {_SMALLEST}", cure="Use a smaller number")
    made, place = cut_tile(whole, (width, height), seed)
    return made, (whole, place)


def _check_alike(both: str, one: ImageSet, other: ImageSet) -> None:
    if one.size != other.size:
        sizes = " and ".join(f"{width} × {height}" for width, height in (one.size, other.size))
        raise InputError(f"{both} have different sizes ({sizes} pixels)", cure="Make both with one size")
    if bool(one.meta.pixel_art) != bool(other.meta.pixel_art):
        raise InputError(f"only one of {both} is pixel art", cure="Make both with one preset, such as pixel_tile")
    kinds = [_kinds(images) for images in (one, other)]
    if kinds[0] != kinds[1]:
        raise InputError(f"{both} differ in their channels ({' and '.join(kinds)})", cure="Make both with one preset")
    colors = [split_alpha(images["color"])[0] for images in (one, other)]
    if all((color == colors[0][0, 0]).all() for color in colors):
        raise InputError(f"{both} have one and the same colour", cure="Use a palette with more colours")


def _kinds(images: ImageSet) -> str:
    """Channels with their sample types; colour is used without alpha."""
    found = (f"{name} {array.dtype} × {array.shape[2]}" for name, array in sorted(images.channels.items()))
    return ", ".join(found).replace(" × 4", " × 3")


def _opaque(name: str, images: ImageSet) -> ImageSet:
    """A member with opaque colour. Raises `InputError` for an animation, a tiny or a transparent texture."""
    color, alpha = split_alpha(images["color"])
    if images.meta.frames is not None:
        raise InputError(f"member '{name}' is an animation", cure="Use a still texture")
    if images.meta.tileset or images.meta.regions:
        raise InputError(f"member '{name}' is a sheet of several images", cure="Use a single texture")
    if min(images.size) < _SMALLEST:
        width, height = images.size
        raise InputError(f"member '{name}' has {width} × {height} pixels, a tile at least {_SMALLEST} × {_SMALLEST}")
    if to_float(alpha).min() < 1:
        raise InputError(f"member '{name}' is transparent in places", cure="Use an opaque texture")
    return images.replace(color=color)


def _checked_seam(name: str, images: ImageSet) -> ImageSet:
    """A member. Raises `InputError` for one that does not tile."""
    score, channel, axis = worst_wrap(images, "xy")
    if score > SEAM_LIMIT:
        what = (
            f"member '{name}' does not tile: its seam along {axis} scores {score:.2f} ({channel}; limit {SEAM_LIMIT})"
        )
        cure = "Use a preset like tile_texture or pixel_tile, or add the step seamless"
        raise InputError(what, cure=cure)
    return images


def _reduced(name: str, images: ImageSet, tile: int | None, across: int = 1) -> ImageSet:
    """A painted texture reduced so that it is `across` tiles wide. Means of whole blocks keep it seamless."""
    width, height = images.size
    if tile is None or tile * across == width:
        return images
    wanted, tiles = tile * across, f"{across} tiles of {tile} pixels" if across > 1 else f"a tile of {tile}"
    if images.meta.pixel_art:
        cure = f"Leave `tile` out, or make textures of this size (pixelate: {{grid: {wanted}}})"
        raise InputError(f"member '{name}' is pixel art of {width} pixels, which cannot be {wanted}", cure=cure)
    if width < wanted:
        what = f"member '{name}' is {width} pixels wide, too few for {tiles}"
        raise InputError(what, cure="Lower `tile`, or use a larger texture")
    factor = width // wanted
    if factor * wanted != width or height % factor or height // factor < _SMALLEST:
        what = f"the {width} × {height} pixels of member '{name}' are not a whole multiple of {tiles}"
        raise InputError(what, cure=f"Use a `tile` that divides {width // across}")

    def reduce(array: Array) -> Array:
        blocks = to_float(array).reshape(height // factor, factor, wanted, factor, array.shape[2])
        return as_samples(np.asarray(blocks.mean(axis=(1, 3)), np.float32), array)

    return images.map(reduce)


def _look(
    size: tuple[int, int], pixel_art: bool, outline: int | None, highlight: int | None, shadow: int | None
) -> Look:
    """How borders look; raises `InputError` where too much is drawn along them for the tile."""
    side = min(size)
    wide = max(1, side // 48)
    found = Look(
        wide if outline is None else outline,
        (wide if side >= 2 * _SMALLEST else 0) if highlight is None else highlight,
        max(1, side // 12 if side > 24 else side // 8) if shadow is None else shadow,
        1 if pixel_art else 4 if side <= 64 else 2,
    )
    if found.reach > side // _PIXELS_PER_REACH:
        what = f"outline and highlight, or the shadow, take {found.reach} pixels; a tile of {side} has room for"
        raise InputError(f"{what} {side // _PIXELS_PER_REACH}", cure="Lower them, or use larger textures")
    return found


def _solid(solid: str | None, names: Sequence[str], layout: Layout) -> int | None:
    if solid is not None and layout == "platformer":
        raise InputError("a platformer's ground is always solid", cure="Remove `solid`")
    if solid is not None and solid not in names:
        raise InputError(f"solid: '{solid}' is no member of this tileset", cure=did_you_mean(solid, names))
    return None if solid is None else names.index(solid)


def _draw(work: _Work, textures: Sequence[ImageSet], tiles: Sequence[Tile]) -> Iterator[_Drawn]:
    """Every tile with its collision polygons and its channels."""
    parts = shaded(textures, pixel_art=bool(textures[0].meta.pixel_art))
    masks = mask_of(work.form, by_corners=work.layout in ("dual_grid", "corner"))
    for tile in tiles:
        if work.layout == "platformer":
            regions = platform_regions(tile, work.form, work.look, len(textures))
            polygons = platform_polygons(tile, work.form.size)
        else:
            regions = border_regions(masks.draw(tile), work.look, 1 if len(textures) == 2 else None)
            polygons = _polygons(regions, parts, work)
        channels = compose(regions, parts, work.look)
        yield (
            replace(tile, collision=polygons),
            {name: as_samples(channels[name], textures[0][name]) for name in channels},
        )


def _polygons(regions: Regions, parts: Mapping[TilePart, Mapping[str, FloatArray]], work: _Work) -> tuple[Polygon, ...]:
    """Around the member that is solid."""
    if work.solid is None:
        return ()
    own = {part: region for part, region in regions.items() if part[0] == work.solid}
    return polygons_of(compose(own, parts, work.look)["color"][..., 3] >= 0.5) if own else ()


def _variants(
    work: _Work,
    textures: Sequence[ImageSet],
    larger: Sequence[_Larger],
    tiles: Sequence[Tile],
    weights: Sequence[float],
) -> Iterator[_Drawn]:
    """Further tiles that are full of one texture. Their pixels at the edges are those of the plain tile."""
    members = list(zip(textures, larger, strict=True)) if weights else []
    for number, (images, source) in enumerate(members[-1:] if work.layout == "platformer" else members):
        plain = next(tile for tile in tiles if {tile.terrain, *tile.corners, *tile.sides} == {number})
        for index, weight in enumerate(weights):
            varied = variant(images, work.form.seed + index, source)
            color = np.concatenate(split_alpha(varied["color"]), axis=2)
            yield replace(plain, probability=weight, name=f"variant{index + 1}"), {**varied.channels, "color": color}


def _diamonds(tiles: Sequence[_Drawn], size: tuple[int, int], *, soft: bool) -> list[_Drawn]:
    return [(diamond_tile(tile, size), diamond(channels, soft=soft)) for tile, channels in tiles]


def _terrain(name: str, images: ImageSet) -> Terrain:
    mean = np.rint(to_float(images["color"]).mean(axis=(0, 1), dtype=np.float64) * 255).astype(int)
    return Terrain(name, "#" + "".join(f"{value:02x}" for value in mean))


def _sheet(tiles: Sequence[_Drawn], pixel_art: bool | None, description: Tileset) -> ImageSet:
    """The tiles in rows; what is left of the last row is transparent."""
    height, width = tiles[0][1]["color"].shape[:2]
    found = replace(description, tile_size=(width, height), tiles=tuple(tile for tile, _ in tiles))
    rows = -(-len(tiles) // found.columns)
    sheets = {}
    for channel, first in tiles[0][1].items():
        sheet = np.zeros((rows * height, found.columns * width, first.shape[2]), first.dtype)
        for index, (_, channels) in enumerate(tiles):
            x, y = found.origin(index)
            sheet[y : y + height, x : x + width] = channels[channel]
        sheets[channel] = sheet
    return ImageSet(sheets, Meta(tiles="", pixel_art=pixel_art, tileset=found))
