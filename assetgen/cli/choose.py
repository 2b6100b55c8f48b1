"""`assetgen review` and `assetgen pick`: look at candidates, and choose."""

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.build import GameOption, JsonOption, PackArgument, StoreOption, game_of, machine
from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.candidates import Candidate
    from assetgen.lock import Block
    from assetgen.rebuild import Machine
    from assetgen.recipe import Recipe
    from assetgen.review import Reviewed

FAILED = 1


def review(
    pack: PackArgument,
    *,
    count: Annotated[int, typer.Option("-n", "--count", min=0, max=64, help="Candidates; 0 samples none.")] = 12,
    only: Annotated[str, typer.Option(help="Show the assets whose names match this pattern.")] = "*",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The page [default: out/PACK.html].")] = None,
    game: GameOption = None,
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Write a page with candidates of each asset side by side: one file, no network, made for choosing by keyboard."""
    from assetgen.candidates import choosable, make_candidates, matching, stored_candidates
    from assetgen.cli.progress import shown
    from assetgen.game import engine_of
    from assetgen.load import load_pack
    from assetgen.lock import lock_place, read_lock
    from assetgen.places import write_whole
    from assetgen.renames import plan_with
    from assetgen.review import page

    file = load_pack(pack)
    lock = read_lock(lock_place(file)) or {}
    folder = game or game_of(file)
    recipes = matching(choosable(plan_with(file, lock, engine=engine_of(folder))), only)
    if not recipes:
        raise InputError(f"no asset of pack '{file.pack.pack}' that has candidates matches '{only}'")
    here = machine(store)
    found: dict[str, list[Candidate]] = defaultdict(list)
    with shown(json=json) as emit:
        for candidate in make_candidates(recipes, count, here, emit):
            found[candidate.recipe.name].append(candidate)
    for recipe in recipes if count == 0 else ():
        found[recipe.name] = list(stored_candidates(recipe, here))
    root = folder / file.pack.target
    assets = [_reviewed(recipe, found[recipe.name], lock.get(recipe.name), here, root) for recipe in recipes]
    place = output or Path("out") / f"{file.pack.pack}.html"
    try:
        write_whole(place, page(file.pack.pack, str(pack), assets))
    except OSError as error:
        raise InputError(f"cannot write '{place}' ({error.strerror})", cure="Name another file with -o") from error
    typer.echo(place)
    raise typer.Exit(FAILED if any(len(found[recipe.name]) < count for recipe in recipes) else 0)


def _reviewed(
    recipe: "Recipe", candidates: "list[Candidate]", block: "Block | None", here: "Machine", root: Path
) -> "Reviewed":
    from assetgen.review import Reviewed

    ordered = sorted(candidates, key=lambda each: each.number)
    costs = [here.store.read_json("cost", recipe.sampled_key(each.attempt)) or {} for each in ordered]
    current = block is not None and block.keys.get("sampled") == recipe.sampled_key()
    picked = block.pick + 1 if block and current and block.pick is not None else None
    built = block.attempt + 1 if block and current else None
    published = root / f"{recipe.name}.png"
    now = published.read_bytes() if published.is_file() else None
    return Reviewed(recipe, ordered, [float(cost.get("seconds", 0)) for cost in costs], now, built, picked)


def pick(
    pack: PackArgument,
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="The asset to choose for.")],
    number: Annotated[
        int | None, typer.Argument(metavar="N", help="The candidate, as the review page numbers it.")
    ] = None,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Take the choice back.")] = False,
    store: StoreOption = None,
) -> None:
    """Choose a candidate: the choice goes into the lock, and every later build follows it."""
    from assetgen.candidates import pick as choose
    from assetgen.cli.progress import print_line
    from assetgen.load import load_pack

    if undo == (number is not None):
        raise InputError("pick wants a number, or --undo", cure=f"Write `assetgen pick {pack} {asset} 3`")
    choose(load_pack(pack), asset, number, machine(store), print_line)
    what = "nothing is picked any more" if undo else f"candidate {number} is picked"
    typer.echo(f"{asset}: {what}; now run `assetgen build {pack}`")
