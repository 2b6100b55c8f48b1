"""Jobs without a pack: `make` variations of one asset from a prompt, `post`: steps on an uploaded picture."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.build.stages import run_part
from assetgen.errors import InputError
from assetgen.events import Finished, Planned, Published, StepRan
from assetgen.images import color_image
from assetgen.pack.entries import variations
from assetgen.pack.library import Library, PackFile, library_for
from assetgen.pack.library import ResolvedPreset as PresetKind
from assetgen.pack.licences import refuse_noncommercial
from assetgen.pack.project import Project
from assetgen.pack.resolve import ASSET_KEYS, resolve_pack
from assetgen.pack.schema import Pack, PartSpec
from assetgen.pack.yaml_files import Document, explain, validate
from assetgen.parts import InputFile, Part, did_you_mean, load_part, named_types, part_names
from assetgen.pixels.image_files import encode_png, read_image
from assetgen.server.context import News, Ready, ServerContext, check_weights_of
from assetgen.server.http_errors import Refusal
from assetgen.server.projects import folder_of, readable
from assetgen.server.requests import Make, Post
from assetgen.server.uploads import place_of
from assetgen.store.atomic import write_atomically

REQUEST = "request"
UPLOAD_IT = "Upload the file, and name it in 'inputs'"


def look_at_make(ask: Make, desk: ServerContext) -> Ready:
    """Plan it."""
    recipes = resolve_pack(_file(ask, desk, 1), engine=ask.engine, draft=ask.draft)
    refuse_noncommercial(recipes, ask.allow_noncommercial)
    check_weights_of(recipes)
    return Ready()


def make(ask: Make, desk: ServerContext, news: News) -> Mapping[str, Any]:
    """Build the variations into the job's folder."""
    file = _file(ask, desk, ask.count)
    news.numbers |= {name: number for number, name in enumerate(file.pack.assets, 1)}
    news.root.mkdir(parents=True, exist_ok=True)
    options = BuildOptions(draft=ask.draft, once=True, overwrite=True, allow_noncommercial=ask.allow_noncommercial)
    finished = build_pack(Project(file, news.root), desk.machine, options, news)
    return {"published": finished.published, "failed": finished.failed, "cost": finished.cost}


def look_at_post(ask: Post, desk: ServerContext) -> Ready:
    """Check each step's words."""
    place_of(desk.jobs, desk.uploads, ask.upload)
    for name, arguments in _steps(ask):
        _words(name, arguments, desk.folder)
    return Ready()


def post(ask: Post, desk: ServerContext, news: News) -> Mapping[str, Any]:
    """Run the steps, and write each channel."""
    news(Planned(assets=1, to_sample=0))
    source = place_of(desk.jobs, desk.uploads, ask.upload)
    images = color_image(read_image(source))
    for name, arguments in _steps(ask):
        part, words = _words(name, arguments, desk.folder)
        images = run_part(part, name, images, **words)
        news(StepRan(asset="picture", step=name, seconds=0.0))
    paths = []
    for channel, array in images.channels.items():
        paths.append("picture.png" if channel == "color" else f"picture_{channel}.png")
        write_atomically(news.root / paths[-1], encode_png(array))
    news(Published(asset="picture", files=tuple(paths)))
    news(Finished(seconds=0.0, published=1, reused=0, failed=0, sampled=0))
    return {"published": 1, "failed": 0}


def _file(ask: Make, desk: ServerContext, count: int) -> PackFile:
    """The request as a pack."""
    folder = folder_of(desk.jobs, ask.project) if ask.project else None
    library = library_for(folder, readable(desk.jobs, desk.uploads))
    kind = library.preset(ask.preset)
    said = _said(ask, kind, desk)
    entry = {"preset": ask.preset, "prompt": ask.prompt, "model": ask.model, **said}
    if ask.negative is not None:
        entry["negative"] = ask.negative
    named = variations(ask.prompt or ask.preset, count)
    assets = {name: {**entry, "seed": ask.seed + index} for index, name in enumerate(named)}
    document = Document(REQUEST, {"pack": "make", "engine": ask.engine, "assets": assets})
    return PackFile(validate(document, Pack), document, desk.folder, library)


