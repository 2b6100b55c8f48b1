"""Turn the panel's settings into a job: read the scene, render uploads, and start the job."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import catalog, shots, turntable
from .client.job import Job
from .client.scene import Scene
from .client.sizes import units_of
from .client.trouble import Trouble
from .depth import SOLID, render_depth
from .drawing import Drawing
from .earlier import check_mask
from .folders import output_folder
from .forms import form_settings
from .layouts import check_paintable
from .preferences import preferences, project_folder, session_folder
from .properties import ASSETGEN_settings
from .scene_mesh import scene_file
from .series import Series
from .tasks import Task, begin
from .views import looking

Uploads = dict[str, tuple[str, bytes]]
PIXEL_USES = ("pixel_sprite", "pixel_texture")


def ask(context: bpy.types.Context, what: str, at_once: bool | None = None) -> Task:
    """Start one task. Raises `Trouble` for invalid settings.

    Long renders run in small pieces; with `at_once` in one call, as scripts expect in background mode.
    """
    settings: ASSETGEN_settings = context.scene.assetgen
    facts = {
        "targets": [item.session_uid for item in targets(context, what)],
        "as_asset": settings.as_asset,
    }
    at_once = bpy.app.background if at_once is None else at_once
    if what == "SPRITE":
        return _ask_sprite(context, settings, facts, at_once)
    if not settings.prompt.strip():
        raise Trouble("The prompt is empty.", "Write what to make, for example: a mossy brick wall.")
    facts |= surface_facts(settings, settings.preset) | {"origin": _origin(settings)}
    uploads, finish = _reference(settings), None
    if what == "PAINT":
        return _ask_painting(context, settings, facts, at_once)
    if what in ("CONCEPT", "PROJECT"):
        finish = _look(context, settings, what, facts)
    job = start_job(settings.prompt, request_of(settings), uploads, finish)
    return begin(what, settings.prompt.strip(), job, facts, settings.count)


def surface_facts(settings: ASSETGEN_settings, preset: str) -> dict[str, Any]:
    """How a material or a texture is put on."""
    words = {"tiling": settings.tiling, "box": settings.box, "displace": settings.displace}
    return {**words, "pixels": _is_pixel_art(preset)}


def targets(context: bpy.types.Context, what: str) -> list[bpy.types.Object]:
    """The objects that get the result. Raises `Trouble` if the task needs some and none is selected."""
    if what in ("CONCEPT", "PICTURE"):
        return []
    wants_meshes = what in ("PROJECT", "PAINT")
    kinds = ("MESH",) if wants_meshes else SOLID
    found = [item for item in context.selected_objects if item.type in kinds]
    active = context.view_layer.objects.active
    if what == "TEXTURE" and active in found:
        found = [active]
    if not found:
        what = "No mesh is selected." if wants_meshes else "No object with a surface is selected."
        raise Trouble(what, "Click one in the view.")
    return found


def model_of(settings: ASSETGEN_settings) -> str:
    """The model of the request."""
    return settings.model.strip() or preferences().model.strip() or "mini"


def request_of(settings: ASSETGEN_settings) -> dict[str, Any]:
    """The body of a `make` job."""
    request: dict[str, Any] = {
        "kind": "make",
        "preset": settings.preset.strip(),
        "prompt": settings.prompt.strip(),
        "model": model_of(settings),
        "count": settings.count,
        "seed": settings.seed,
        "settings": form_settings(settings, catalog.catalog.pages),
        "draft": settings.draft,
    }
    if settings.noncommercial:
        request["allow_noncommercial"] = True
    if settings.negative.strip():
        request["negative"] = settings.negative.strip()
    if settings.reference:
        request["settings"].setdefault("diffusion", {})["strength"] = round(settings.strength, 4)
    return request


def start_job(name: str, request: dict[str, Any], uploads: Uploads | None = None, finish: Any = None) -> Job:
    """Send a request; the results of a `make` are kept in the history of the project. Raises `Trouble`."""
    return _job_maker(name, request)(request=request, uploads=uploads or {}, finish=finish)


def _job_maker(name: str, request: dict[str, Any]) -> Callable[..., Job]:
    """A function that starts jobs, in any thread. Raises `Trouble`."""
    project = project_folder() if request["kind"] == "make" else None
    places = {"folder": output_folder(), "previews": session_folder("previews"), "project": project}
    return partial(Job, catalog.server(), name, ready=catalog.starter(), **places)


def _reference(settings: ASSETGEN_settings) -> Uploads:
    if not settings.reference:
        return {}
    image_path = Path(bpy.path.abspath(settings.reference))
    try:
        return {"diffusion.image": (image_path.name, image_path.read_bytes())}
    except OSError as error:
        why = f"The reference {image_path} cannot be read ({error.strerror})."
        raise Trouble(why, "Choose another file, or none.") from error


def _look(
    context: bpy.types.Context,
    settings: ASSETGEN_settings,
    what: str,
    facts: dict[str, Any],
) -> Any:
    """Render the depth, store the camera, and return the function that uploads the scene and sets the image size."""
    with looking(context, settings.view) as (camera, aspect):
        units = units_of(aspect)
        seen = render_depth(context, camera, units, settings.ground)
        scene = Scene(units, seen.png, scene_file(context, camera, units), settings.ground)
    if what == "PROJECT":
        facts |= {"sight": seen, "cuts": settings.cuts, "worlds": _worlds(targets(context, what))}
    elif settings.view == "CAMERA":
        facts |= {"camera": context.scene.camera.session_uid, "frame": _frame(context, aspect, units)}
    return scene.finish


def _frame(context: bpy.types.Context, aspect: float, units: tuple[int, int]) -> str:
    """How the image fits into the camera frame, as their aspect ratios differ slightly: `CROP` or `FIT`."""
    fit = context.scene.camera.data.sensor_fit
    spans_width = fit == "HORIZONTAL" or (fit == "AUTO" and aspect >= 1)
    is_narrower = units[0] / units[1] < aspect
    return "CROP" if spans_width == is_narrower else "FIT"


def _worlds(items: Sequence[bpy.types.Object]) -> dict[int, Any]:
    return {item.session_uid: np.array(item.matrix_world) for item in items}


def _ask_sprite(context: bpy.types.Context, settings: ASSETGEN_settings, facts: dict[str, Any], at_once: bool) -> Task:
    """Render the turntable; the server turns the whole sheet into pixel art with one palette."""
    items = targets(context, "SPRITE")
    table = turntable.Turntable(settings.views, settings.side, settings.elevation)
    subject = turntable.subject_of(context, items)
    steps = [{"pixelate": {"cell": turntable.CELL, "colors": settings.colors}}]
    name = settings.prompt.strip() or items[0].name
    facts |= {"origin": {"prompt": name}, "sheet": (table.count, table.columns, table.side)}
    request = {"kind": "post", "steps": steps}

    def job(pictures: list[Any]) -> Job:
        return start_job(name, request, {"upload": ("sheet.png", turntable.sheet(pictures, table))})

    drawing = Drawing([partial(turntable.view, subject, table, number) for number in range(table.count)], job)
    return begin("SPRITE", name, drawing.all() if at_once else drawing, facts)


def _ask_painting(
    context: bpy.types.Context, settings: ASSETGEN_settings, facts: dict[str, Any], at_once: bool
) -> Task:
    """Render what each camera sees, then request their pictures one after another."""
    items = targets(context, "PAINT")
    check_paintable(items)
    facts |= {"worlds": _worlds(items), "side": int(settings.texture), "shared": settings.shared, "before": {}}
    facts["limits"] = {"mask": settings.mask, "image": settings.mask_image.name if settings.mask_image else ""}
    check_mask(items, facts["limits"])
    request, uploads = request_of(settings), _reference(settings)
    make = _job_maker(settings.prompt, request)
    subject = shots.Subject(tuple(facts["targets"]), settings.ground)

    def series(found: list[Any]) -> Series:
        usable, notice = shots.shots_of(found)
        facts["views"] = [shot.sight for shot in usable]
        return Series(catalog.server(), request, uploads, usable, make, settings.goes_on, notice)

    drawing = Drawing(shots.pictures_of(context, settings, subject), series)
    return begin("PAINT", settings.prompt.strip(), drawing.all() if at_once else drawing, facts, settings.count)


def _origin(settings: ASSETGEN_settings) -> dict[str, Any]:
    """Metadata of a result from the panel's settings."""
    model = model_of(settings)
    metadata = {"prompt": settings.prompt.strip(), "preset": settings.preset, "seed": settings.seed, "model": model}
    return {**metadata, "licence": catalog.licence_of(model)}


def _is_pixel_art(preset: str) -> bool:
    uses = {each["name"]: each["use"] for each in catalog.catalog.presets}
    return uses.get(preset, preset) in (*PIXEL_USES, "pixel_tile")
