"""`assetgen make`: assets of one preset, without a pack."""

from dataclasses import dataclass, field, replace
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
    StoreOption,
)
from assetgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assetgen.pack.library import PackFile
    from assetgen.pack.recipe import Recipe


_MODEL = "mini"
"""The model card where none is named."""
_CountOption = Annotated[int, typer.Option("-n", "--count", min=1, max=1000, help="The number of variations.")]
_SeedOption = Annotated[
    int | None, typer.Option(min=0, help="The first seed, else one of the prompt, or after --like's.")
]
_ModelOption = Annotated[
    str | None, typer.Option(help="A model card; `assetgen models list` shows them [default: mini].")
]
_SizeOption = Annotated[str, typer.Option(metavar="WxH", help="Pixels to sample [default: the preset's].")]
_StepsOption = Annotated[int | None, typer.Option(min=1, max=150, help="Sampler steps [default: the model's].")]
_BestOption = Annotated[int | None, typer.Option(min=1, max=64, help="Attempts of which the best is kept.")]
_ImageOption = Annotated[Path | None, typer.Option(help="The picture to start from, or to animate.")]
_SetOption = Annotated[list[str] | None, typer.Option("--set", help="An argument: pixelate.colors=8. Repeatable.")]
_OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace files, instead of numbering new ones.")]


@dataclass(frozen=True)
class _Request:
    """The preset, prompt, model and seed of the command line, or of a picture; `arguments` of parts by alias."""

    preset: str
    prompt: str
    model: str
    seed: int | None = None
    arguments: "Mapping[str, Mapping[str, object]]" = field(default_factory=dict)
    exact_prompt: bool = False
    best_of: int | None = None


def make(
    preset: Annotated[str, typer.Argument(help="A preset; `assetgen presets list` shows them.")] = "",
    prompt: Annotated[str, typer.Argument(help="The prompt.")] = "",
    *,
    like: Annotated[
        Path | None, typer.Option(help="A PNG of assetgen to make again; with -n 4 four others like it.")
    ] = None,
    count: _CountOption = 1,
    seed: _SeedOption = None,
    model: _ModelOption = None,
    size: _SizeOption = "",
    steps: _StepsOption = None,
    best_of: _BestOption = None,
    image: _ImageOption = None,
    settings: _SetOption = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder for the files.")] = Path("out/make"),
    engine: Annotated[str, typer.Option(help="The exporter that writes the files.")] = "plain",
    exact_prompt: ExactPromptOption = False,
    draft: DraftOption = False,
    overwrite: _OverwriteOption = False,
    allow_noncommercial: NoncommercialOption = False,
    device: DeviceOption = "auto",
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Make assets of one preset from a prompt or a picture.

    \b
    Examples:
      assetgen make pixel_sprite "a red dragon" -n 4
      assetgen make --like out/make/a_red_dragon_02.png "a blue dragon"
    """
    from assetgen.build.options import BuildOptions
    from assetgen.cli.settings import parse_size
    from assetgen.machine import this_machine
    from assetgen.pack.project import Project

    request = _Request(preset, prompt, model or _MODEL, seed)
    if like:
        request = _like(like, replace(request, model=model or ""), image, count)
    elif " " in preset:
        what, swapped = f"'{preset}' is a prompt, not a preset", f'{prompt or "pixel_sprite"} "{preset}"'
        raise InputError(what, cure=f"Write the preset first, for example: assetgen make {swapped}")
    if best_of is not None or exact_prompt:
        request = replace(request, best_of=best_of, exact_prompt=exact_prompt or request.exact_prompt)
    sampling = {"size": parse_size(size) if size else None, "steps": steps}
    layers = [request.arguments, _start(request.preset, image, sampling), _overrides(request.prompt, settings or [])]
    assets = _assets(replace(request, arguments=_merged(layers)), image, count, draft=draft)
    options = BuildOptions(draft=draft, overwrite=overwrite, once=True, allow_noncommercial=allow_noncommercial)
    run(Project(_pack(engine, request.model, assets), output), this_machine(store, device), options, json=json)


def _like(path: Path, given: _Request, image: Path | None, count: int) -> _Request:
    """The request of a picture, with what the command line changes. A single word of it is the prompt.

    Several variations of one prompt begin after the picture's seed, so that none of them is the picture itself.
    """
    from assetgen.build.like import differing_arguments, read_made_from

    made = read_made_from(path)
    if made.needs_image and image is None:
        raise InputError(f"'{path}' was made from another picture", cure="Name that one with --image")
    preset, prompt = (given.preset, given.prompt) if given.prompt else ("", given.preset)
    for model in (_MODEL, made.model or _MODEL):
        plain = _Request(made.preset, made.prompt, model, made.seed, _start(made.preset, image, {}), best_of=1)
        first = _recipe(plain, image)
        if first.facts.model == made.model:  # the card itself, or one that names it for this preset
            break
    found = {} if preset not in ("", made.preset) else differing_arguments(made, first)
    has_prompt = "prompt" in found.get(first.source.alias, {})
    again = replace(plain, arguments=_merged([plain.arguments, found]), exact_prompt=has_prompt)
    if _recipe(again, image).images_key() != made.images_key and not made.is_draft:
        typer.echo(f"warning: '{path}' had another model, file or step than '{made.preset}' has now", err=True)
    if prompt not in ("", made.prompt) and has_prompt:
        del found[first.source.alias]["prompt"]
    seed = made.seed if given.seed is None else given.seed
    if given.seed is None and seed is not None and count > 1 and prompt in ("", made.prompt):
        seed += 1
    return _Request(
        preset or made.preset,
        prompt or made.prompt,
        given.model or model,
        seed,
        found,
        has_prompt,
        best_of=1,
    )


def _recipe(request: _Request, image: Path | None) -> "Recipe":
    from assetgen.pack.resolve import resolve_pack

    [recipe] = resolve_pack(_pack("plain", request.model, _assets(request, image, 1)))
    return recipe


def _merged(layers: "Sequence[Mapping[str, Mapping[str, object]]]") -> "dict[str, dict[str, object]]":
    """Arguments by alias; later layers replace earlier ones."""
    found: dict[str, dict[str, object]] = {}
    for layer in layers:
        for alias, arguments in layer.items():
            found.setdefault(alias, {}).update(arguments)
    return found


def _assets(request: _Request, image: Path | None, count: int, *, draft: bool = False) -> dict[str, dict[str, object]]:
    """The entries of a pack by name, one for each variation."""
    from assetgen.pack.entries import variations

    entry: dict[str, object] = {"preset": request.preset, "prompt": request.prompt}
    entry |= {"best_of": request.best_of, "exact_prompt": request.exact_prompt, **request.arguments}
    title = request.prompt or (f"{image.stem} {request.preset}" if image else request.preset)
    seeds = variations(title, count, request.seed, "_draft" if draft else "")
    return {name: {**entry, "seed": each} for name, each in seeds.items()}


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

    if not preset:
        raise InputError("make needs a preset, or a picture that it made", cure="`assetgen presets list` shows presets")
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
