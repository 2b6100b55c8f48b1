"""The cameras of a painting: what each sees of the meshes, rendered before the request."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import bpy
from mathutils import Vector

from .bake.sight import weights
from .client.scene import Scene
from .client.sizes import units_of
from .client.trouble import Notice, Trouble
from .depth import SeesNothing, render_depth
from .objects import objects
from .scene_mesh import scene_file
from .series import Shot
from .surfaces import scattered, shown_as_in_the_view
from .views import looking, looking_from_ring, looking_through, scene_camera

MOST = 24
"""Cameras of one painting: each takes a request."""
Looking = AbstractContextManager[tuple[bpy.types.Object, float]]


@dataclass(frozen=True)
class Subject:
    """The meshes to paint, by session uid, and whether the depth has a ground plane."""

    uids: tuple[int, ...]
    ground: bool


def pictures_of(context: bpy.types.Context, settings: Any, subject: Subject) -> list[Callable[[], Shot | str]]:
    """A function for each camera that renders what it sees: a shot, or the name of a camera that sees no mesh.

    Raises `Trouble` without a camera.
    """
    if settings.sights == "RING":
        corners = [item.matrix_world @ Vector(each) for item in objects(subject.uids) for each in item.bound_box]
        turns = [number * 360 / settings.ring for number in range(settings.ring)]
        return [
            partial(_shot, f"{turn:.0f}°", subject, partial(looking_from_ring, corners, turn, settings.elevation))
            for turn in turns
        ]
    if settings.sights == "VIEWPORT":
        return [partial(_shot, "View", subject, partial(looking, context, "VIEWPORT"))]
    return [partial(_of_camera, subject, camera.session_uid) for camera in _cameras(context, settings.sights)]


def shots_of(found: Sequence[Shot | str]) -> tuple[list[Shot], Notice | None]:
    """The shots among the renders, and what to report of cameras left out. Raises `Trouble` without a shot."""
    shots, blind = [each for each in found if isinstance(each, Shot)], [each for each in found if isinstance(each, str)]
    if not shots:
        raise Trouble("No camera sees the selected meshes.", "Turn the cameras to them, or choose Ring of Cameras.")
    if not blind:
        return shots, None
    return shots, Notice(
        f"Left out, because they see none of the meshes: {', '.join(blind)}.", "Turn them to the meshes."
    )


def _cameras(context: bpy.types.Context, sights: str) -> list[bpy.types.Object]:
    if sights == "CAMERA":
        return [scene_camera(context)]
    selected = sights == "SELECTED"
    among = context.selected_objects if selected else context.view_layer.objects
    found = sorted((item for item in among if item.type == "CAMERA"), key=lambda item: item.name)
    if not found and selected:
        raise Trouble("No camera is selected.", "Select cameras together with the meshes, or choose Ring of Cameras.")
    if not found:
        raise Trouble("The scene has no camera.", "Add one (Shift A, Camera), or choose Ring of Cameras.")
    if len(found) > MOST:
        raise Trouble(
            f"There are {len(found)} cameras; {MOST} can be used.", "Choose Selected Cameras, and select some."
        )
    return found


def _of_camera(subject: Subject, uid: int) -> Shot | str:
    [camera] = objects([uid])
    return _shot(camera.name, subject, partial(looking_through, bpy.context, camera))


def _shot(name: str, subject: Subject, look: Callable[[], Looking]) -> Shot | str:
    """Render the depth from a camera. Its name if it sees none of the meshes."""
    items, context = list(objects(subject.uids)), bpy.context
    points, normals = scattered(items)
    with look() as (camera, aspect), shown_as_in_the_view(items):
        units = units_of(aspect)
        try:
            sight = render_depth(context, camera, units, subject.ground)
        except SeesNothing:
            return name
        if not len(weights(points, normals, sight)[0]):
            return name
        scene = Scene(units, sight.png, scene_file(context, camera, units), subject.ground)
    return Shot(name, sight, scene)
