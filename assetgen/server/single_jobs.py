"""Jobs without a pack: `make` makes variations of one asset from a prompt, `post` runs steps on an uploaded image."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from assetgen.build.attempts import first_attempt
from assetgen.build.options import BuildOptions
from assetgen.build.precision import with_number_formats
from assetgen.build.run import build_pack
from assetgen.build.stages import run_step
from assetgen.build.status import work_from_store
from assetgen.errors import InputError, did_you_mean
from assetgen.events import Finished, Planned, Published, StepRan, ignore
from assetgen.images import color_image
from assetgen.pack.entries import variations
from assetgen.pack.layers import named_types
from assetgen.pack.library import PackFile, ResolvedPreset, library_for
from assetgen.pack.licences import check_licences, studio_of
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.schema import ASSET_KEYS, Pack, PartSpec
from assetgen.pack.yaml_files import Document, explain, validate
from assetgen.parts import InputFile, Part, load_part, part_names
from assetgen.pixels.image_files import encode_png, read_image
from assetgen.server.context import JobEvents, ServerContext, check_weights_of
from assetgen.server.history import Variations
from assetgen.server.http_errors import RequestError
from assetgen.server.jobs import CheckedJob
from assetgen.server.projects import may_read_projects, project_folder
from assetgen.server.requests import Make, Post
from assetgen.server.uploads import upload_path
from assetgen.store.atomic import write_atomically
from assetgen.store.store import Store

_REQUEST = "request"
_UPLOAD_IT = "Upload the file and put its id into 'inputs'"


def check_make(request: Make, context: ServerContext) -> CheckedJob:
    """Plan the first variation; where the store has it, all."""
    file = _pack_of(request, context, 1)
    recipes = resolve_pack(file, engine=request.engine, draft=request.draft)
    check_licences(recipes, studio_of(file.pack), ignore, allowed=request.allow_noncommercial)
    check_weights_of(recipes)
    store = context.machine.store
    is_stored = _is_stored(with_number_formats(recipes, context.machine)[0], store)
    if is_stored and request.count > 1:
        planned = resolve_pack(_pack_of(request, context, request.count), engine=request.engine, draft=request.draft)
        recipes = with_number_formats(planned, context.machine)
        is_stored = all(_is_stored(recipe, store) for recipe in recipes)
    return CheckedJob(samples=not is_stored)


def _is_stored(recipe: Recipe, store: Store) -> bool:
    """Whether the store has the finished images."""
    return work_from_store(first_attempt(recipe, store), store) == "export"


def run_make(request: Make, context: ServerContext, events: JobEvents) -> Mapping[str, Any]:
    """Build the variations into the job's folder. Each is added to the history with its files."""
    file = _pack_of(request, context, request.count)
    project, seeds = Project(file, events.root), {name: spec.seed or 0 for name, spec in file.pack.assets.items()}
    planned = with_number_formats(project.plan(draft=request.draft, use_lock=False).recipes, context.machine)
    recipes = {recipe.name: recipe for recipe in planned}
    events.numbers |= {name: number for number, name in enumerate(seeds, 1)}
    events.variations = Variations(events.job.id, request, recipes, seeds, context.machine.store)
    events.root.mkdir(parents=True, exist_ok=True)
    allow = request.allow_noncommercial
    options = BuildOptions(draft=request.draft, once=True, overwrite=True, allow_noncommercial=allow)
    finished = build_pack(project, context.machine, options, events)
    return {"published": finished.published, "failed": finished.failed, "cost": finished.cost}


def check_post(request: Post, context: ServerContext) -> CheckedJob:
    """Check the arguments of each step."""
    upload_path(context.jobs, context.uploads, request.upload)
    steps = [_checked_step(name, arguments, context.folder)[0] for name, arguments in _steps(request)]
    return CheckedJob(samples=any(step.takes_device for step in steps))


def run_post(request: Post, context: ServerContext, events: JobEvents) -> Mapping[str, Any]:
    """Run the steps and write each channel as PNG."""
    events(Planned(assets=1, to_sample=0, images=0))
    source = upload_path(context.jobs, context.uploads, request.upload)
    images = color_image(read_image(source))
    for name, arguments in _steps(request):
        part, arguments = _checked_step(name, arguments, context.folder)
        images = run_step(part, name, images, arguments, context.machine.device)
        events(StepRan(asset="picture", step=name, seconds=0.0))
    paths = []
    for channel, array in images.channels.items():
        paths.append("picture.png" if channel == "color" else f"picture_{channel}.png")
        write_atomically(events.root / paths[-1], encode_png(array))
    events(Published(asset="picture", files=tuple(paths)))
    events(Finished(seconds=0.0, published=1, reused=0, failed=0, sampled=0))
    return {"published": 1, "failed": 0}


