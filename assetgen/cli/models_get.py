"""`assetgen models get`: download the weights of a model or a detector."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import PresetFolderOption, library_beside
from assetgen.errors import InputError, counted, printable

if TYPE_CHECKING:
    from assetgen.diffusion.loading.downloads import HubDownload
    from assetgen.events import Emit, Event
    from assetgen.pack.schema import ModelCard

_CANCELLED = 130


def get_model(
    name: Annotated[str, typer.Argument(help="A model card, or a control that runs a detector.")],
    *,
    controls: Annotated[
        str, typer.Option(metavar="all|KIND,KIND", help="Control networks to download, too, like depth,canny.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Download without asking.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write one JSON event a line to stdout; implies --yes.")] = False,
    folder: PresetFolderOption = Path(),
) -> None:
    """Download the weights of a model: only the files that a build needs, and its LoRAs.

    The size is shown before anything is downloaded. Files that are here are not downloaded again, and the digests of
    all are compared with the hub's. For gated models log in first, with `hf auth login` or the variable HF_TOKEN.

    \b
    Examples:
      assetgen models get sdxl
      assetgen models get sdxl --controls depth,canny --yes
    """
    from assetgen.diffusion.loading.downloads import check_free_space, download

    try:
        files, licence = _wanted(name, controls, folder)
        _confirm(name, files, check_free_space(files), licence, yes=yes or json)
        with _shown(json=json) as emit:
            download(files, emit)
    except KeyboardInterrupt:
        command = _command(name, controls, folder)
        typer.echo(f"assetgen: interrupted; `{command}` continues after the last file", err=True)
        raise typer.Exit(_CANCELLED) from None
    _check_complete(name, controls, folder)
    if not json:
        typer.echo(f"{name} is here, and its digests are the hub's")


def _command(name: str, controls: str, folder: Path) -> str:
    """The command line with these arguments."""
    options = [*(["--controls", controls] if controls else []), *([] if folder == Path() else ["--pack", str(folder)])]
    return shlex.join(["assetgen", "models", "get", name, *options])


def _wanted(name: str, controls: str, folder: Path) -> "tuple[Sequence[HubDownload], str]":
    """The files to download, and their licence as text."""
    from assetgen.diffusion.loading.downloads import needed_downloads, needed_files
    from assetgen.pack.licences import licence_text
    from assetgen.parts import hub_files, load_part, part_names

    is_card = name in library_beside(folder).card_names()
    if not is_card and name in part_names("control") and (found := hub_files(load_part("control", name))):
        detector = load_part("control", name).traits.detector
        return needed_files(found), licence_text(detector) if detector else ""
    card = _card(name, folder)
    return needed_downloads(card, _kinds(card, controls)), licence_text(card)


def _card(name: str, folder: Path) -> "ModelCard":
    library = library_beside(folder)
    try:
        return library.card_as_written(name)
    except InputError as error:
        if name in library.card_names():
            raise
        raise InputError(error.what, cure=f"{error.cure} `--pack PACK` also finds models beside a pack") from error


def _kinds(card: "ModelCard", controls: str) -> list[str]:
    """The kinds of control networks that an option names."""
    from assetgen.errors import did_you_mean

    kinds = list(card.controls) if controls == "all" else [each.strip() for each in controls.split(",") if each.strip()]
    for kind in kinds:
        if kind not in card.controls:
            what = f"--controls: model '{card.model}' has no control '{kind}'"
            raise InputError(what, cure=did_you_mean(kind, card.controls))
    return kinds


def _confirm(name: str, files: "Sequence[HubDownload]", missing: int, licence: str, *, yes: bool) -> None:
    """Show the size of a download, and ask. Raises `InputError` where there is nothing to download or no terminal."""
    from assetgen.diffusion.loading.downloads import free_space, gigabytes

    if not files:
        raise InputError(f"'{name}' has no weights on the hub", cure="Its card names files of this machine")
    if not missing:
        typer.echo(f"{name}: all {len(files)} files are here; their digests are compared", err=True)
        return
    free, cache = free_space()
    wanted = [each for each in files if each.local is None]
    hubs = ", ".join(dict.fromkeys(each.hub for each in wanted))
    what = f"{gigabytes(missing)} in {counted(len(wanted), 'file')} of {hubs} into {cache} ({gigabytes(free)} free)"
    typer.echo(printable(f"{name}: {what}. Licence: {licence}"), err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError("nothing is downloaded without confirmation", cure="Add --yes")
    if not typer.confirm("Download?", err=True):
        raise typer.Exit(_CANCELLED)


def _check_complete(name: str, controls: str, folder: Path) -> None:
    """Raise where a model cannot be loaded from what the hub has, such as pickles only."""
    from assetgen.diffusion.loading.weight_files import check_model

    library = library_beside(folder)
    if name in library.card_names():
        card = library.card_as_written(name)
        check_model(card, _kinds(card, controls))


@contextmanager
def _shown(*, json: bool) -> "Iterator[Emit]":
    """The `Emit` of a download: JSON lines on stdout, a bar on a terminal, or one line a file."""
    from assetgen.cli.progress import print_json

    if json:
        yield print_json
    elif sys.stderr.isatty():
        with _bar() as emit:
            yield emit
    else:
        yield _line_a_file()


def _line_a_file() -> "Emit":
    from assetgen.events import Downloading

    names: set[str] = set()

    def emit(event: "Event") -> None:
        if isinstance(event, Downloading) and event.file not in names:
            names.add(event.file)
            typer.echo(printable(f"  {event.file}"), err=True)

    return emit


@contextmanager
def _bar() -> "Iterator[Emit]":
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from assetgen.events import Downloading

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)

        def emit(event: "Event") -> None:
            if isinstance(event, Downloading):
                name = printable(event.file.rpartition("/")[2])
                progress.update(task, description=f"{name:.40}", completed=event.done, total=event.total)

        yield emit
