"""`assetgen models`: list, show, download and verify models."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from assetgen.cli.models_get import get_model
from assetgen.cli.options import PresetFolderOption, library_beside
from assetgen.cli.output import print_table, print_yaml
from assetgen.errors import AssetgenError, InputError

if TYPE_CHECKING:
    from assetgen.pack.licences import Licensed
    from assetgen.pack.schema import ModelCard

models = typer.Typer(help="List, show, download and verify models.", no_args_is_help=True)
models.command("get")(get_model)


@models.command("list")
def list_models(folder: PresetFolderOption = Path()) -> None:
    """List model cards: size, licence, and whether the weights are here.

    \b
    Examples:
      assetgen models list
      assetgen models list --pack art
    """
    from assetgen.diffusion.loading.weight_files import availability
    from assetgen.pack.licences import licence_text

    library = library_beside(folder)
    rows = []
    for name in library.card_names():
        try:
            card = library.card(name)
        except AssetgenError as error:
            rows.append((name, "", "", "", f"cannot be used: {error}"))
            continue
        licences = "; ".join(dict.fromkeys([licence_text(card), *_noncommercial(card)]))
        rows.append((name, f"{card.native[0]}x{card.native[1]}", licences, availability(card), card.about))
    print_table(rows)


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

    The files of its control networks, LoRAs and embeddings are compared, too.

    \b
    Examples:
      assetgen models verify mini
      assetgen models verify my_model --pack art
    """
    from assetgen.diffusion.loading.weight_files import check_downloaded
    from assetgen.pack.weights import weights_digest

    card = library_beside(folder).card_as_written(name)
    check_downloaded(card, card.loras, card.controls)
    differ = 0
    for label, path, expected in _weight_files(card):
        found = weights_digest(path)
        differ += expected is not None and found != expected
        verdict = (
            "no digest in the card" if expected is None else "as its card says" if found == expected else "DIFFERS"
        )
        typer.echo(f"{label}: {verdict} ({found})")
    raise typer.Exit(InputError.exit_code if differ else 0)


def _weight_files(card: "ModelCard") -> list[tuple[str, Path, str | None]]:
    """Label, path and expected digest of all weights of a card. Raises an error where a file is damaged."""
    from assetgen.diffusion.loading.weight_files import (
        addition_path,
        check_file,
        check_weights,
        replaced_parts,
        weights_path,
    )

    files: list[tuple[str, Path, str | None]] = []
    for label, weights, digest in card.weight_locations(card.controls):
        check_weights(weights, replaced_parts(card) if weights is card.weights else ())
        files.append((label, weights_path(weights), digest))
    for each in (*card.loras, *card.embeddings):
        check_file(addition_path(each))
        files.append((f"{card.model}, {each.name}", addition_path(each), each.digest))
    return files


def _noncommercial(card: "ModelCard") -> list[str]:
    """The controls and LoRAs of a card that forbid commercial use, with their licences."""
    from assetgen.pack.licences import licence_text

    used: list[tuple[str, Licensed]] = [(f"control {kind}", each) for kind, each in card.controls.items()]
    used += [(f"LoRA {lora.name}", lora) for lora in card.loras]
    return [f"{name}: {licence_text(each)}" for name, each in used if each.commercial is not True or each.not_in]
