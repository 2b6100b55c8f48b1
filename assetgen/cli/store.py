"""`assetgen store`: show the size of the store, remove old entries, verify entries."""

from dataclasses import asdict
from json import dumps
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import StoreOption
from assetgen.errors import BuildError, counted, printable

if TYPE_CHECKING:
    from assetgen.store.collect import Amount
    from assetgen.store.store import Store

store = typer.Typer(help="Show the size of the store, remove old entries, verify entries.", no_args_is_help=True)


@store.command("du")
def show_size(
    json: Annotated[bool, typer.Option("--json", help="Write one JSON object to stdout.")] = False,
    store: StoreOption = None,
) -> None:
    """Show the number and size of entries by level.

    \b
    Examples:
      assetgen store du
      assetgen store du --json --store s3://bucket/assets
    """
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
        list[str],
        typer.Option(
            metavar="SIZE|AGE",
            help="At most this size (5GB; KB, MB, TB), or this long unused (30d; h, w). Repeatable.",
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be freed.")] = False,
    store: StoreOption = None,
) -> None:
    """Remove entries beyond a size or an age, the longest unused first.

    An entry stays while every --keep allows it. A size limit never removes entries used in the last hour, because a
    build may still need them. An age limit has no such exception: 0h empties the store. The age of an entry counts from
    its last use in a folder, and from when it was written at a URL.

    \b
    Examples:
      assetgen store gc --keep 20GB
      assetgen store gc --keep 30d --keep 5GB --dry-run
    """
    from assetgen.store.collect import collect, parse_keep

    freed = collect(_open(store), parse_keep(keep), dry_run=dry_run)
    typer.echo(f"{'would free' if dry_run else 'freed'} {_amount(freed.removed)}{_leftovers(freed.parts)}")
    spared = f"; {freed.in_use / 1e6:.1f} MB above the limit were used in the last hour" if freed.in_use else ""
    typer.echo(f"{_amount(freed.left)} left{spared}")


@store.command("verify")
def verify_entries(store: StoreOption = None) -> None:
    """Read every entry and remove damaged ones.

    The next build makes the removed entries again. The exit code is 1 where an entry was damaged.

    \b
    Examples:
      assetgen store verify
      assetgen store verify --store /mnt/shared/assets
    """
    from assetgen.store.collect import verify_store

    found = verify_store(_open(store))
    for path, removed in found.damaged.items():
        result = "removed" if removed else "cannot be removed and is ignored"
        typer.echo(printable(f"{path}: damaged, {result}"))
    typer.echo(f"{_amount(found.read)} read, {len(found.damaged)} damaged{_leftovers(found.parts)}")
    raise typer.Exit(BuildError.exit_code if found.damaged else 0)


def _open(location: str | None) -> "Store":
    from assetgen.machine import default_store
    from assetgen.store.store import Store

    return Store(location or default_store())


def _amount(amount: "Amount") -> str:
    return f"{counted(amount.entries, 'entry', 'entries')}, {amount.bytes / 1e6:.1f} MB"


def _leftovers(count: int) -> str:
    return f"; removed {counted(count, 'half-written file')} of killed builds" if count else ""
