"""`assetgen plan`: print what a build would do, with reasons and a forecast."""

import json as jsonlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import GameOption, JsonOption, PackArgument, PriceOption, StoreOption
from assetgen.errors import counted, printable

if TYPE_CHECKING:
    from assetgen.build.history import Forecast
    from assetgen.build.status import PlanReport


def plan(
    pack: PackArgument = Path(),
    *,
    game: GameOption = None,
    only: Annotated[str, typer.Option(help="Plan the assets whose names match this pattern.")] = "*",
    price: PriceOption = "",
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Print what a build would do, why, and what it will cost.

    Seconds, memory, energy and cost come from earlier builds on this machine.

    \b
    Examples:
      assetgen plan art
      assetgen plan art --only "potion_*" --price 2.50/h
    """
    from assetgen.build.status import plan_report
    from assetgen.cli.progress import print_json
    from assetgen.cli.settings import parse_price
    from assetgen.machine import this_machine
    from assetgen.pack.project import Project

    report = plan_report(Project.load(pack, game), this_machine(store), only)
    usd = parse_price(price)
    if json:
        for each in report.assets:
            print_json(each)
        for missing in report.missing:
            typer.echo(jsonlib.dumps({"event": "weights", **asdict(missing)}))
        typer.echo(jsonlib.dumps({"event": "forecast", **forecast_facts(report.forecast, usd)}))
    else:
        _print(report, usd)


def forecast_facts(forecast: "Forecast", price: float) -> dict[str, float]:
    """A forecast as plain numbers; `usd` only with a price an hour."""
    facts = {
        "seconds": round(forecast.seconds, 1),
        "memory_bytes": forecast.memory,
        "unknown": forecast.unknown,
    }
    energy = {"watt_hours": round(forecast.watt_hours, 3)} if forecast.watt_hours else {}
    return facts | energy | ({"usd": round(forecast.seconds * price / 3600, 6)} if price else {})


def _print(report: "PlanReport", price: float) -> None:
    from assetgen.build.status import total_work

    for each in report.assets:
        if each.work != "reuse":
            typer.echo(printable(f"{each.work:8} {each.asset}: {', '.join(each.reasons)}"))
    counts = ", ".join(f"{count} to {work}" for work, count in total_work(report).items())
    typer.echo(counts or "nothing to do")
    forecast = report.forecast
    if forecast.seconds or forecast.unknown:
        typer.echo(forecast_line(forecast, price))
    for missing in report.missing:
        size = f" ({missing.download:g} GB)" if missing.download else ""
        typer.echo(f"model '{missing.model}' cannot be loaded yet{size}: {missing.reason}")


def forecast_line(forecast: "Forecast", price: float) -> str:
    """A forecast for people. First of all whether the time is unknown, since the known rest may be only the export."""
    new = ""
    if forecast.unknown:
        images = f"{counted(forecast.unknown, 'image')} of a kind (model, size, steps) that was never sampled here"
        new = f"time unknown: {images}; known once one is built"
    if not forecast.seconds:
        return new
    memory = [f"{forecast.memory / 1e9:.1f} GB of the device's memory"] if forecast.memory else []
    cost = [f"{forecast.seconds * price / 3600:.4f} USD"] if price else []
    energy = [f"{forecast.watt_hours:.2f} Wh"] if forecast.watt_hours else []
    known = ", ".join([f"about {forecast.seconds:.1f} s", *energy, *memory, *cost])
    return f"{new}. All else: {known}" if new else known
