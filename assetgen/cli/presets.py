"""`assetgen presets`: list, show and validate presets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import PresetFolderOption, library_beside
from assetgen.cli.output import print_table, print_yaml, read_all
from assetgen.errors import AssetgenError, InputError, printable

if TYPE_CHECKING:
    from assetgen.pack.library import ResolvedPreset
    from assetgen.pack.schema import PartSpec

presets = typer.Typer(help="List, show and validate presets.", no_args_is_help=True)


@presets.command("list")
def list_presets(folder: PresetFolderOption = Path()) -> None:
    """List all presets with their descriptions.

    \b
    Examples:
      assetgen presets list
      assetgen presets list --pack art
    """
    library = library_beside(folder)
    found = read_all(library.preset_names(), library.preset)
    print_table([(name, each.preset.about if each else problem) for name, each, problem in found])


@presets.command("show")
def show_preset(name: str, folder: PresetFolderOption = Path()) -> None:
    """Print one preset as YAML, with everything it inherits.

    \b
    Examples:
      assetgen presets show item_icon
      assetgen presets show my_preset --pack art
    """
    found = library_beside(folder).preset(name)
    preset = found.preset
    shown: dict[str, object] = {"preset": preset.preset, "about": preset.about, "lineage": list(found.lineage)}
    shown |= {"use": preset.use, "source": _as_written(found.source), "tries": preset.tries}
    shown |= {"best_of": preset.best_of, "on_fail": preset.on_fail}
    for key in ("controls", "steps", "checks"):
        shown[key] = [_as_written(spec) for spec in getattr(preset, key) or ()]
    shown["defaults"] = {alias: dict(arguments) for alias, arguments in preset.defaults.items()}
    print_yaml({key: value for key, value in shown.items() if value not in (None, [], {})})


@presets.command("validate")
def validate_preset(files: Annotated[list[Path], typer.Argument(help="Preset files, or folders of them.")]) -> None:
    """Check presets by resolving one asset of each; nothing is made.

    \b
    Examples:
      assetgen presets validate art/stone_wall.yaml
      assetgen presets validate presets
    """
    failed = 0
    for path in _yaml_files(files):
        name = path.name.removesuffix(".yaml")
        try:
            _resolve_one(path, name)
            typer.echo(printable(f"{name}: ok"))
        except AssetgenError as error:
            failed += 1
            typer.echo(f"assetgen: {error}", err=True)
    raise typer.Exit(InputError.exit_code if failed else 0)


def _resolve_one(path: Path, name: str) -> None:
    """Resolve an asset of the preset. Raises the error of the preset."""
    from assetgen.pack.library import PackFile, library_for
    from assetgen.pack.resolve import resolve_pack
    from assetgen.pack.schema import Pack
    from assetgen.pack.yaml_files import Document, validate
    from assetgen.parts import load_part

    library = library_for(path.parent)
    preset = library.preset(name)
    takes_prompt = "prompt" in load_part("source", preset.source.part).params.model_fields
    asset = {"preset": name} | ({"prompt": "a test"} if takes_prompt else {}) | _files_for(preset, path)
    document = Document(str(path), {"pack": "validate", "assets": {"a_test": asset}})
    resolve_pack(PackFile(validate(document, Pack), document, path.parent, library), draft=True)


def _files_for(preset: "ResolvedPreset", path: Path) -> dict[str, dict[str, str]]:
    """A file for each argument that an asset must set to one: any file, because nothing is made."""
    from assetgen.parts import InputFile, load_part

    parts = [("source", preset.source), *(("control", each) for each in preset.preset.controls or ())]
    found: dict[str, dict[str, str]] = {}
    for kind, spec in parts:
        given = {**spec.arguments, **preset.preset.defaults.get(spec.alias, {})}
        for name, field in load_part(kind, spec.part).params.model_fields.items():
            if field.is_required() and field.annotation is InputFile and name not in given:
                found.setdefault(spec.alias, {})[name] = path.name
    return found


def _yaml_files(paths: list[Path]) -> list[Path]:
    from assetgen.pack.library import is_preset

    found = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    found = [file for file in found if file in paths or is_preset(file)]
    if not found:
        raise InputError("no preset file was found", cure="Give a .yaml file or a folder of them")
    return found


def _as_written(spec: "PartSpec") -> object:
    """A part as a preset file writes it: its name, or a mapping with its arguments."""
    alias = {"as": spec.alias} if spec.alias != spec.part else {}
    arguments = {**spec.arguments, **alias}
    return {spec.part: arguments} if arguments else spec.part
