"""The exact depth of the scene from a camera, and the grey depth image for models.

Cycles renders the distance as light, on any machine and without a window; EEVEE needs a display.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import bpy
import numpy as np
from mathutils import Vector

from .bake.sight import Sight, rays_of
from .client.png import write_png
from .client.tones import GROUND_REACH, Floats, graded, ground, nearness_of
from .client.trouble import Trouble

SOLID = ("MESH", "CURVE", "SURFACE", "META", "FONT")
PIXELS_A_UNIT = 48
"""A square depth image is 768 pixels wide: more than 512-pixel models use, and fast."""


class SeesNothing(Trouble):
    """No surface is in front of the camera."""

    def __init__(self) -> None:
        super().__init__("The camera sees nothing.", "Turn it to the scene. Objects hidden in renders are ignored.")


@dataclass(frozen=True)
class DepthView(Sight):
    """The depth, and the grey image of it as a PNG."""

    png: bytes


def render_depth(
    context: bpy.types.Context, camera: bpy.types.Object, units: tuple[int, int], on_ground: bool
) -> DepthView:
    """Render the depth from a camera; `on_ground` adds a ground plane. Raises `Trouble`."""
    width, height = (unit * PIXELS_A_UNIT for unit in units)
    with depth_scene(context, camera, (width, height)) as scene:
        depth = _rendered(scene, (width, height))
        projection = camera.calc_matrix_camera(context.evaluated_depsgraph_get(), x=width, y=height)
    view = np.array(camera.matrix_world)
    clip, eye, forward = np.array(projection) @ np.linalg.inv(view), view[:3, 3], -view[:3, 2]
    seen = np.isfinite(depth)
    if not seen.any():
        raise SeesNothing()
    perspective = camera.data.type == "PERSP"
    nearness = nearness_of(depth, perspective)
    if on_ground:
        rays, origins = rays_of(clip, eye, forward, (width, height))
        low, high = extent(context)
        away = float(np.linalg.norm((low + high) / 2 - eye))
        reach = GROUND_REACH * max(away, float(np.linalg.norm(high - low)) / 2)
        nearness = np.maximum(nearness, ground(rays, origins, float(low[2]), reach, perspective))
    return DepthView(depth, clip, eye, forward, perspective, write_png(graded(nearness, perspective)))


@contextmanager
def depth_scene(
    context: bpy.types.Context, camera: bpy.types.Object, size: tuple[int, int]
) -> Iterator[bpy.types.Scene]:
    """Context with a temporary copy of the scene, in which every surface emits its distance."""
    scene = context.scene.copy()
    material = _distance_material()
    try:
        for layer in scene.view_layers:
            layer.use = layer.name == context.view_layer.name
            layer.material_override = material
        scene.collection.objects.link(camera)
        scene.camera, scene.world = camera, None
        use_cycles(scene, samples=1)
        scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01
        scene.cycles.film_exposure = 1.0
        scene.cycles.sample_clamp_direct = 0.0
        render = scene.render
        render.resolution_x, render.resolution_y = size
        plain_render(render)
        set_format(render, "OPEN_EXR", "32")
        yield scene
    finally:
        bpy.data.scenes.remove(scene)
        bpy.data.materials.remove(material)


def use_cycles(scene: bpy.types.Scene, samples: int) -> None:
    """Render with Cycles on the CPU, available everywhere. Raises `Trouble` if Cycles is disabled."""
    try:
        scene.render.engine = "CYCLES"
    except TypeError as error:
        raise Trouble("The render engine Cycles is disabled.", "Enable it in the preferences, Add-ons.") from error
    scene.cycles.device, scene.cycles.samples = "CPU", samples
    scene.cycles.use_denoising = scene.cycles.use_adaptive_sampling = False


def plain_render(render: bpy.types.RenderSettings) -> None:
    """Disable all render extras and make the background transparent."""
    render.resolution_percentage = 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0
    render.film_transparent = True
    for extra in ("compositing", "sequencer", "border", "motion_blur", "multiview", "freestyle", "stamp"):
        setattr(render, f"use_{extra}", False)


def set_format(render: bpy.types.RenderSettings, kind: str, depth: str) -> None:
    """Set the file format of a render."""
    settings = render.image_settings
    if hasattr(settings, "media_type"):  # Blender 5
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode, settings.color_depth = kind, "RGBA", depth


def render_pixels(scene: bpy.types.Scene, size: tuple[int, int], suffix: str) -> Floats:
    """Render and return the file's raw pixels, `height × width × 4`, top row first. Raises `Trouble`."""
    if bpy.app.is_job_running("RENDER"):
        raise Trouble("A render is running.", "Wait for it or cancel it, then try again.")
    with TemporaryDirectory(prefix="assetgen_") as folder:
        scene.render.filepath = str(Path(folder) / f"view{suffix}")
        bpy.ops.render.render(write_still=True, scene=scene.name)
        image = bpy.data.images.load(scene.render.filepath)
        try:
            image.colorspace_settings.name = "Non-Color"
            pixels = np.empty(size[0] * size[1] * 4, np.float32)
            image.pixels.foreach_get(pixels)
        finally:
            bpy.data.images.remove(image)
    return pixels.reshape(size[1], size[0], 4)[::-1]


def extent(context: bpy.types.Context) -> tuple[Floats, Floats]:
    """The bounding box of all rendered objects. Raises `Trouble` if there are none."""
    corners = [
        instance.matrix_world @ Vector(corner)
        for instance in context.evaluated_depsgraph_get().object_instances
        if instance.object.type in SOLID and not instance.object.hide_render
        for corner in instance.object.bound_box
    ]
    if not corners:
        raise Trouble("The scene has no visible object.", "Add a mesh.")
    return np.min(corners, axis=0), np.max(corners, axis=0)


def _rendered(scene: bpy.types.Scene, size: tuple[int, int]) -> Floats:
    pixels = render_pixels(scene, size, ".exr").astype(np.float64)
    return np.where(pixels[..., 3] > 0.5, pixels[..., 0], np.inf)


def _distance_material() -> bpy.types.Material:
    material = bpy.data.materials.new("assetgen distance")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    camera, light, output = (
        tree.nodes.new(f"ShaderNode{name}") for name in ("CameraData", "Emission", "OutputMaterial")
    )
    tree.links.new(camera.outputs["View Z Depth"], light.inputs["Color"])
    tree.links.new(light.outputs["Emission"], output.inputs["Surface"])
    return material