def _pack_of(request: Make, context: ServerContext, count: int) -> PackFile:
    """The request as a pack."""
    folder = project_folder(context.jobs, request.project) if request.project else None
    library = library_for(folder, may_read_projects(context.jobs, context.uploads))
    preset = library.preset(request.preset)
    overrides = _overrides(request, preset, context)
    entry: dict[str, object] = {"preset": request.preset, "prompt": request.prompt, **overrides}
    entry |= {"exact_prompt": request.exact_prompt, "best_of": request.best_of}
    if request.negative is not None:
        entry["negative"] = request.negative
    seeds = variations(request.prompt or request.preset, count, request.seed)
    assets = {name: {**entry, "seed": seed} for name, seed in seeds.items()}
    content = {"pack": "make", "engine": request.engine, "model": request.model, "assets": assets}
    document = Document(_REQUEST, content)
    return PackFile(validate(document, Pack), document, context.folder, library)


def _overrides(request: Make, preset: ResolvedPreset, context: ServerContext) -> dict[str, dict[str, Any]]:
    """The overrides in `settings` and `inputs`. A file is always an upload: a request opens no path of this machine."""
    overrides = {alias: dict(arguments) for alias, arguments in request.settings.items()}
    for alias, arguments in overrides.items():
        part = None if alias in ASSET_KEYS else _part(preset, alias)
        if part is None or (part.kind != "step" and {"seed", "model"} & set(arguments)):
            what = f"'{alias}' cannot be set here"
            raise RequestError(what, where="settings", cure="Use the fields seed, model, prompt and negative")
        _reject_paths(part, alias, arguments)
    for key, upload in request.inputs.items():
        alias, _, argument = key.partition(".")
        part = _part(preset, alias)
        fields = part.params.model_fields
        files = [name for name, info in fields.items() if InputFile in named_types(info.annotation)]
        if argument not in files:
            cure = did_you_mean(argument, files)
            raise RequestError(f"'{alias}' has no file argument '{argument}'", where=f"inputs.{key}", cure=cure)
        overrides.setdefault(alias, {})[argument] = str(upload_path(context.jobs, context.uploads, upload))
    return overrides


def _part(resolved: ResolvedPreset, alias: str) -> Part:
    """The part of an alias in a preset. Controls and exporters can be added to any preset."""
    preset = resolved.preset
    specs: list[tuple[Any, PartSpec]] = [("source", resolved.source)]
    specs += [("control", spec) for spec in preset.controls or ()]
    specs += [("step", spec) for spec in preset.steps or ()] + [("check", spec) for spec in preset.checks or ()]
    specs += [("exporter", preset.export)] if preset.export else []
    specs += [(k, PartSpec(part=n, alias=n)) for k in ("control", "exporter") for n in part_names(k)]
    for part_kind, spec in specs:
        if spec.alias == alias:
            return load_part(part_kind, spec.part)
    known = {spec.alias for _, spec in specs}
    what = f"preset '{preset.preset}' has no part '{alias[:60]}'"
    raise RequestError(what, where="settings", cure=did_you_mean(alias, known))


def _reject_paths(part: Part, alias: str, arguments: Mapping[str, Any]) -> None:
    for key, value in arguments.items():
        info = part.params.model_fields.get(key)
        if info is None or not _holds_file(info.annotation):
            continue
        if key == "palette" and isinstance(value, str) and re.fullmatch(r"[\w-]+(\.[\w-]+)*", value):
            continue
        if value is not None:
            raise RequestError(f"'{alias}.{key}' is a file", where=f"settings.{alias}.{key}", cure=_UPLOAD_IT)


def _holds_file(annotation: Any) -> bool:
    if annotation is InputFile:
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_holds_file(info.annotation) for info in annotation.model_fields.values())
    return any(_holds_file(each) for each in named_types(annotation)[1:])


def _steps(request: Post) -> list[tuple[str, Mapping[str, Any]]]:
    return [(step, {}) if isinstance(step, str) else next(iter(step.items())) for step in request.steps]


def _checked_step(name: str, arguments: Mapping[str, Any], folder: Path) -> tuple[Part, dict[str, Any]]:
    """A step with its validated arguments."""
    part = load_part("step", name)
    _reject_paths(part, name, arguments)
    values, library = dict(arguments), library_for(None)
    try:
        if isinstance(values.get("palette"), str):
            values["palette"] = library.palette(values["palette"], folder)
        valid = part.params.model_validate(values, context={"cards": library.card})
    except ValidationError as error:
        raise explain(error, part.params, Document(f"{_REQUEST}: {name}", values)) from error
    except InputError as error:
        raise error.at(f"{_REQUEST}: {name}") from error
    return part, {key: getattr(valid, key) for key in type(valid).model_fields}
