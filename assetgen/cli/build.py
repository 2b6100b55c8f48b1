"""`assetgen build` and `assetgen make`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from assetgen.events import Event
    from assetgen.load import PackFile

PackArgument = Annotated[Path, typer.Argument(help="A folder with pack.yaml, or a *.pack.yaml file.")]
StoreOption = Annotated[
    Path | None, typer.Option("--store", envvar="ASSETGEN_STORE", help="Folder of save points [default: user cache].")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON event a line on stdout.")]
DraftOption = Annotated[bool, typer.Option("--draft", help="Quick drawings instead of the model.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="An argument of a part: pixelate.colors=8.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace files that were edited by hand.")]
MAX_NAME = 40


def build(
    pack: PackArgument,
    game: Annotated[Path | None, typer.Option(help="The game project's root [default: the pack's `game`].")] = None,
    only: Annotated[str, typer.Option(help="Build the assets whose names match this pattern.")] = "*",
    draft: DraftOption = False,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Build a pack into its game folder: only what changed, each file whole or not at all."""
    from assetgen.load import load_pack

    file = load_pack(pack)
    place = game or _game_of(file)
    run(file, place, only=only, draft=draft, json=json, store=store, overwrite=overwrite, prune=only == "*")


def make(
    preset: Annotated[str, typer.Argument(help="A preset; `assetgen presets list` shows them.")],
    prompt: Annotated[str, typer.Argument(help="What it shows.")] = "",
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1000, help="How many variations.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Variations count up from this seed.")] = 0,
    model: Annotated[str, typer.Option(help="A model card; `assetgen models list` shows them.")] = "mini",
    settings: SetOption = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the files.")] = Path("out/make"),
    engine: Annotated[str, typer.Option(help="The exporter that writes the files.")] = "plain",
    draft: DraftOption = False,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Make one kind of asset from a prompt, without a pack."""
    from assetgen.cli.settings import parse_settings
    from assetgen.load import PackFile, library_for
    from assetgen.spec import Pack
    from assetgen.yaml_files import Document, check

    entry = {"preset": preset, "prompt": prompt, "model": model, **parse_settings(settings or [])}
    assets = {name: {**entry, "seed": seed + index} for index, name in enumerate(variations(prompt or preset, count))}
    document = Document("command line", {"pack": "make", "engine": engine, "assets": assets})
    file = PackFile(check(document, Pack), document, Path.cwd(), library_for(Path.cwd()))
    run(file, output, draft=draft, json=json, store=store, overwrite=overwrite, prune=False)


def variations(prompt: str, count: int) -> list[str]:
    """Asset names from a prompt: `a red dragon` as `a_red_dragon_01`, `a_red_dragon_02`, …"""
    name = re.sub(r"[^a-z0-9]+", "_", prompt.lower()).strip("_")[:MAX_NAME].strip("_") or "asset"
    digits = max(2, len(str(count)))
    return [name] if count == 1 else [f"{name}_{number:0{digits}}" for number in range(1, count + 1)]


def run(
    file: "PackFile",
    game: Path,
    *,
    only: str = "*",
    draft: bool = False,
    json: bool = False,
    store: Path | None = None,
    overwrite: bool = False,
    prune: bool = True,
) -> None:
    """Build a loaded pack, show its news, and exit with the code that fits."""
    from assetgen.build import build_pack
    from assetgen.cli.progress import shown
    from assetgen.events import Failed
    from assetgen.game import engine_of, open_target
    from assetgen.resolve import plan
    from assetgen.store import Store

    recipes = plan(file, engine=engine_of(game), only=only, draft=draft)
    target = open_target(file.pack, game, recipes)
    failures: list[Failed] = []

    with shown(json=json) as emit:

        def note(event: "Event") -> None:
            if isinstance(event, Failed):
                failures.append(event)
            emit(event)

        finished = build_pack(recipes, Store(store or default_store()), target, note, overwrite=overwrite, prune=prune)
    raise typer.Exit(exit_code([failure.exit_code for failure in failures], len(recipes) - finished.failed))


def exit_code(failures: list[int], succeeded: int) -> int:
    """0 all done; 3 something is not installed; 1 some failed; 2 all failed by bad input."""
    if not failures:
        return 0
    if 3 in failures:
        return 3
    return 2 if not succeeded and set(failures) == {2} else 1


def default_store() -> Path:
    """The user's cache folder for save points."""
    import platformdirs

    return platformdirs.user_cache_path("assetgen") / "store"


def _game_of(file: "PackFile") -> Path:
    if file.pack.game:
        return file.folder / file.pack.game
    return Path("out") / file.pack.pack
