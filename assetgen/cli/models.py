"""`assetgen models`: list, show, download and verify models."""

from collections.abc import Sequence
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.models_get import get_model
from assetgen.cli.options import PresetFolderOption, library_beside
from assetgen.cli.output import print_table, print_yaml, read_all
from assetgen.errors import InputError, printable

if TYPE_CHECKING:
    from assetgen.diffusion.loading.overview import ModelOverview
    from assetgen.pack.licences import Licensed
    from assetgen.pack.schema import ModelCard

models = typer.Typer(help="List, show, download and verify models.", no_args_is_help=True)
models.command("get")(get_model)
_CARD_FACTS = ("model", "about", "family", "licence", "licence_url", "commercial", "not_in", "facts", "native")


_COLUMNS = ("model", "commercial use", "download", "VRAM", "offl.", "4-bit", "steps", "s/image", "weights")
_LIST_NOTE = (
    "Sizes are in GB. download: without controls. VRAM, offl., 4-bit: device memory in 16 bits, offloaded\n"
    "by component, in 4 bits; computed, ~ from numbers of parameters. s/image: measured, by device.\n"
    "gated: not here, and its licence must be accepted on the hub before `assetgen models get MODEL`."
)


@models.command("list")
def list_models(
    json: Annotated[bool, typer.Option("--json", help="Write one JSON object a line to stdout, one a model.")] = False,
    folder: PresetFolderOption = Path(),
) -> None:
    """List models: licence, download size, device memory, steps, speed, and whether the weights are here.

    \b
    Examples:
      assetgen models list
      assetgen models list --pack art
    """
    from assetgen.diffusion.loading.overview import model_overview

    library = library_beside(folder)
    found = read_all(library.card_names(), lambda name: model_overview(library.card(name)))
    if json:
        for name, each, problem in found:
            typer.echo(dumps(_facts(each) if each else {"model": name, "error": problem}, ensure_ascii=False))
        return
    rows: list[tuple[str, ...]] = [_COLUMNS]
    notes: list[str] = []
    for name, each, problem in found:
        rows.append(_row(each) if each else (name, *[""] * (len(_COLUMNS) - 1)))
        notes += [f"{name}: {note}" for note in (_licence_notes(each.card) if each else [problem])]
    print_table(rows)
    typer.echo("\n".join(["", _LIST_NOTE, *(["", *map(printable, notes)] if notes else [])]))


def _row(each: "ModelOverview") -> tuple[str, ...]:
    """One line of the table; what is not known is empty."""
    from assetgen.pack.licences import licence_tier

    card, memory = each.card, each.memory
    mark = "" if each.weights == "here" else "~"
    needed = (memory.resident, memory.offloaded, memory.quantized) if memory else ()
    sizes = [f"{mark}{size / 1e9:.1f}" for size in needed]
    seconds = ", ".join(f"{value:g} {device}" for device, value in card.facts.seconds.items())
    weights = "gated" if card.facts.gated and each.weights == "not here" else each.weights
    download = f"{'' if card.facts.download else '~'}{each.size:.1f}" if each.size else ""
    steps = str(card.defaults.get("steps", ""))
    return card.model, licence_tier(card), download, *(sizes or [""] * 3), steps, seconds, weights


def _facts(each: "ModelOverview") -> dict[str, object]:
    """What `--json` writes of a model."""
    dumped = each.card.model_dump(mode="json", include=set(_CARD_FACTS))
    memory = each.memory
    kinds = ("resident", "offloaded", "quantized")
    needed = {kind: getattr(memory, kind) for kind in kinds} if memory else None
    return {**dumped, "steps": each.card.defaults.get("steps"), "weights": each.weights, "memory_bytes": needed}


@models.command("show")
def show_model(name: str, folder: PresetFolderOption = Path()) -> None:
    """Print one model card as YAML.

    \b
    Examples:
      assetgen models show mini
      assetgen models show my_model --pack art
    """
    print_yaml(library_beside(folder).card(name).model_dump(mode="json", exclude_defaults=True))


@models.command("verify")
def verify_model(name: str, folder: PresetFolderOption = Path()) -> None:
    """Compare a model's files with the digests in its card.

    The files of its LoRAs, its embeddings and the control networks that are here are compared, too.

    \b
    Examples:
      assetgen models verify mini
      assetgen models verify my_model --pack art
    """
    from assetgen.diffusion.loading.weight_files import check_model, get_command, missing_controls
    from assetgen.pack.weights import weights_digest

    card = library_beside(folder).card_as_written(name)
    missing = missing_controls(card, card.controls)
    kinds = [kind for kind in card.controls if kind not in missing]
    check_model(card, kinds)
    differ = 0
    for label, path, expected in _weight_files(card, kinds):
        found = weights_digest(path)
        differ += expected is not None and found != expected
        verdict = (
            "no digest in the card" if expected is None else "as its card says" if found == expected else "DIFFERS"
        )
        typer.echo(printable(f"{label}: {verdict} ({found})"))
    if missing:
        command = get_command(card.model, missing)
        typer.echo(printable(f"{card.model}: control networks that are not here: {', '.join(missing)}. {command}"))
    raise typer.Exit(InputError.exit_code if differ else 0)


def _weight_files(card: "ModelCard", kinds: Sequence[str]) -> list[tuple[str, Path, str | None]]:
    """Label, path and expected digest of all weights of a card, with its control networks of these kinds."""
    from assetgen.diffusion.loading.weight_files import addition_path, weights_path

    additions = (*card.loras, *card.embeddings)
    return [
        *((label, weights_path(weights), digest) for label, weights, digest in card.weight_locations(kinds)),
        *((f"{card.model}, {each.name}", addition_path(each), each.digest) for each in additions),
    ]


def _licence_notes(card: "ModelCard") -> list[str]:
    """The licences of a card, its controls and its LoRAs that are not a plain yes."""
    from assetgen.pack.licences import licence_text

    used: list[tuple[str, Licensed]] = [("", card)]
    used += [(f"control {kind}: ", each) for kind, each in card.controls.items()]
    used += [(f"LoRA {lora.name}: ", lora) for lora in card.loras]
    return [f"{name}{licence_text(each)}" for name, each in used if each.commercial is not True or each.not_in]
