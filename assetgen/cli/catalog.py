"""`assetgen presets`, `assetgen models`, `assetgen steps`: what there is, and whether it is in order."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assetgen.errors import AssetgenError, InputError

if TYPE_CHECKING:
    from assetgen.pack.library import Library
    from assetgen.pack.schema import ModelCard, PartSpec
    from assetgen.parts import Part

presets = typer.Typer(help="Kinds of asset.", no_args_is_help=True)
models = typer.Typer(help="Model cards.", no_args_is_help=True)
steps = typer.Typer(help="Parts: sources, controls, steps, checks, exporters.", no_args_is_help=True)

FolderOption = Annotated[Path, typer.Option("--pack", help="Also look beside this pack.")]
HERE = Path()


@presets.command("list")
def list_presets(folder: FolderOption = HERE) -> None:
    """Every preset with what it is for."""
    library = _library(folder)
    _table([(name, _about(library, name)) for name in library.preset_names()])


@presets.command("show")
def show_preset(name: str, folder: FolderOption = HERE) -> None:
    """One preset with all that it inherits, as YAML."""
    kind = _library(folder).preset(name)
    preset = kind.preset
    shown: dict[str, Any] = {"preset": preset.preset, "about": preset.about, "lineage": list(kind.lineage)}
    shown |= {"use": preset.use, "source": _written(kind.source), "tries": preset.tries}
    for key in ("controls", "steps", "checks"):
        shown[key] = [_written(word) for word in getattr(preset, key) or ()]
    shown["defaults"] = {alias: dict(words) for alias, words in preset.defaults.items()}
    _yaml({key: value for key, value in shown.items() if value not in (None, [], {})})


@presets.command("validate")
def validate_preset(files: Annotated[list[Path], typer.Argument(help="Preset files, or folders of them.")]) -> None:
    """Check presets by resolving an asset of each, without making one."""
    from assetgen.pack.library import PackFile, library_for
    from assetgen.pack.resolve import resolve_pack
    from assetgen.pack.schema import Pack
    from assetgen.pack.yaml_files import Document, validate
    from assetgen.parts import load_part

    wrong = 0
    for path in _yaml_files(files):
        name = path.name.removesuffix(".yaml")
        try:
            library = library_for(path.parent)
            takes_prompt = "prompt" in load_part("source", library.preset(name).source.part).params.model_fields
            asset = {"preset": name} | ({"prompt": "a test"} if takes_prompt else {})
            document = Document(str(path), {"pack": "validate", "assets": {"a_test": asset}})
            resolve_pack(PackFile(validate(document, Pack), document, path.parent, library), draft=True)
            typer.echo(f"{name}: in order")
        except AssetgenError as error:
            wrong += 1
            typer.echo(f"assetgen: {error}", err=True)
    raise typer.Exit(InputError.exit_code if wrong else 0)


@models.command("list")
def list_models(folder: FolderOption = HERE) -> None:
    """Every model card: size, licence, whether its weights are on this machine, and what it is."""
    from assetgen.diffusion.loading.weight_files import availability
    from assetgen.pack.licences import licence_text

    library = _library(folder)
    rows = []
    for name in library.card_names():
        try:
            card = library.card(name)
        except AssetgenError as error:
            rows.append((name, "", "", "", f"cannot be used: {error}"))
            continue
        selling = "; ".join(dict.fromkeys([licence_text(card.licence, card.commercial), *_forbidden(card)]))
        rows.append((name, f"{card.native[0]}x{card.native[1]}", selling, availability(card), card.about))
    _table(rows)


def _forbidden(card: "ModelCard") -> list[str]:
    """What of a card's controls and LoRAs forbids commercial use."""
    from assetgen.pack.licences import licence_text

    used = [(f"control {kind}", each.licence, each.commercial) for kind, each in card.controls.items()]
    used += [(f"LoRA {lora.name}", lora.licence, lora.commercial) for lora in card.loras]
    return [f"{name}: {licence_text(licence, commercial)}" for name, licence, commercial in used if not commercial]


