"""The commands, each in a module of its own."""

from typing import Annotated

import typer

from assetgen import __version__
from assetgen.cli import (
    bench,
    build,
    check,
    credits,
    depth,
    doctor,
    init,
    lock,
    make,
    models,
    palettes,
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

app = typer.Typer(
    name="assetgen",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


_FIRST_DAY = f"""\
assetgen {__version__} turns a text file into a game's art. The commands of the first day:

  assetgen make pixel_sprite "a red dragon" -n 4   four pictures, without a pack
  assetgen init my-game --new-game                 a starter pack: my-game/pack.yaml
  assetgen build my-game                           make its art; again after each edit
  assetgen review my-game                          a page of candidates, to pick one of each
  assetgen doctor                                  what this machine can run, and the next command

`assetgen --help` lists all commands, `assetgen build --help` describes one."""


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit; after any command, too.")
    ] = False,
) -> None:
    """Turn a text file into a game's art, and rebuild only what changed.

    \b
    Examples:
      assetgen init my-game --new-game
      assetgen build my-game
    """
    if version:
        typer.echo(f"assetgen {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(_FIRST_DAY)
    else:
        return
    raise typer.Exit


app.command("init")(init.init)
app.command("build")(build.build)
app.command("make")(make.make)
app.command("watch")(watch.watch)
app.command("plan")(plan.plan)
app.command("check")(check.check)
app.command("review")(review.review)
app.command("pick")(pick.pick)
app.command("credits")(credits.credits)
app.command("serve")(serve.serve)
app.command("depth")(depth.depth)
app.command("post")(post.post)
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.add_typer(presets.presets, name="presets")
app.add_typer(models.models, name="models")
app.add_typer(palettes.palettes, name="palettes")
app.add_typer(lock.lock, name="lock")
app.add_typer(steps.steps, name="steps")
app.add_typer(store.store, name="store")
app.add_typer(plugin.plugin, name="plugin")
