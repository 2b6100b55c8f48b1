"""The camera of an image: the scene's camera, or the current 3D view."""

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from .client.trouble import Trouble

VIEW_SENSOR = 72.0
"""Sensor width in millimetres: a 3D view shows twice as much as a 36 mm camera with the same lens."""


@contextmanager
def looking(context: bpy.types.Context, view: str) -> Iterator[tuple[bpy.types.Object, float]]:
    """Context with a temporary camera and the aspect ratio of its image; `view` is CAMERA or VIEWPORT.

    It stands still, has no depth of field, and is gone afterwards. Raises `Trouble` without a camera or view.
    """
    data, matrix, aspect = _of_viewport(context) if view == "VIEWPORT" else _of_camera(context)
    camera = bpy.data.objects.new("assetgen view", data)
    try:
        data.dof.use_dof = False
        camera.matrix_world = matrix
        yield camera, aspect
    finally:
        bpy.data.objects.remove(camera)
        bpy.data.cameras.remove(data)


def _of_camera(context: bpy.types.Context) -> tuple[bpy.types.Camera, object, float]:
    camera, render = context.scene.camera, context.scene.render
    if camera is None or camera.type != "CAMERA":
        raise Trouble("The scene has no camera.", "Add one (Shift A, Camera), or choose the viewport.")
    if camera.data.type not in ("PERSP", "ORTHO"):
        raise Trouble("A panoramic camera cannot be used.", "Choose a perspective or orthographic camera.")
    seen = camera.evaluated_get(context.evaluated_depsgraph_get())
    aspect = render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y)
    data = camera.data.copy()
    data.animation_data_clear()
    return data, seen.matrix_world.normalized(), aspect


def _of_viewport(context: bpy.types.Context) -> tuple[bpy.types.Camera, object, float]:
    area = context.area if context.area and context.area.type == "VIEW_3D" else _some_view()
    if area is None:
        cure = "Choose the camera, or ask in a window."
        raise Trouble("There is no 3D view (background mode has none).", cure)
    space = area.spaces.active
    region = next(region for region in area.regions if region.type == "WINDOW")
    if space.region_3d.view_perspective == "CAMERA":
        return _of_camera(context)
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
