"""`assetgen build` and `assetgen make`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assetgen.errors import AssetgenError, InputError

if TYPE_CHECKING:
    from assetgen.build.options import BuildOptions
    from assetgen.events import Event
    from assetgen.machine import Machine
    from assetgen.pack.project import Project

PackArgument = Annotated[Path, typer.Argument(help="A folder with pack.yaml, or a *.pack.yaml file.")]
StoreOption = Annotated[
    str | None,
    typer.Option("--store", envvar="ASSETGEN_STORE", help="Save points: a folder or a URL [default: user cache]."),
]
GameOption = Annotated[
    Path | None, typer.Option("--game", help="The game project's root [default: the pack's `game`].")
]
PriceOption = Annotated[
    str, typer.Option("--price", envvar="ASSETGEN_PRICE", metavar="USD/h", help="What an hour of this machine costs.")
]
DeviceOption = Annotated[
    str,
    typer.Option("--device", envvar="ASSETGEN_DEVICE", help="Where models run: auto, cuda, cuda:1, mps, cpu."),
]
JunitOption = Annotated[Path | None, typer.Option("--junit", help="Also write a JUnit XML report.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON event a line on stdout.")]
DraftOption = Annotated[bool, typer.Option("--draft", help="Quick drawings instead of the model.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="An argument of a part: pixelate.colors=8.")]
NoncommercialOption = Annotated[
    bool,
    typer.Option("--allow-noncommercial", help="Use models, controls, LoRAs and detectors that forbid commercial use."),
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace files that were edited by hand.")]


def build(
    pack: PackArgument,
    *,
    game: GameOption = None,
    only: Annotated[str, typer.Option(help="Build the assets whose names match this pattern.")] = "*",
    locked: Annotated[bool, typer.Option("--locked", help="Refuse whatever the lock does not describe.")] = False,
    update: Annotated[
        str | None, typer.Option(metavar="GLOB", help="Like --locked, but these assets may change, in the lock too.")
    ] = None,
    draft: DraftOption = False,
    overwrite: OverwriteOption = False,
    allow_noncommercial: NoncommercialOption = False,
    price: PriceOption = "",
    device: DeviceOption = "auto",
    runner: Annotated[
        Literal["local", "ray"], typer.Option(help="Who makes the pictures: this process, or the workers of Ray.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="Of a Ray cluster: auto, HOST:PORT, ray://HOST:PORT [default: this machine, all its GPUs]."),
    ] = None,
    json: JsonOption = False,
    junit: JunitOption = None,
    store: StoreOption = None,
) -> None:
    """Build a pack into its game folder: only what changed, each file whole or not at all; then write its lock."""
    from assetgen.build.options import BuildOptions
    from assetgen.cli.settings import parse_price
    from assetgen.machine import this_machine
    from assetgen.pack.project import Project
    from assetgen.runners import open_runner

    if draft and (locked or update is not None):
        raise InputError("a draft has no lock", cure="Leave out --draft, or --locked and --update")
    if locked and update is not None:
        raise InputError("--locked and --update exclude each other", cure="--update GLOB locks all but what matches")
    if device != "auto" and runner == "ray":
        raise InputError("Ray gives each worker its device", cure="Leave out --device")
    project = Project.load(pack, game)
    options = BuildOptions(
        only=only,
        draft=draft,
        overwrite=overwrite,
        update="" if locked else update,
        allow_noncommercial=allow_noncommercial,
    )
    machine = this_machine(store, device, parse_price(price))
    with open_runner(runner, address) as run_elsewhere:
        run(project, replace(machine, runner=run_elsewhere), options, json=json, junit=junit)


def make(
    preset: Annotated[str, typer.Argument(help="A preset; `assetgen presets list` shows them.")],
    prompt: Annotated[str, typer.Argument(help="What it shows.")] = "",
    *,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1000, help="How many variations.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Variations count up from this seed.")] = 0,
    model: Annotated[str, typer.Option(help="A model card; `assetgen models list` shows them.")] = "mini",
    settings: SetOption = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the files.")] = Path("out/make"),
    engine: Annotated[str, typer.Option(help="The exporter that writes the files.")] = "plain",
    draft: DraftOption = False,
    overwrite: OverwriteOption = False,
    allow_noncommercial: NoncommercialOption = False,
    device: DeviceOption = "auto",
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Make one kind of asset from a prompt, without a pack."""
    from assetgen.build.options import BuildOptions
    from assetgen.cli.settings import parse_settings
    from assetgen.machine import this_machine
    from assetgen.pack.entries import variations
    from assetgen.pack.library import PackFile, library_for
    from assetgen.pack.project import Project
    from assetgen.pack.schema import ASSET_KEYS, Pack
    from assetgen.pack.yaml_files import Document, validate

    said = parse_settings(settings or [])
    for alias, argument in ((alias, argument) for alias, arguments in said.items() for argument in arguments):
        if alias in ASSET_KEYS or argument in ("seed", "model"):
            raise InputError(f"--set cannot change '{alias}.{argument}'", cure="See --seed and --model")
    entry = {"preset": preset, "prompt": prompt, "model": model, **said}
    assets = {name: {**entry, "seed": seed + index} for index, name in enumerate(variations(prompt or preset, count))}
    document = Document("command line", {"pack": "make", "engine": engine, "assets": assets})
    file = PackFile(validate(document, Pack), document, Path.cwd(), library_for(Path.cwd()))
    options = BuildOptions(draft=draft, overwrite=overwrite, once=True, allow_noncommercial=allow_noncommercial)
    run(Project(file, output), this_machine(store, device), options, json=json)


def run(
    project: "Project",
    machine: "Machine",
    options: "BuildOptions",
    *,
    json: bool = False,
    junit: Path | None = None,
) -> None:
    """Build a project, show its events, and exit with the code that fits."""
    from assetgen.build.junit import write_report
    from assetgen.build.run import build_pack
    from assetgen.cli.progress import shown
    from assetgen.events import Failed

    events: list[Event] = []
    try:
        with shown(json=json) as emit:

            def note(event: "Event") -> None:
                events.append(event)
                emit(event)

            finished = build_pack(project, machine, options, note)
    except AssetgenError as error:
        events.append(Failed(reason=str(error), exit_code=error.exit_code))
        raise
    finally:
        if junit:
            write_report(junit, [(project.pack.pack, events)])
    failures = [event.exit_code for event in events if isinstance(event, Failed)]
    raise typer.Exit(exit_code(failures, finished.published + finished.reused))


def exit_code(failures: list[int], succeeded: int) -> int:
    """0 all done; 3 something is not installed; 1 some failed; 2 all failed by bad input."""
    if not failures:
        return 0
    if 3 in failures:
        return 3
    return 2 if not succeeded and set(failures) == {2} else 1
