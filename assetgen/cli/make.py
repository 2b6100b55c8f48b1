"""`assetgen make`: assets of one preset, without a pack."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.build import run
from assetgen.cli.options import (
    DeviceOption,
    DraftOption,
    ExactPromptOption,
    JsonOption,
    NoncommercialOption,
    OverwriteOption,
    StoreOption,
)
from assetgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetgen.pack.library import PackFile


def make(
    preset: Annotated[str, typer.Argument(help="A preset; `assetgen presets list` shows them.")],
    prompt: Annotated[str, typer.Argument(help="The prompt.")] = "",
    *,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1000, help="The number of variations.")] = 1,
    seed: Annotated[int | None, typer.Option(min=0, help="The first seed, instead of one from the prompt.")] = None,
    model: Annotated[str, typer.Option(help="A model card; `assetgen models list` shows them.")] = "mini",
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Pixels to sample [default: those of model and preset].")
    ] = "",
    steps: Annotated[int | None, typer.Option(min=1, max=150, help="Sampler steps [default: the model's].")] = None,
    best_of: Annotated[int | None, typer.Option(min=1, max=64, help="Attempts of which the best is kept.")] = None,
    image: Annotated[Path | None, typer.Option(help="The picture to start from, or to animate.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="An argument of a part: pixelate.colors=8. Repeatable.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder for the files.")] = Path("out/make"),
    engine: Annotated[str, typer.Option(help="The exporter that writes the files.")] = "plain",
    exact_prompt: ExactPromptOption = False,
    draft: DraftOption = False,
    overwrite: OverwriteOption = False,
    allow_noncommercial: NoncommercialOption = False,
    device: DeviceOption = "auto",
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Make assets of one preset from a prompt or a picture.

    \b
    Examples:
      assetgen make pixel_sprite "a red dragon" -n 4
      assetgen make item_icon "a round shield" --set pixelate.colors=8 -o icons
      assetgen make idle --image hero.png -o sprites
    """
    from assetgen.build.options import BuildOptions
    from assetgen.cli.settings import parse_size
    from assetgen.machine import this_machine
    from assetgen.pack.entries import variations
    from assetgen.pack.project import Project

    overrides = _overrides(prompt, settings or [])
    start = _start(preset, image, {"size": parse_size(size) if size else None, "steps": steps})
    arguments = {alias: {**start.get(alias, {}), **overrides.get(alias, {})} for alias in {**start, **overrides}}
    entry: dict[str, object] = {"preset": preset, "prompt": prompt, **arguments}
    entry |= {"best_of": best_of, "exact_prompt": exact_prompt}
    title = prompt or (f"{image.stem} {preset}" if image else preset)
    assets = {name: {**entry, "seed": each} for name, each in variations(title, count, seed).items()}
    options = BuildOptions(draft=draft, overwrite=overwrite, once=True, allow_noncommercial=allow_noncommercial)
    run(Project(_pack(engine, model, assets), output), this_machine(store, device), options, json=json)


def _overrides(prompt: str, settings: list[str]) -> "dict[str, dict[str, object]]":
    """The arguments of `--set` by part. Raises `InputError` for what has an option of its own."""
    from assetgen.cli.settings import check_text, parse_settings
    from assetgen.pack.schema import ASSET_KEYS

    check_text("the prompt", prompt)
    overrides = parse_settings(settings)
    for alias, argument in ((alias, argument) for alias, arguments in overrides.items() for argument in arguments):
        if alias in ASSET_KEYS or argument in ("seed", "model"):
            raise InputError(f"--set cannot change '{alias}.{argument}'", cure="See --seed and --model")
    return overrides


def _start(preset: str, image: Path | None, sampling: "Mapping[str, object]") -> dict[str, dict[str, object]]:
    """The arguments of the preset's source: the picture, and those of `sampling` that are not None."""
    from assetgen.pack.library import library_for
    from assetgen.parts import load_part

    source = library_for(Path.cwd()).preset(preset).source
    part = load_part("source", source.part)
    takes = "image" in part.params.model_fields
    if image and not takes:
        raise InputError(f"preset '{preset}' does not start from a picture", cure="Leave out --image")
    if image is None and part.traits.members:
        cure = "Name it: --image hero.png" if takes else "Write a pack, and list them in `members`"
        raise InputError(f"preset '{preset}' needs {'a picture' if takes else 'other assets'}", cure=cure)
    given = {name: value for name, value in sampling.items() if value is not None}
    for name in given:
        if name not in part.params.model_fields:
            raise InputError(f"preset '{preset}' does not sample with '{name}'", cure=f"Leave out --{name}")
    return {source.alias: given | ({"image": str(image)} if image else {})}


def _pack(engine: str, model: str, assets: dict[str, dict[str, object]]) -> "PackFile":
    """A pack that exists in memory only."""
    from assetgen.pack.library import PackFile, library_for
    from assetgen.pack.schema import Pack
    from assetgen.pack.yaml_files import Document, validate

    document = Document("command line", {"pack": "make", "engine": engine, "model": model, "assets": assets})
    return PackFile(validate(document, Pack), document, Path.cwd(), library_for(Path.cwd()))
