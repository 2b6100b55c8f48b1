"""The presets, models and parts for the API, with the arguments of parts as JSON schemas for generated forms."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assetgen.errors import AssetgenError, InputError
from assetgen.pack.library import Library, ResolvedPreset
from assetgen.pack.licences import Licensed, licence_text
from assetgen.pack.schema import PartSpec
from assetgen.parts import PART_KINDS, Part, load_part, part_names
from assetgen.pixels.image_files import SIGNATURE
from assetgen.server.http_errors import NotFound, error_detail
from assetgen.server.responses import (
    DetectorTerms,
    ModelSummary,
    PartDetail,
    PresetDetail,
    PresetPart,
    PresetSummary,
)
from assetgen.server.shows import shows_parts

_REQUEST_FIELDS = ("seed", "model", "prompt", "negative")
"""Arguments of sources that are fields of a `make` request."""
_MAX_THUMBNAIL = 1_000_000
"""Bytes."""
_UPLOAD_SCHEMA = {"type": "string", "format": "upload", "title": "File", "description": "The id of an upload"}


def preset_summaries(library: Library) -> list[PresetSummary]:
    """Every preset; a broken one has its error."""
    return [_summary(library, name) for name in library.preset_names()]


def _summary(library: Library, name: str) -> PresetSummary:
    try:
        resolved = library.preset(name)
    except AssetgenError as error:
        return PresetSummary(name=name, about="", use=None, thumbnail=False, error=error_detail(error))
    preset, thumbnail = resolved.preset, _thumbnail(library, resolved) is not None
    return PresetSummary(name=name, about=preset.about, use=preset.use, thumbnail=thumbnail, error=None)


def preset_detail(library: Library, name: str) -> PresetDetail:
    """One preset with its parts. Raises `NotFound`."""
    resolved = _resolved(library, name)
    source = load_part("source", resolved.source.part)
    takes = [field for field in _REQUEST_FIELDS if field in source.params.model_fields]
    summary = _summary(library, name).model_dump()
    steps = [load_part("step", spec.part) for spec in resolved.preset.steps or ()]
    shows = shows_parts([source, *steps], pixel_art=(resolved.preset.use or "").startswith("pixel_"))
    lineage = list(resolved.lineage)
    return PresetDetail(**summary, lineage=lineage, takes=takes, parts=list(_parts(resolved)), shows=shows)


def preset_thumbnail(library: Library, name: str) -> bytes:
    """A preset's thumbnail as PNG. Raises `NotFound` where there is none."""
    data = _thumbnail(library, _resolved(library, name))
    if data is None:
        cure = f"Put a PNG of at most {_MAX_THUMBNAIL // 1_000_000} MB beside its YAML: {name}.png"
        raise NotFound(f"the preset '{name}' has no thumbnail", cure=cure)
    return data


def _thumbnail(library: Library, resolved: ResolvedPreset) -> bytes | None:
    """`NAME.png` beside the preset's YAML or in `thumbnails/` there, else that of the nearest ancestor with one."""
    for name, document in zip(resolved.lineage, resolved.documents, strict=True):
        for folder in (Path(document.file).parent, Path(document.file).parent / "thumbnails"):
            if data := _read_thumbnail(library, folder / f"{name}.png"):
                return data
    return None


def _read_thumbnail(library: Library, path: Path) -> bytes:
    """The file; empty where it is missing, unreadable, too large or not a PNG."""
    try:
        library.read_guard(path)
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= _MAX_THUMBNAIL else b""
    except (OSError, InputError):
        return b""
    return data if data.startswith(SIGNATURE) else b""


def _resolved(library: Library, name: str) -> ResolvedPreset:
    try:
        return library.preset(name)
    except InputError as error:
        if name in library.preset_names():
            raise
        raise NotFound(error.what, cure=error.cure) from error


def _parts(resolved: ResolvedPreset) -> Iterator[PresetPart]:
    preset = resolved.preset
    yield _preset_part(load_part("source", resolved.source.part), resolved.source, preset.defaults)
    for kind, specs in (("control", preset.controls), ("step", preset.steps), ("check", preset.checks)):
        for spec in specs or ():
            yield _preset_part(load_part(kind, spec.part), spec, preset.defaults)


def _preset_part(part: Part, spec: PartSpec, defaults: Mapping[str, Mapping[str, Any]]) -> PresetPart:
    schema = _schema(part, {**spec.arguments, **defaults.get(spec.alias, {})})
    facts = {"kind": part.kind, "about": part.about, "detector": _detector(part)}
    return PresetPart(name=spec.alias, part=part.name, schema=schema, **facts)


def _detector(part: Part) -> DetectorTerms | None:
    detector = part.traits.detector
    if detector is None:
        return None
    return DetectorTerms(kind=detector.kind, licence_url=detector.licence_url, **_licence(detector))


def _licence(each: Licensed) -> dict[str, Any]:
    """Name of a licence, with its conditions where it has some, and whether it allows commercial use."""
    simple = isinstance(each.commercial, bool) and not each.not_in
    return {"licence": each.licence if simple else licence_text(each), "commercial": each.commercial is not False}


def _schema(part: Part, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of a part's arguments, with a preset's values as defaults. Files are ids of uploads."""
    schema: dict[str, Any] = _with_uploads(part.params.model_json_schema(mode="validation"))
    hidden = () if part.kind == "step" else _REQUEST_FIELDS
    properties = {name: each for name, each in schema.get("properties", {}).items() if name not in hidden}
    for name, value in defaults.items():
        if name in properties:
            properties[name] = {**properties[name], "default": value}
    schema["properties"] = properties
    schema["$defs"] = {name: each for name, each in schema.get("$defs", {}).items() if f"/{name}'" in repr(properties)}
    schema["required"] = [name for name in schema.get("required", ()) if name in properties and name not in defaults]
    return schema


def _with_uploads(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_uploads(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("$ref") == "#/$defs/InputFile":
        return _UPLOAD_SCHEMA
    return {key: _with_uploads(each) for key, each in schema.items()}


def model_summaries(library: Library) -> list[ModelSummary]:
    """Every model card; a broken one has its error."""
    from assetgen.diffusion.loading.weight_files import availability

    found = []
    for name in library.card_names():
        try:
            card = library.card(name)
        except AssetgenError as error:
            empty = {"about": "", "family": "", "licence": "", "commercial": False, "native": [], "weights": "not here"}
            found.append(ModelSummary(name=name, **empty, error=error_detail(error)))
            continue
        facts = {"about": card.about, "family": card.family, **_licence(card)}
        facts["starts"] = {preset: each.start.scale for preset, each in card.presets.items() if each.start}
        found.append(ModelSummary(name=name, **facts, native=list(card.native), weights=availability(card), error=None))
    return found


def part_details() -> list[PartDetail]:
    """Every part with the schema of its arguments."""
    parts = [load_part(kind, name) for kind in PART_KINDS for name in part_names(kind)]
    return [
        PartDetail(
            name=part.name,
            kind=part.kind,
            version=part.traits.version,
            about=part.about,
            detector=_detector(part),
            schema=_schema(part, {}),
        )
        for part in parts
    ]
