"""Arguments and options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from assetgen.pack.library import Library

PackArgument = Annotated[Path, typer.Argument(help="A folder with pack.yaml, or a *.pack.yaml file.", metavar="PACK")]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", envvar="ASSETGEN_STORE", help="The store: a folder or an fsspec URL [default: user cache]."
    ),
]
GameOption = Annotated[
    Path | None, typer.Option("--game", help="The root of the game project [default: `game` in the pack].")
]
NewGameOption = Annotated[bool, typer.Option("--new-game", help="Create the game's folder where it does not exist.")]
PriceOption = Annotated[
    str, typer.Option("--price", envvar="ASSETGEN_PRICE", metavar="USD/h", help="The price of this machine an hour.")
]
DeviceOption = Annotated[
    str,
    typer.Option("--device", envvar="ASSETGEN_DEVICE", help="The device of the models: auto, cuda, cuda:1, mps, cpu."),
]
JunitOption = Annotated[Path | None, typer.Option("--junit", help="Also write a JUnit XML report.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write one JSON event a line to stdout.")]
ExactPromptOption = Annotated[
    bool,
    typer.Option("--exact-prompt", help="Do not complete the prompt from the captions that the model was trained on."),
]
DraftOption = Annotated[bool, typer.Option("--draft", help="Draw placeholders instead of loading the model.")]
NoncommercialOption = Annotated[
    bool,
    typer.Option(
        "--allow-noncommercial", help="Allow models, controls, LoRAs and detectors that forbid commercial use."
    ),
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace files that were edited by hand.")]
PresetFolderOption = Annotated[Path, typer.Option("--pack", help="Also search beside this pack.")]


def library_beside(pack: Path) -> "Library":
    """The presets and model cards of a pack, given as a folder or a file, the user's and the shipped ones."""
    from assetgen.pack.library import library_for

    return library_for(pack if pack.is_dir() else pack.parent)
