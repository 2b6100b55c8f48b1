"""Tables and YAML on stdout."""

from collections.abc import Sequence

import typer

from assetgen.errors import printable


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
