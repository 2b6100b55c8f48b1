"""`assetgen steps`: list and describe the parts."""

import inspect
from typing import TYPE_CHECKING

import typer

from assetgen.cli.output import print_table
from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.parts import Part

steps = typer.Typer(help="List and describe sources, controls, steps, checks, exporters.", no_args_is_help=True)


@steps.command("list")
def list_steps() -> None:
    """List all parts, by kind.

    \b
    Examples:
      assetgen steps list
      assetgen steps list | grep ^step
    """
    from assetgen.parts import PART_KINDS, load_part, part_names

    print_table([(kind, name, load_part(kind, name).about) for kind in PART_KINDS for name in part_names(kind)])


@steps.command("show")
def show_step(name: str) -> None:
    """Describe one part and its arguments, with choices, defaults and an example.

    \b
    Examples:
      assetgen steps show pixelate
      assetgen steps show godot
    """
    from assetgen.errors import did_you_mean
    from assetgen.parts import PART_KINDS, load_part, part_names

    kinds = [kind for kind in PART_KINDS if name in part_names(kind)]
    if not kinds:
        known = {each for kind in PART_KINDS for each in part_names(kind)}
        raise InputError(f"there is no part '{name}'", cure=did_you_mean(name, known))
    for kind in kinds:
        _print_part(load_part(kind, name))


def _print_part(part: "Part") -> None:
    from assetgen.pack.arguments import described_arguments, example_of
    from assetgen.pack.licences import licence_text

    typer.echo(f"{part.kind} {part.name} (version {part.traits.version})\n\n{inspect.getdoc(part.run)}\n")
    if detector := part.traits.detector:
        licence = licence_text(detector)
        typer.echo(f"For controls of the kind '{detector.kind}'. Licence: {licence}, {detector.licence_url}\n")
    if example := example_of(part):
        typer.echo(f"Example:\n    {example}\n")
    arguments = described_arguments(part)
    if arguments:
        print_table(
            [("argument", "accepts", "default"), *((each.name, each.accepts, each.default) for each in arguments)]
        )
