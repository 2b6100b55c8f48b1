"""Rooms in perspective: walls, floor and ceiling by rays, lit by lamps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assetgen.controls._mood import Mood
from assetgen.controls._noise import Noise, Values, color, mixed, ramp_between
from assetgen.controls._props import Patch, draw_thing
from assetgen.controls._terrain import View

Covering = Callable[[Values, Values, Noise], Values]
"""Colours of a surface at places (u along it, v up or into the room)."""


@dataclass(frozen=True)
class Lamp:
    """A light at a place, with its colour and its reach in world units."""

    at: tuple[float, float, float]
    tint: tuple[float, float, float]
    reach: float = 4.0


@dataclass(frozen=True)
class Room:
    """A room: half width, height up to the ceiling or to where a vault begins, depth, coverings of floor, walls and
    ceiling, light from all sides, and lamps."""

    half: float
    high: float
    deep: float
    floor: Covering
    walls: Covering
    ceiling: Covering
    ambient: tuple[float, float, float]
    lamps: tuple[Lamp, ...]
    vault: bool = False
    eye: float = 1.7


def draw_room(view: View, room: Room, noise: Noise) -> None:
    """Draw the surfaces of a room in an empty view."""
    x, y = np.meshgrid(view.sight.across[0], view.sight.rise)
    tiny = 1e-4
    to_wall = room.half / np.maximum(np.abs(x), tiny)
    to_floor = room.eye / np.maximum(-y, tiny)
    over = room.high - room.eye
    if room.vault:
        a, b, c = x * x + y * y, -2 * y * over, over * over - room.half**2
        to_top = (-b + np.sqrt(np.maximum(b * b - 4 * a * c, 0))) / np.maximum(2 * a, tiny)
        to_top = np.where(y * to_top >= over, to_top, np.inf)
        to_wall = np.where(y * to_wall <= over, to_wall, np.inf)
    else:
        to_top = np.where(y > 0, over / np.maximum(y, tiny), np.inf)
    to_back = np.full_like(x, room.deep)
    z = np.minimum.reduce([to_wall, to_floor, to_top, to_back])
    kind = np.argmin(np.stack([to_wall, to_floor, to_top, to_back]), axis=0)
    px, py = x * z, y * z + room.eye
    around = room.high + np.arctan2(py - room.high, np.maximum(room.half - np.abs(px), tiny)) * room.half
    colors = np.where((kind == 0)[..., None], room.walls(z, py, noise), 0)
    colors = np.where((kind == 1)[..., None], room.floor(px, z, noise), colors)
    colors = np.where(
        (kind == 2)[..., None], room.ceiling(z if room.vault else px, around if room.vault else z, noise), colors
    )
    colors = np.where((kind == 3)[..., None], room.walls(px + 40, py, noise), colors)
    corner = np.minimum(np.minimum(py, room.half - np.abs(px) + 3 * (py > room.high)), room.deep - z)
    second = np.sort(np.stack([py, room.half - np.abs(px), room.deep - z]), axis=0)[1]
    shade = 0.55 + 0.45 * ramp_between(0, 0.9, np.minimum(np.maximum(corner, 0) + second, 0.9))
    view.picture[:] = colors * light_at(room, px, py, z) * shade[..., None]
    view.distance[:] = z


def light_at(room: Room, x: Values, y: Values, z: Values) -> Values:
    """The light at places in a room, RGB."""
    found = np.zeros((*np.shape(x), 3), np.float32) + np.array(room.ambient, np.float32)
    for lamp in room.lamps:
        far = (x - lamp.at[0]) ** 2 + (y - lamp.at[1]) ** 2 + (z - lamp.at[2]) ** 2
        found += (1 / (1 + 3 * far / lamp.reach**2))[..., None] * np.array(lamp.tint, np.float32)
    return np.asarray(np.minimum(found, 1.6), np.float32)


def place_in(
    view: View, room: Room, shapes: Sequence[Patch], at: tuple[float, float, float], setting: tuple[float, Mood]
) -> None:
    """Draw the shapes of a thing in a room, in the light of its place; `setting` is its height and the mood."""
    light = light_at(room, *(np.array([each], np.float32) for each in (at[0] * 0.9, at[1] + 0.6, at[2] - 0.4)))[0]
    lit = [Patch(each.corners, each.color if each.shines else each.color * light, each.shines) for each in shapes]
    draw_thing(view, lit, (at[0], at[1] - room.eye, at[2]), setting[0], setting[1])


def glow(view: View, room: Room, lamp: Lamp, size: float) -> None:
    """Light round a lamp, added to the picture."""
    column, distance = view.column(lamp.at[0], lamp.at[2])
    row, unit = float(view.row(lamp.at[1] - room.eye, distance)), view.focal / distance
    rows, columns = np.mgrid[0 : view.picture.shape[0], 0 : view.picture.shape[1]].astype(np.float32)
    far = np.hypot(columns - column, rows - row) / (unit * size)
    view.picture += (0.5 * np.exp(-far * 1.6))[..., None] * np.array(lamp.tint, np.float32)


def courses(code: str, wide: float, high: float) -> Covering:
    """Bricks or slabs in courses."""

    def cover(u: Values, v: Values, noise: Noise) -> Values:
        row = np.floor(v / high)
        along = u / wide + 0.5 * (row % 2)
        tint = noise.at(np.floor(along) * 7.3 + 60, row * 5.7 + 60, 1)
        joint = np.minimum(
            np.minimum(along % 1, 1 - along % 1) * wide, np.minimum(v / high % 1, 1 - v / high % 1) * high
        )
        rough = 0.85 + 0.3 * noise.at(u * 3 + 7, v * 3 + 7, 3)
        paint = color(code) * ((0.7 + 0.55 * tint) * rough)[..., None]
        return mixed(0.4 * paint, paint, ramp_between(0.015, 0.07, joint)[..., None])

    return cover


def planks(code: str, wide: float) -> Covering:
    """Boards that run along v."""

    def cover(u: Values, v: Values, noise: Noise) -> Values:
        number = np.floor(u / wide)
        tint = noise.at(number * 7.3 + 60, np.floor(v / 3.1 + 0.37 * number) * 3.9 + 60, 1)
        grain = noise.at(u * 9 + 30, v * 0.8 + 3 * number, 3)
        joint = np.minimum(u / wide % 1, 1 - u / wide % 1) * wide
        paint = color(code) * ((0.65 + 0.5 * tint) * (0.8 + 0.4 * grain))[..., None]
        return mixed(0.4 * paint, paint, ramp_between(0.0, 0.04, joint)[..., None])

    return cover


def timbered(plaster: str, timber: str) -> Covering:
    """Plaster between posts and beams, over a wooden panel."""
    wood = planks(timber, 0.32)

    def cover(u: Values, v: Values, noise: Noise) -> Values:
        paint = color(plaster) * (0.8 + 0.35 * noise.at(u * 1.5, v * 1.5 + 5, 4))[..., None]
        post = np.abs((u / 2.6) % 1 - 0.5) * 2.6
        beams = np.minimum(np.minimum(post, np.abs(v - 1.15)), np.abs(v - 3.0))
        paint = np.where((v < 1.15)[..., None], wood(u, v, noise), paint)
        return mixed(0.62 * color(timber) * np.ones(3), paint, ramp_between(0.13, 0.15, beams)[..., None])

    return cover


def shelves(timber: str) -> Covering:
    """Shelves full of books."""
    spines = np.array([color(code) for code in ("7a2e2a", "2f4a6a", "3f6a4a", "8a6a34", "5a3a5a", "a08a60", "4a3a30")])

    def cover(u: Values, v: Values, noise: Noise) -> Values:
        number, row = np.floor(u / 0.17), np.floor(v / 0.62)
        kind = noise.at(number * 7.3 + 60, row * 5.7 + 60, 1)
        paint = (
            spines[np.clip((kind * 9 - 1).astype(int), 0, 6)]
            * (0.75 + 0.5 * noise.at(number * 3.1 + 9, row * 2.3, 1))[..., None]
        )
        top = (v / 0.62 % 1) * 0.62
        paint = np.where(
            (top > 0.42 + 0.12 * noise.at(number * 1.9 + 4, row + 2, 1))[..., None], color("1c1410"), paint
        )
        edge = np.minimum(np.abs(u / 0.17 % 1 - 0.5) * -0.34 + 0.17, 1)
        paint = mixed(0.5 * paint, paint, ramp_between(0.0, 0.03, edge)[..., None])
        frame = np.minimum(top, np.abs((u / 2.4) % 1 - 0.5) * 2.4)
        return mixed(color(timber) * np.ones(3), paint, ramp_between(0.07, 0.09, frame)[..., None])

    return cover


def panels(code: str, strip: str) -> Covering:
    """Metal panels with a strip of light."""

    def cover(u: Values, v: Values, noise: Noise) -> Values:
        along, up = u / 1.6, v / 1.1
        joint = np.minimum(np.minimum(along % 1, 1 - along % 1) * 1.6, np.minimum(up % 1, 1 - up % 1) * 1.1)
        tint = noise.at(np.floor(along) * 7.3 + 60, np.floor(up) * 5.7 + 60, 1)
        paint: Values = color(code) * (0.75 + 0.4 * tint)[..., None]
        paint = mixed(0.35 * paint, paint, ramp_between(0.02, 0.06, joint)[..., None])
        line = ramp_between(0.1, 0.06, np.abs(v - 1.55)) + ramp_between(0.07, 0.04, np.abs(v - 0.12))
        return mixed(paint, 2.2 * color(strip), np.clip(line, 0, 1)[..., None])

    return cover


def carpeted(below: Covering, code: str, half: float) -> Covering:
    """A floor with a carpet down its middle."""

    def cover(u: Values, v: Values, noise: Noise) -> Values:
        cloth = color(code) * (0.85 + 0.3 * noise.at(u * 4, v * 4, 3))[..., None]
        border = ramp_between(0.08, 0.05, np.abs(np.abs(u) - half + 0.2))
        cloth = mixed(cloth, color("d8a84a"), border[..., None])
        return np.where((np.abs(u) < half)[..., None], cloth, below(u, v, noise))

    return cover
