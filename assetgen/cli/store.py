"""`assetgen store`: how large the save points are, which may go, which are damaged."""

from dataclasses import asdict
from json import dumps
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.build import StoreOption
from assetgen.errors import BuildError
from assetgen.machine import default_store

if TYPE_CHECKING:
    from assetgen.store.collect import Amount
    from assetgen.store.store import Store

store = typer.Typer(help="Save points: how large they are, which may go, which are damaged.", no_args_is_help=True)


@store.command("du")
def tell_size(
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    store: StoreOption = None,
) -> None:
    """How many entries each level holds, and how large they are."""
    from assetgen.store.collect import store_sizes, total_size

    opened = _open(store)
    levels = store_sizes(opened)
    whole = total_size(levels.values())
    if json:
        parts = {name: asdict(amount) for name, amount in levels.items()}
        typer.echo(dumps({"store": str(opened), "levels": parts, **asdict(whole)}))
        return
    typer.echo(f"{'level':10} {'entries':>9} {'MB':>11}")
    for name, amount in (*levels.items(), ("total", whole)):
        typer.echo(f"{name:10} {amount.entries:9} {amount.bytes / 1e6:11.1f}")


@store.command("gc")
def collect_garbage(
    keep: Annotated[
        list[str], typer.Option(metavar="SIZE|AGE", help="At most 5GB (KB, MB, TB); unused for 30d (h, w); repeatable.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be freed.")] = False,
    store: StoreOption = None,
) -> None:
    """Remove what a limit does not keep, the longest unused first. An entry stays while every --keep keeps it.

    A size spares what was used in the last hour, as a build may be at work; an age is taken at its word: 0h empties the
    store. In a folder an entry counts from its last use, at a URL from when it was written.
    """
    from assetgen.store.collect import collect, parse_keep

    freed = collect(_open(store), parse_keep(keep), dry_run=dry_run)
    typer.echo(f"{'would free' if dry_run else 'freed'} {_words(freed.removed)}{_parts(freed.parts)}")
    spared = f"; {freed.in_use / 1e6:.1f} MB above the limit were used in the last hour" if freed.in_use else ""
    typer.echo(f"{_words(freed.left)} left{spared}")


@store.command("verify")
def verify_entries(store: StoreOption = None) -> None:
    """Read every entry and drop the damaged ones, which the next build makes again."""
    from assetgen.store.collect import verify_store

    found = verify_store(_open(store))
    for path, removed in found.damaged.items():
        typer.echo(f"{path}: damaged, {'dropped' if removed else 'may not be removed and is ignored'}")
    typer.echo(f"{_words(found.read)} read, {len(found.damaged)} damaged{_parts(found.parts)}")
    raise typer.Exit(BuildError.exit_code if found.damaged else 0)


def _open(place: str | None) -> "Store":
    from assetgen.store.store import Store

    return Store(place or default_store())


def _words(amount: "Amount") -> str:
    return f"{amount.entries} entries, {amount.bytes / 1e6:.1f} MB"


def _parts(count: int) -> str:
    return f"; removed {count} half-written files of killed builds" if count else ""
