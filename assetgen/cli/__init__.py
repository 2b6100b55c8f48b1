"""The command line: words in, one call into assetgen, words or JSON out. No logic of its own."""

import sys
from typing import Annotated

import typer

from assetgen import __version__
from assetgen.cli import (
    bench,
    build,
    catalog,
    check,
    doctor,
    init,
    pick,
    plan,
    plugin,
    review,
    serve,
    single,
    store,
    watch,
)
from assetgen.errors import AssetgenError

CANCELLED = 130

app = typer.Typer(
    name="assetgen",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    """Turn a text file into a game's art: generate, finish, check and publish, rebuilding only what changed."""
    if version:
        typer.echo(f"assetgen {__version__}")
        raise typer.Exit


app.command("init")(init.init)
app.command("build")(build.build)
app.command("make")(build.make)
app.command("watch")(watch.watch)
app.command("plan")(plan.plan)
app.command("check")(check.check)
app.command("review")(review.review)
app.command("pick")(pick.pick)
app.command("serve")(serve.serve)
app.command("depth")(single.depth)
app.command("post")(single.post)
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.add_typer(catalog.presets, name="presets")
app.add_typer(catalog.models, name="models")
app.add_typer(catalog.steps, name="steps")
app.add_typer(store.store, name="store")
app.add_typer(plugin.plugin, name="plugin")


def main(words: list[str] | None = None) -> None:
    """Run the command line, on `words` or on those of the process.

    Exit codes: 0 done, 1 some assets failed, 2 bad input, 3 not installed, 130 cancelled.
    """
    given = sys.argv[1:] if words is None else words
    debug = "--debug" in given
    arguments = [word for word in given if word != "--debug"]
    try:
        app(args=arguments)
    except AssetgenError as error:
        if debug:
            raise
        typer.echo(f"assetgen: {error}", err=True)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):
            sys.exit(CANCELLED)
        if ended.code == CANCELLED:
            typer.echo("assetgen: cancelled; what was finished is kept", err=True)
        raise
