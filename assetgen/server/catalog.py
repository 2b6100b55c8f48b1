"""What there is to ask for: presets with the words of their parts as JSON schemas, models, parts."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assetgen.errors import AssetgenError, InputError
from assetgen.pack.library import Library, ResolvedPreset
from assetgen.pack.schema import PartSpec
from assetgen.parts import KINDS, Part, load_part, part_names
from assetgen.pixels.image_files import SIGNATURE
from assetgen.server.http_errors import Unknown, told

OWN = ("seed", "model", "prompt", "negative")
"""Words of sources that have a field of their own in a request."""
MAX_THUMBNAIL = 1_000_000
"""Bytes."""
UPLOAD_SCHEMA = {"type": "string", "format": "upload", "title": "File", "description": "The id of an upload"}


def presets(library: Library) -> list[dict[str, Any]]:
    """Every preset: name, about, use, whether it has a thumbnail; or the error that keeps it from use."""
    return [_short(library, name) for name in library.preset_names()]


def _short(library: Library, name: str) -> dict[str, Any]:
    try:
        kind = library.preset(name)
    except AssetgenError as error:
        return {"name": name, "about": "", "use": None, "thumbnail": False, "error": told(error)}
    told_facts = {
        "about": kind.preset.about,
        "use": kind.preset.use,
        "thumbnail": _thumbnail(library, kind) is not None,
    }
    return {"name": name, **told_facts, "error": None}


def preset(library: Library, name: str) -> dict[str, Any]:
    """One preset with each of its parts. Raises `Unknown`."""
    kind = _kind(library, name)
    parts = list(_parts(kind))
    source = load_part("source", kind.source.part)
    takes = [word for word in OWN if word in source.params.model_fields]
    return {**_short(library, name), "lineage": list(kind.lineage), "takes": takes, "parts": parts}


def thumbnail(library: Library, name: str) -> bytes:
    """A preset's picture for pickers, as PNG. Raises `Unknown` where there is none."""
    data = _thumbnail(library, _kind(library, name))
    if data is None:
        cure = f"Put a PNG of at most {MAX_THUMBNAIL // 1_000_000} MB beside its YAML: {name}.png"
        raise Unknown(f"the preset '{name}' has no thumbnail", cure=cure)
    return data


def _thumbnail(library: Library, kind: ResolvedPreset) -> bytes | None:
    """`NAME.png` beside the preset's YAML or in `thumbnails/` there, else that of the nearest ancestor that has one."""
    folders = [(name, Path(document.file).parent) for name, document in zip(kind.lineage, kind.documents, strict=True)]
    places = (folder / place / f"{name}.png" for name, folder in folders for place in ("", "thumbnails"))
    return next(filter(None, (_small_png(library, place) for place in places)), None)


def _small_png(library: Library, place: Path) -> bytes:
    """The file, or nothing where it is no PNG, larger than a thumbnail may be, or not to be read."""
    try:
        library.read_guard(place)
        data = place.read_bytes() if place.is_file() and place.stat().st_size <= MAX_THUMBNAIL else b""
    except (OSError, InputError):
        return b""
    return data if data.startswith(SIGNATURE) else b""


def _kind(library: Library, name: str) -> ResolvedPreset:
    try:
        return library.preset(name)
    except InputError as error:
        if name in library.preset_names():
            raise
        raise Unknown(error.what, cure=error.cure) from error


def _parts(kind: ResolvedPreset) -> Iterator[dict[str, Any]]:
    preset = kind.preset
    yield _described(load_part("source", kind.source.part), kind.source, preset.defaults)
    for what, words in (("control", preset.controls), ("step", preset.steps), ("check", preset.checks)):
        for word in words or ():
            yield _described(load_part(what, word.part), word, preset.defaults)


def _described(part: Part, word: PartSpec, defaults: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    said = {**word.arguments, **defaults.get(word.alias, {})}
    schema = schema_of(part, said)
    return {"name": word.alias, "part": part.name, **_told(part), "schema": schema}


def _told(part: Part) -> dict[str, Any]:
    detector = part.traits.detector
    return {"kind": part.kind, "about": part.about, "detector": asdict(detector) if detector else None}


def schema_of(part: Part, said: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of a part's arguments, with what a preset says as defaults; files are ids of uploads."""
    schema: dict[str, Any] = _with_uploads(part.params.model_json_schema(mode="validation"))
    properties = {name: each for name, each in schema.get("properties", {}).items() if name not in OWN}
    for name, value in said.items():
        if name in properties:
            properties[name] = {**properties[name], "default": value}
    schema["properties"] = properties
    schema["$defs"] = {name: each for name, each in schema.get("$defs", {}).items() if f"/{name}'" in repr(properties)}
    schema["required"] = [name for name in schema.get("required", ()) if name in properties and name not in said]
    return schema


def _with_uploads(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_uploads(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("$ref") == "#/$defs/InputFile":
        return UPLOAD_SCHEMA
    return {key: _with_uploads(each) for key, each in schema.items()}


def models(library: Library) -> list[dict[str, Any]]:
    """Every model card: licence, native size, whether its weights are on this machine."""
    from assetgen.diffusion.loading.weight_files import availability

    found = []
    for name in library.card_names():
        try:
            card = library.card(name)
        except AssetgenError as error:
            empty = {"about": "", "family": "", "licence": "", "commercial": False, "native": [], "weights": "not here"}
            found.append({"name": name, **empty, "error": told(error)})
            continue
        told_facts = {fact: getattr(card, fact) for fact in ("about", "family", "licence", "commercial")}
        here = {"native": list(card.native), "weights": availability(card), "error": None}
        found.append({"name": name, **told_facts, **here})
    return found


def parts() -> list[dict[str, Any]]:
    """Every part with the schema of its arguments."""
    found = []
    for kind in KINDS:
        for name in part_names(kind):
            part = load_part(kind, name)
            found.append({"name": name, "version": part.traits.version, **_told(part), "schema": schema_of(part, {})})
    return found
