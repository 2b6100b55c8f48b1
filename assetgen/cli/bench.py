"""`assetgen bench`: how fast this machine makes packs, beside plain diffusers."""

import json as json_lines
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.settings import parse_size
from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.build.bench import BenchmarkResult

PLAIN_GRAIN = 8


def bench(
    *,
    model: Annotated[str, typer.Option(help="A model card; `assetgen models list` shows them.")] = "mini",
    images: Annotated[int, typer.Option("-n", "--images", min=1, max=10_000, help="Pictures to draw.")] = 16,
    steps: Annotated[int | None, typer.Option(min=1, max=200, help="Sampler steps [default: the card's].")] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Pixels [default: the model's native size].")] = None,
    depth: Annotated[bool, typer.Option("--depth", help="Condition on the depth of a mesh.")] = False,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="Compile first, as for packs of thousands: minutes, on a GPU.")
    ] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write all figures as JSON.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw them, as SVG.")] = None,
) -> None:
    """Build a pack of distinct prompts and draw the same pictures by a plain diffusers loop, in one run, both warm.

    Told are images a second, peak memory, where the time goes, and the share of the most operations a second that this
    device reaches in a large matrix product. Run it alone on the machine.
    """
    from assetgen.build.bench import Trial, run_benchmark
    from assetgen.pack.library import library_for

    for file in (output, plot):
        if file and (file.is_dir() or not os.access(file.absolute().parent, os.W_OK)):
            raise InputError(f"'{file}' cannot be written", cure="Name a file in a folder that is there")
    sides = parse_size(size) if size else None
    if sides and any(side % PLAIN_GRAIN for side in sides):
        raise InputError(f"plain diffusers does not draw {size}", cure=f"Use multiples of {PLAIN_GRAIN}")
    preset = "concept_from_mesh" if depth else "painted_concept"
    trial = Trial(model, images, steps, sides, preset, depth, compiled=compiled)
    result = run_benchmark(trial, library_for(Path.cwd()))
    for line in lines(result):
        typer.echo(line)
    if output:
        output.write_text(json_lines.dumps(result.as_dict(), indent=1) + "\n", encoding="utf-8")
    if plot:
        plot.write_text(picture(result), encoding="utf-8")


def lines(result: "BenchmarkResult") -> list[str]:
    """What a person reads of it."""
    width, height = result.size
    waiting = max(0.0, result.seconds - result.sampling)
    return [
        f"{result.model} on {result.device}: {result.images} pictures of {width} × {height}, {result.steps} steps",
        f"assetgen         {result.rate:8.2f} images/s  {1 / result.rate:7.3f} s each  {_gigabytes(result.peak)}"
        f"  {result.share:6.1%} of the limit",
        f"plain diffusers  {result.plain_rate:8.2f} images/s  {1 / result.plain_rate:7.3f} s each"
        f"  {_gigabytes(result.plain_peak)}  {result.plain_share:6.1%} of the limit",
        f"ratio            {result.rate / result.plain_rate:8.2f}; one picture by itself takes {result.alone:.3f} s",
        f"of {result.seconds:.1f} s: {result.sampling:.1f} s sampling, {waiting:.1f} s waiting for the rest"
        f" ({result.finishing:.1f} s of steps beside it); before, loading took {result.loading:.1f} s"
        + (f" and compiling {result.compiling:.1f} s" if result.compiling else ""),
        f"a picture needs {result.operations / 1e12:.3f} TFLOP; this device does {result.limit / 1e12:.2f} TFLOP/s",
    ]


def _gigabytes(peak: int) -> str:
    return f"{peak / 1e9:5.1f} GB" if peak else "  (?) GB"


def picture(result: "BenchmarkResult") -> str:
    """Both rates and both shares as bars, an SVG."""
    from assetgen.cli.plot import bars

    title = f"{result.model}, {result.size[0]} × {result.size[1]}, {result.steps} steps, {result.device}"
    both = (("plain diffusers", result.plain_rate, result.plain_share), ("assetgen", result.rate, result.share))
    return bars(
        title,
        [
            ("images a second", [(name, rate, f"{rate:.2f}") for name, rate, _ in both]),
            ("share of the device's limit", [(name, share, f"{share:.1%}") for name, _, share in both]),
        ],
    )
