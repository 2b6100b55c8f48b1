"""Render an object from all sides: N views with a transparent background, on one sprite sheet.

Each view is rendered in a temporary scene, so that the user can undo or save between two of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, radians, sqrt

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from .client.png import write_png
from .client.trouble import Trouble
from .depth import SOLID, plain_render, render_pixels, set_format, use_cycles
from .objects import objects

CELL = 4
"""Rendered pixels a side for each sprite pixel."""
MOST_COLUMNS = 8
AIR = 1.06
SAMPLES = 6
"""Few samples suffice: each sprite pixel averages `CELL` × `CELL` rendered pixels."""
LIGHTS = ((1.9, 45, 35), (0.5, 10, -60))
"""Strength of each sun, and its direction in degrees from above and from the left, relative to the camera."""
AMBIENT = 0.35
SOLID_FROM = 0.5


@dataclass(frozen=True)
class Turntable:
    """Settings of a sprite sheet: `count` views from `elevation` degrees, sprites of `side` pixels."""

    count: int
    side: int
    elevation: float

    @property
    def columns(self) -> int:
        """Sprites in a row: a sheet without empty cells, as square as possible."""
        least = ceil(sqrt(self.count))
        return next((each for each in range(least, MOST_COLUMNS + 1) if self.count % each == 0), least)


@dataclass(frozen=True)
class Subject:
    """The rendered objects, by session uid, and the bounding box corners that must be visible."""

    items: tuple[int, ...]
    corners: tuple[Vector, ...]


def subject_of(context: bpy.types.Context, items: Sequence[bpy.types.Object]) -> Subject:
    """The subject of these objects in the current frame. Raises `Trouble` if nothing is visible."""
    graph = context.evaluated_depsgraph_get()
    corners = [
        item.matrix_world @ Vector(corner)
        for item in (each.evaluated_get(graph) for each in items)
        for corner in item.bound_box
        if item.type in SOLID
    ]
    if not corners:
        raise Trouble("The selection has nothing to see.", "Select a mesh.")
    return Subject(tuple(item.session_uid for item in items), tuple(corners))


def sheet(pictures: Sequence[NDArray[np.uint8]], table: Turntable) -> bytes:
    """The sheet of all views as a PNG, `CELL` times as large as its sprites."""
    side = table.side * CELL
    rows = -(-table.count // table.columns)
    whole = np.zeros((rows * side, table.columns * side, 4), np.uint8)
    for number, picture in enumerate(pictures):
        y, x = divmod(number, table.columns)
        whole[y * side : (y + 1) * side, x * side : (x + 1) * side] = picture
    return write_png(whole)


def view(subject: Subject, table: Turntable, number: int) -> NDArray[np.uint8]:
    """Render view `number`; 0 is the front. Raises `Trouble` if an object was removed."""
    items, side = list(objects(subject.items)), table.side * CELL
    scene = bpy.data.scenes.new("assetgen turntable")
    world = bpy.data.worlds.new("assetgen turntable")
    made: list[bpy.types.ID] = []
    try:
        for item in items:
            scene.collection.objects.link(item)
        camera = _new(scene, made, bpy.data.cameras.new("assetgen turntable"))
        suns = [_new(scene, made, bpy.data.lights.new("assetgen turntable", "SUN")) for _ in LIGHTS]
        _prepare(scene, world, camera, side)
        turn = _turn(number * 360 / table.count, table.elevation)
        _place(camera, subject.corners, table, turn)
        for sun, (strength, down, right) in zip(suns, LIGHTS, strict=True):
            sun.data.energy = strength
            sun.matrix_world = (turn @ _light(down, right)).to_4x4()
        return _alpha_clear(_encoded(render_pixels(scene, (side, side), ".png")))
    finally:
        bpy.data.scenes.remove(scene)
        bpy.data.worlds.remove(world)
        bpy.data.batch_remove(made)


def _place(camera: bpy.types.Object, corners: Sequence[Vector], table: Turntable, turn: Matrix) -> None:
    """Place the camera so that all corners are visible, at the same scale in all views."""
    middle = (Vector(np.min(corners, axis=0)) + Vector(np.max(corners, axis=0))) / 2
    turns = [_turn(number * 360 / table.count, table.elevation) for number in range(table.count)]
    reach = max((corner - middle).length for corner in corners)
    seen = [each.inverted() @ (corner - middle) for each in turns for corner in corners]
    camera.data.ortho_scale = AIR * 2 * max(max(abs(point.x), abs(point.y)) for point in seen)
    camera.data.clip_start, camera.data.clip_end = reach, reach * 3.1
    camera.matrix_world = Matrix.Translation(middle) @ turn.to_4x4() @ Matrix.Translation((0, 0, reach * 2))


def _prepare(scene: bpy.types.Scene, world: bpy.types.World, camera: bpy.types.Object, side: int) -> None:
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    tree = world.node_tree
    sky = next((node for node in tree.nodes if node.type == "BACKGROUND"), None)
    sky.inputs["Color"].default_value = (1, 1, 1, 1)
    sky.inputs["Strength"].default_value = AMBIENT
    scene.camera, scene.world = camera, world
    camera.data.type = "ORTHO"
    use_cycles(scene, SAMPLES)
    scene.view_settings.view_transform = "Standard"
    plain_render(scene.render)
    scene.render.resolution_x = scene.render.resolution_y = side
    set_format(scene.render, "PNG", "8")


def _new(scene: bpy.types.Scene, made: list[bpy.types.ID], data: bpy.types.ID) -> bpy.types.Object:
    item = bpy.data.objects.new(data.name, data)
    scene.collection.objects.link(item)
    made += [item, data]
    return item


def _turn(azimuth: float, elevation: float) -> Matrix:
    """The camera's axes. Azimuth 0 shows the front (along +Y); it grows to the right."""
    return Matrix.Rotation(radians(azimuth), 3, "Z") @ Matrix.Rotation(radians(90 - elevation), 3, "X")


def _light(down: float, right: float) -> Matrix:
    """The axes of a sun, relative to the camera."""
    return Matrix.Rotation(radians(-right), 3, "Y") @ Matrix.Rotation(radians(-down), 3, "X")


def _encoded(pixels: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def _alpha_clear(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Sprites have hard edges: alpha is 0 or 255."""
    solid = picture[..., 3:] >= SOLID_FROM * 255
    return np.where(solid, np.concatenate([picture[..., :3], np.full_like(picture[..., 3:], 255)], -1), 0)