@models.command("show")
def show_model(name: str, folder: FolderOption = HERE) -> None:
    """One model card, as YAML."""
    _yaml(_library(folder).card(name).model_dump(mode="json", exclude_defaults=True))


@models.command("verify")
def verify_model(name: str, folder: FolderOption = HERE) -> None:
    """Compare the files of a model and of all that its card names besides with the digests in the card."""
    from assetgen.diffusion.loading.weight_files import (
        addition_path,
        check_downloaded,
        check_file,
        check_weights,
        replaced_parts,
        weights_path,
    )
    from assetgen.pack.weights import weights_digest

    card = _library(folder).card_as_written(name)
    check_downloaded(card, card.loras, card.controls)
    places: list[tuple[str, Path, str | None]] = []
    for label, weights, said in card.weight_locations(card.controls):
        check_weights(weights, replaced_parts(card) if weights is card.weights else ())
        places.append((label, weights_path(weights), said))
    for each in (*card.loras, *card.embeddings):
        check_file(addition_path(each))
        places.append((f"{card.model}, {each.name}", addition_path(each), each.digest))
    differ = 0
    for label, place, said in places:
        found = weights_digest(place)
        differ += said is not None and found != said
        verdict = "no digest in the card" if said is None else "as its card says" if found == said else "DIFFERS"
        typer.echo(f"{label}: {verdict} ({found})")
    raise typer.Exit(InputError.exit_code if differ else 0)


@steps.command("list")
def list_steps() -> None:
    """Every part, by kind."""
    from assetgen.parts import KINDS, load_part, part_names

    _table([(kind, name, load_part(kind, name).about) for kind in KINDS for name in part_names(kind)])


@steps.command("show")
def show_step(name: str) -> None:
    """The words of one part: type, default and what it does."""
    from assetgen.parts import KINDS, did_you_mean, load_part, part_names

    kinds = [kind for kind in KINDS if name in part_names(kind)]
    if not kinds:
        raise InputError(
            f"there is no part '{name}'", cure=did_you_mean(name, {n for k in KINDS for n in part_names(k)})
        )
    for kind in kinds:
        _show_part(load_part(kind, name))


def _show_part(part: "Part") -> None:
    import inspect

    from assetgen.pack.licences import licence_text

    typer.echo(f"{part.kind} {part.name} (version {part.traits.version})\n\n{inspect.getdoc(part.run)}\n")
    if detector := part.traits.detector:
        licence = licence_text(detector.licence, detector.commercial)
        typer.echo(f"For controls of the kind '{detector.kind}'. Licence: {licence}, {detector.licence_url}\n")
    rows = []
    for key, info in part.params.model_fields.items():
        default = "required" if info.is_required() else f"default {info.default!r}"
        rows.append((key, str(part.params.model_json_schema()["properties"][key].get("type", "")), default))
    _table(rows)


def _about(library: "Library", preset: str) -> str:
    """What a preset is for, or why it cannot be used."""
    try:
        return library.preset(preset).preset.about
    except AssetgenError as error:
        return f"cannot be used: {error}"


def _library(folder: Path) -> "Library":
    from assetgen.pack.library import library_for

    return library_for(folder if folder.is_dir() else folder.parent)


def _yaml_files(paths: list[Path]) -> list[Path]:
    from assetgen.pack.library import is_preset

    found = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    found = [file for file in found if file in paths or is_preset(file)]
    if not found:
        raise InputError("there is no preset file there", cure="Name a .yaml file or a folder of them")
    return found


def _written(word: "PartSpec") -> Any:
    named = {"as": word.alias} if word.alias != word.part else {}
    arguments = {**word.arguments, **named}
    return {word.part: arguments} if arguments else word.part


def _yaml(data: Any) -> None:
    import yaml

    typer.echo(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110), nl=False)


def _table(rows: Sequence[tuple[str, ...]]) -> None:
    """Columns aligned by spaces, so that both people and `cut` can read them."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
