"""The command line. Each command parses its arguments, makes one call into assetgen, and prints text or JSON."""

import sys
from typing import Annotated

import typer

from assetgen import __version__
from assetgen.cli import (
    bench,
    build,
    check,
    depth,
    doctor,
    init,
    make,
    models,
    pick,
    plan,
    plugin,
    post,
    presets,
    review,
    serve,
    steps,
    store,
    watch,
)
from assetgen.errors import AssetgenError, InputError

_CANCELLED = 130

app = typer.Typer(
    name="assetgen",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    """Turn a text file into a game's art, and rebuild only what changed.

    \b
    Examples:
      assetgen init my-game
      assetgen build my-game/assetgen
    """
    if version:
        typer.echo(f"assetgen {__version__}")
        raise typer.Exit


app.command("init")(init.init)
app.command("build")(build.build)
app.command("make")(make.make)
app.command("watch")(watch.watch)
app.command("plan")(plan.plan)
app.command("check")(check.check)
app.command("review")(review.review)
app.command("pick")(pick.pick)
app.command("serve")(serve.serve)
app.command("depth")(depth.depth)
app.command("post")(post.post)
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.add_typer(presets.presets, name="presets")
app.add_typer(models.models, name="models")
app.add_typer(steps.steps, name="steps")
app.add_typer(store.store, name="store")
app.add_typer(plugin.plugin, name="plugin")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line with `arguments`, by default those of the process.

    Exit codes: 0 done, 1 some assets failed, 2 bad input, 3 not installed, 130 cancelled.
    """
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    rest = [argument for argument in given if argument != "--debug"]
    try:
        app(args=rest)
    except AssetgenError as error:
        if debug:
            raise
        typer.echo(f"assetgen: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        raise
    except OSError as error:  # such as a path that is too long, or a folder without access
        if debug:
            raise
        cannot = InputError(f"cannot use '{error.filename}' ({error.strerror})", cure="--debug shows where")
        typer.echo(f"assetgen: {cannot}", err=True)
        sys.exit(cannot.exit_code)
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):
            sys.exit(_CANCELLED)
        if ended.code == _CANCELLED:
            typer.echo("assetgen: cancelled; finished work is kept", err=True)
        raise
