"""The cameras of images: those of the scene, the current 3D view, or a ring around objects."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import radians, sin

import bpy
import numpy as np
from mathutils import Matrix, Vector

from .client.trouble import Trouble

VIEW_SENSOR = 72.0
"""Sensor width in millimetres: a 3D view shows twice as much as a 36 mm camera with the same lens."""


RING_FOV = 40.0
RING_AIR = 1.1


@contextmanager
def looking(context: bpy.types.Context, view: str) -> Iterator[tuple[bpy.types.Object, float]]:
    """Context with a temporary camera and the aspect ratio of its image; `view` is CAMERA or VIEWPORT.

    It stands still, has no depth of field, and is gone afterwards. Raises `Trouble` without a camera or view.
    """
    found = _of_viewport(context) if view == "VIEWPORT" else _of_camera(context, scene_camera(context))
    with _standing(*found) as shown:
        yield shown


@contextmanager
def looking_through(context: bpy.types.Context, camera: bpy.types.Object) -> Iterator[tuple[bpy.types.Object, float]]:
    """The same with a camera of the scene."""
    with _standing(*_of_camera(context, camera)) as shown:
        yield shown


@contextmanager
def looking_from_ring(
    corners: Sequence[Vector], turn: float, elevation: float
) -> Iterator[tuple[bpy.types.Object, float]]:
    """The same with a camera on a ring around `corners`, `turn` degrees to the right of the front (along +Y)."""
    middle = (Vector(np.min(corners, axis=0)) + Vector(np.max(corners, axis=0))) / 2
    reach = max(max((Vector(corner) - middle).length for corner in corners), 1e-3)
    away = RING_AIR * reach / sin(radians(RING_FOV / 2))
    axes = Matrix.Rotation(radians(turn), 4, "Z") @ Matrix.Rotation(radians(90 - elevation), 4, "X")
    data = bpy.data.cameras.new("assetgen view")
    data.sensor_fit, data.angle = "HORIZONTAL", radians(RING_FOV)
    data.clip_start, data.clip_end = away * 0.01, (away + reach) * 100
    with _standing(data, Matrix.Translation(middle) @ axes @ Matrix.Translation((0, 0, away)), 1.0) as shown:
        yield shown


def scene_camera(context: bpy.types.Context) -> bpy.types.Object:
    """The active camera of the scene. Raises `Trouble`."""
    camera = context.scene.camera
    if camera is None or camera.type != "CAMERA":
        raise Trouble("The scene has no camera.", "Add one (Shift A, Camera), or choose the viewport.")
    return camera


@contextmanager
def _standing(data: bpy.types.Camera, matrix: Matrix, aspect: float) -> Iterator[tuple[bpy.types.Object, float]]:
    camera = bpy.data.objects.new("assetgen view", data)
    try:
        data.dof.use_dof = False
        camera.matrix_world = matrix
        yield camera, aspect
    finally:
        bpy.data.objects.remove(camera)
        bpy.data.cameras.remove(data)


def _of_camera(context: bpy.types.Context, camera: bpy.types.Object) -> tuple[bpy.types.Camera, Matrix, float]:
    render = context.scene.render
    if camera.data.type not in ("PERSP", "ORTHO"):
        what = f"The camera {camera.name} is panoramic."
        raise Trouble(what, "Choose a perspective or orthographic camera.")
    seen = camera.evaluated_get(context.evaluated_depsgraph_get())
    aspect = render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y)
    data = camera.data.copy()
    data.animation_data_clear()
    return data, seen.matrix_world.normalized(), aspect


def _of_viewport(context: bpy.types.Context) -> tuple[bpy.types.Camera, Matrix, float]:
    area = context.area if context.area and context.area.type == "VIEW_3D" else _some_view()
    if area is None:
        cure = "Choose the camera, or ask in a window."
        raise Trouble("There is no 3D view (background mode has none).", cure)
    space = area.spaces.active
    region = next(region for region in area.regions if region.type == "WINDOW")
    if space.region_3d.view_perspective == "CAMERA":
        return _of_camera(context, scene_camera(context))
    data = bpy.data.cameras.new("assetgen view")
    data.sensor_width, data.lens = VIEW_SENSOR, space.lens
    data.clip_start, data.clip_end = space.clip_start, space.clip_end
    if space.region_3d.view_perspective == "ORTHO":
        data.type = "ORTHO"
        data.ortho_scale = space.region_3d.view_distance * VIEW_SENSOR / space.lens
    return data, space.region_3d.view_matrix.inverted(), region.width / max(region.height, 1)


def _some_view() -> bpy.types.Area | None:
    if bpy.app.background:
        return None
    areas = [area for window in bpy.context.window_manager.windows for area in window.screen.areas]
    return next((area for area in areas if area.type == "VIEW_3D"), None)
