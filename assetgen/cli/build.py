"""`assetgen build`: build a pack into its game folder."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assetgen.cli.options import (
    DeviceOption,
    DraftOption,
    GameOption,
    JsonOption,
    JunitOption,
    NewGameOption,
    NoncommercialOption,
    OverwriteOption,
    PackArgument,
    PriceOption,
    StoreOption,
)
from assetgen.errors import AssetgenError, InputError

if TYPE_CHECKING:
    from assetgen.build.options import BuildOptions
    from assetgen.events import Event
    from assetgen.machine import Machine
    from assetgen.pack.project import Project


_UpdateOption = Annotated[
    str | None, typer.Option(metavar="GLOB", help="Like --locked, except for assets whose names match.")
]


def build(
    pack: PackArgument = Path(),
    *,
    game: GameOption = None,
    new_game: NewGameOption = False,
    only: Annotated[str, typer.Option(help="Build the assets whose names match this pattern.")] = "*",
    locked: Annotated[bool, typer.Option("--locked", help="Fail where the build would differ from the lock.")] = False,
    update: _UpdateOption = None,
    draft: DraftOption = False,
    overwrite: OverwriteOption = False,
    allow_noncommercial: NoncommercialOption = False,
    price: PriceOption = "",
    device: DeviceOption = "auto",
    runner: Annotated[Literal["local", "ray"], typer.Option(help="Sample here, or on Ray workers.")] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="The Ray cluster: auto, HOST:PORT, ray://HOST:PORT [default: all GPUs of this machine]."),
    ] = None,
    json: JsonOption = False,
    junit: JunitOption = None,
    store: StoreOption = None,
) -> None:
    """Build what changed in a pack, publish it, and write the lock.

    Each file is written completely or not at all, and only where its bytes differ.

    \b
    Examples:
      assetgen build art --game my-game
      assetgen build art --only "potion_*" --draft
    """
    from assetgen.build.options import BuildOptions
    from assetgen.cli.settings import parse_price
    from assetgen.machine import this_machine
    from assetgen.pack.project import Project
    from assetgen.runners import open_runner

    _refuse_conflicts(draft=draft, locked=locked, update=update, device_on_ray=runner == "ray" and device != "auto")
    project = Project.load(pack, game)
    options = BuildOptions(
        only=only,
        draft=draft,
        overwrite=overwrite,
        new_game=new_game,
        update="" if locked else update,
        allow_noncommercial=allow_noncommercial,
    )
    machine = this_machine(store, device, parse_price(price))
    with open_runner(runner, address) as run_elsewhere:
        run(project, replace(machine, runner=run_elsewhere), options, json=json, junit=junit)


def _refuse_conflicts(*, draft: bool, locked: bool, update: str | None, device_on_ray: bool) -> None:
    if device_on_ray:
        raise InputError("Ray gives each worker its device", cure="Leave out --device")
    if draft and (locked or update is not None):
        raise InputError("a draft has no lock", cure="Leave out --draft, or --locked and --update")
    if locked and update is not None:
        raise InputError(
            "--locked and --update exclude each other", cure="--update GLOB locks everything that does not match"
        )


def run(
    project: "Project",
    machine: "Machine",
    options: "BuildOptions",
    *,
    json: bool = False,
    junit: Path | None = None,
) -> None:
    """Build a project, print its events, and exit with the code of the result."""
    from assetgen.build.junit import write_report
    from assetgen.build.run import build_pack
    from assetgen.cli.progress import shown
    from assetgen.events import Failed, failed

    events: list[Event] = []
    try:
        with shown(json=json) as emit:

            def record(event: "Event") -> None:
                events.append(event)
                emit(event)

            finished = build_pack(project, machine, options, record)
    except AssetgenError as error:
        events.append(failed(error))
        raise
    finally:
        if junit:
            write_report(junit, [(project.pack.pack, events)])
    failures = [event.exit_code for event in events if isinstance(event, Failed)]
    raise typer.Exit(exit_code(failures, finished.published + finished.reused))


def exit_code(failures: list[int], succeeded: int) -> int:
    """The exit code of a build: 0 done, 3 something is not installed, 1 some assets failed, 2 all have bad input."""
    if not failures:
        return 0
    if 3 in failures:
        return 3
    return 2 if not succeeded and set(failures) == {2} else 1
