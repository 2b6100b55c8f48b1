"""What a mesh is made of, by the words of a prompt."""

from dataclasses import dataclass, replace

import numpy as np

from assetgen.controls._mood import named
from assetgen.controls._noise import Noise, Values, color, mixed, ramp_between


@dataclass(frozen=True)
class Material:
    """Colours of walls and roofs; `bricks` and `panels` are textures, `windows` their share of the walls."""

    wall: Values
    roof: Values
    bricks: float = 0.0
    panels: float = 0.0
    windows: float = 0.0
    snow: bool = False


_PLAIN = Material(color("a59a8c"), color("8a7f74"))
_MATERIALS = {
    "stone": Material(color("aaa093"), color("6a5a5e"), bricks=1.0, windows=0.16),
    "house": Material(color("cdb893"), color("8a4b38"), windows=0.45),
    "wood": Material(color("8a6542"), color("6a4a34"), panels=0.7),
    "metal": Material(color("8d97a3"), color("7a8592"), panels=1.0),
    "sand": Material(color("d2a868"), color("c09458"), bricks=0.6),
    "ice": Material(color("a9cfe6"), color("d6ecf8")),
    "gold": Material(color("d8a838"), color("b88428")),
    "rock": Material(color("857a70"), color("857a70")),
}
_WORDS = {
    "wood": "wood wooden cabin log barn shack boat plank",
    "ice": "ice icy frozen",
    "gold": "gold golden",
    "sand": "sandstone pyramid desert adobe",
    "metal": "metal steel iron space spaceship starship robot mech sci scifi rocket wreck machine engine shuttle",
    "stone": "stone castle keep fortress tower bridge ruin ruins temple cathedral dungeon brick arch church palace",
    "house": "house cottage town village inn tavern mill home building hut",
    "rock": "rock cliff cave mountain boulder",
}
_COLORS = {
    "red": "b0382e", "blue": "3f66b0", "green": "4f8a48", "yellow": "d8b840", "orange": "d07a30", "purple": "7a4a9a",
    "pink": "d88aa0", "black": "35353c", "white": "e4e2dc", "grey": "8f8f92", "gray": "8f8f92", "brown": "7a5638",
    "rusty": "8a5236", "mossy": "7a8560",
}  # fmt: skip
_SNOW = {"snow": "snow snowy winter"}
_WINDOW = 1.15  # units from one window to the next
_LIT_WINDOW = np.array([1.0, 0.76, 0.36], np.float32)


def material_of(words: frozenset[str]) -> Material:
    """The material that the words of a prompt name."""
    found = named(words, _WORDS)
    material = _MATERIALS[found[0]] if found else _PLAIN
    if found and found[0] in ("wood", "sand") and "house" in found:
        material = replace(material, windows=_MATERIALS["house"].windows)
    tint = next((color(code) for name, code in _COLORS.items() if name in words), None)
    if tint is not None:
        material = replace(material, wall=mixed(material.wall, tint, 0.75), roof=mixed(material.roof, tint, 0.35))
    return replace(material, snow=bool(named(words, _SNOW)))


def surface(
    material: Material, places: Values, normals: Values, rise: Values, noise: Noise, is_dark: bool
) -> tuple[Values, Values]:
    """Colours of a surface, and the light of its windows (0 elsewhere), `H×W×3`.

    `places` are in units of which a model's radius has 7; `rise` is the height as a share of the model's.
    """
    x, y, z = np.moveaxis(places, -1, 0)
    upward = normals[..., 1]
    along = np.where(np.abs(normals[..., 0]) > np.abs(normals[..., 2]), z, x)
    stains = noise.at(along * 0.8 + 3, y * 0.8 + 60, 4)
    sloping = ramp_between(0.25, 0.4, upward) * ramp_between(0.97, 0.9, upward)
    roof = sloping * ramp_between(0.32, 0.42, rise)
    earth = ramp_between(0.3, 0.55, upward) * ramp_between(0.36, 0.22, rise)
    found = mixed(material.wall, material.roof, roof[..., None])
    if material.bricks or material.windows:
        found = mixed(found, color("75744e"), (0.75 * earth)[..., None])
    found = found * (0.74 + 0.5 * stains)[..., None]
    found = found * _rows(material, along, y, noise)[..., None]
    found = mixed(
        found,
        color("5b6440") * 0.9,
        (0.35 * ramp_between(0.25, 0.0, rise) * ramp_between(0.45, 0.65, stains))[..., None],
    )
    if material.snow:
        found = mixed(
            found, np.array([0.94, 0.96, 1.0]), ramp_between(0.3, 0.55, upward + 0.3 * (stains - 0.5))[..., None]
        )
    return _with_windows(np.asarray(found, np.float32), material, (along, y, rise), upward, noise, is_dark)


def _rows(material: Material, along: Values, y: Values, noise: Noise) -> Values:
    """Darker joints of bricks or panels, and their different tones."""
    amount = max(material.bricks, material.panels)
    if not amount:
        return np.ones_like(y)
    wide, high = (0.9, 0.45) if material.bricks else (1.6, 1.1)
    row = np.floor(y / high)
    shifted = along / wide + 0.5 * np.mod(row, 2)
    tone = noise.at(np.floor(shifted) + 0.5, row + 0.5, 1) - 0.5
    joint = np.maximum(np.abs(np.mod(y / high, 1) - 0.5), np.abs(np.mod(shifted, 1) - 0.5))
    return np.asarray(1 + amount * (0.28 * tone - 0.16 * ramp_between(0.42, 0.49, joint)), np.float32)


def _with_windows(
    colors: Values,
    material: Material,
    at: tuple[Values, Values, Values],
    upward: Values,
    noise: Noise,
    is_dark: bool,
) -> tuple[Values, Values]:
    """The colours with windows in upright walls, and the light of those that are lit."""
    along, y, rise = at
    column, row = np.floor(along / _WINDOW), np.floor(y / _WINDOW)
    across, up = along / _WINDOW - column, y / _WINDOW - row
    chance = noise.at(column + 0.37, row + 0.71, 1)
    pane = (np.abs(across - 0.5) < 0.2) & (np.abs(up - 0.5) < 0.28) & (np.abs(upward) < 0.2)
    is_window = pane & (chance > 1 - material.windows - 0.12 * (material.windows > 0)) & (rise > 0.12)
    shine = np.where((is_window & is_dark)[..., None], _LIT_WINDOW, 0)
    return mixed(colors, color("26282e"), 0.85 * is_window[..., None].astype(np.float32)), np.asarray(shine, np.float32)