def _said(ask: Make, kind: PresetKind, desk: ServerContext) -> dict[str, dict[str, Any]]:
    """Settings and inputs as overrides. Files are named by uploads alone: a request opens no path of this machine."""
    said = {alias: dict(words) for alias, words in ask.settings.items()}
    for alias, words in said.items():
        if alias in ASSET_KEYS or {"seed", "model"} & set(words):
            what = f"'{alias}' cannot be set like that"
            raise Refusal(what, where="settings", cure="See the fields seed, model, prompt and negative")
        part = _part(kind, alias)
        _refuse_paths(part, alias, words)
    for key, upload in ask.inputs.items():
        alias, _, argument = key.partition(".")
        part = _part(kind, alias)
        fields = part.params.model_fields
        files = [name for name, info in fields.items() if InputFile in named_types(info.annotation)]
        if argument not in files:
            cure = did_you_mean(argument, files)
            raise Refusal(f"'{alias}' has no file '{argument}'", where=f"inputs.{key}", cure=cure)
        said.setdefault(alias, {})[argument] = str(place_of(desk.jobs, desk.uploads, upload))
    return said


def _part(kind: PresetKind, alias: str) -> Part:
    """The part that an alias means in a preset; controls may be added to any."""
    preset = kind.preset
    words: list[tuple[Any, PartSpec]] = [("source", kind.source)]
    words += [("control", word) for word in preset.controls or ()]
    words += [("step", word) for word in preset.steps or ()] + [("check", word) for word in preset.checks or ()]
    words += [("exporter", preset.export)] if preset.export else []
    words += [(k, PartSpec(part=n, alias=n)) for k in ("control", "exporter") for n in part_names(k)]
    for part_kind, word in words:
        if word.alias == alias:
            return load_part(part_kind, word.part)
    known = {word.alias for _, word in words}
    what = f"preset '{preset.preset}' has no part '{alias[:60]}'"
    raise Refusal(what, where="settings", cure=did_you_mean(alias, known))


def _refuse_paths(part: Part, alias: str, words: Mapping[str, Any]) -> None:
    for key, value in words.items():
        info = part.params.model_fields.get(key)
        if info is None or not _holds_file(info.annotation):
            continue
        if key == "palette" and isinstance(value, str) and re.fullmatch(r"[\w-]+(\.[\w-]+)*", value):
            continue
        if value is not None:
            raise Refusal(f"'{alias}.{key}' is a file", where=f"settings.{alias}.{key}", cure=UPLOAD_IT)


def _holds_file(annotation: Any) -> bool:
    if annotation is InputFile:
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_holds_file(info.annotation) for info in annotation.model_fields.values())
    return any(_holds_file(each) for each in named_types(annotation)[1:])


def _steps(ask: Post) -> list[tuple[str, Mapping[str, Any]]]:
    return [(step, {}) if isinstance(step, str) else next(iter(step.items())) for step in ask.steps]


def _words(name: str, arguments: Mapping[str, Any], folder: Path) -> tuple[Part, dict[str, Any]]:
    """A step with its words, checked."""
    part = load_part("step", name)
    _refuse_paths(part, name, arguments)
    words = dict(arguments)
    try:
        if isinstance(words.get("palette"), str):
            words["palette"] = _library().palette(words["palette"], folder)
        valid = part.params.model_validate(words)
    except ValidationError as error:
        raise explain(error, part.params, Document(f"{REQUEST}: {name}", words)) from error
    except InputError as error:
        raise error.at(f"{REQUEST}: {name}") from error
    return part, {key: getattr(valid, key) for key in type(valid).model_fields}


def _library() -> Library:
    return library_for(None)
