"""`assetgen lock`: the lock of a pack."""

from pathlib import Path
from typing import Annotated

import typer

from assetgen.cli.check import judge
from assetgen.cli.options import GameOption, PackArgument, StoreOption

lock = typer.Typer(help="The lock of a pack, which records what was built.", no_args_is_help=True)


@lock.command("adopt")
def adopt(
    pack: PackArgument = Path(),
    *,
    game: GameOption = None,
    only: Annotated[str, typer.Option(help="Record the assets whose names match this pattern.")] = "*",
    store: StoreOption = None,
) -> None:
    """Record in the lock the files that this machine built, such as those with other bytes.

    Assets whose pack has changed since, and files that are missing or edited by hand, keep what is in the lock. The
    exit code is 1 where such assets are left.

    \b
    Examples:
      assetgen lock adopt art
      assetgen lock adopt art --only "potion_*"
    """
    from assetgen.build.adopt import adopt as write_files
    from assetgen.cli.progress import print_line
    from assetgen.errors import counted
    from assetgen.machine import this_machine
    from assetgen.pack.project import Project

    project = Project.load(pack, game)
    found = write_files(project, this_machine(store), print_line, only)
    typer.echo(f"the lock now records the files of {counted(len(found), 'asset')}")
    judge(project)
