"""Tables and YAML on stdout."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import typer

from assetgen.errors import AssetgenError, printable

_Item = TypeVar("_Item")


def print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Print columns aligned by spaces, readable for people and for `cut`."""
    rows = [tuple(map(printable, row)) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_yaml(data: object) -> None:
    """Print plain data as YAML."""
    import yaml

    typer.echo(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110), nl=False)


def read_all(names: Iterable[str], read: Callable[[str], _Item]) -> Iterator[tuple[str, _Item | None, str]]:
    """Name and content of each file of a library; for one that cannot be used, None and a sentence with the reason."""
    for name in names:
        try:
            yield name, read(name), ""
        except AssetgenError as error:
            yield name, None, f"cannot be used: {error}"
