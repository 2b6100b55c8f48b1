"""`assetgen bench`: compare the sampling speed of assetgen and plain diffusers on this machine."""

import json as json_lines
import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.settings import parse_size
from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.build.bench import BenchmarkResult

_VAE_SCALE_FACTOR = 8
"""Pixels a side of a latent: plain pipelines accept multiples of it."""
_WIDTH, _BAR, _GAP, _LABEL, _MARGIN = 640, 22, 8, 190, 90
_COLOURS = ("#7a8699", "#2f6fde")


def bench(
    *,
    model: Annotated[str, typer.Option(help="A model card; `assetgen models list` shows them.")] = "mini",
    images: Annotated[int, typer.Option("-n", "--images", min=1, max=10_000, help="The number of images.")] = 16,
    steps: Annotated[int | None, typer.Option(min=1, max=200, help="Sampler steps [default: the card's].")] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Pixels [default: the model's native size].")] = None,
    depth: Annotated[bool, typer.Option("--depth", help="Condition on the depth of a mesh.")] = False,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="Compile the networks first; takes minutes, needs a GPU.")
    ] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write all results as JSON.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Also write a bar chart, as SVG.")] = None,
) -> None:
    """Compare the speed of a build with a plain diffusers loop.

    Both sample the same prompts in one run, with loaded models. Reports images a second, peak memory, a time breakdown
    and the fraction of the FLOP/s that this device reaches in a large matrix product. Close other programs first.

    \b
    Examples:
      assetgen bench
      assetgen bench --model sdxl -n 32 --compiled -o bench.json
    """
    from assetgen.build.bench import Trial, run_benchmark
    from assetgen.pack.library import library_for

    for file in (output, plot):
        if file and (file.is_dir() or not os.access(file.absolute().parent, os.W_OK)):
            raise InputError(f"'{file}' cannot be written", cure="Name a file in an existing folder")
    sides = parse_size(size) if size else None
    if sides and any(side % _VAE_SCALE_FACTOR for side in sides):
        raise InputError(f"plain diffusers cannot sample {size}", cure=f"Use multiples of {_VAE_SCALE_FACTOR}")
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
    """The result as text lines."""
    width, height = result.size
    waiting = max(0.0, result.seconds - result.sampling)
    return [
        f"{result.model} on {result.device}: {result.images} images of {width} × {height}, {result.steps} steps",
        f"assetgen         {result.rate:8.2f} images/s  {1 / result.rate:7.3f} s each  {_gigabytes(result.peak)}"
        f"  {result.share:6.1%} of the limit",
        f"plain diffusers  {result.plain_rate:8.2f} images/s  {1 / result.plain_rate:7.3f} s each"
        f"  {_gigabytes(result.plain_peak)}  {result.plain_share:6.1%} of the limit",
        f"ratio            {result.rate / result.plain_rate:8.2f}; one image alone takes {result.alone:.3f} s",
        f"of {result.seconds:.1f} s: {result.sampling:.1f} s sampling, {waiting:.1f} s waiting for steps"
        f" ({result.finishing:.1f} s of steps, mostly in parallel); loading took {result.loading:.1f} s before"
        + (f" and compiling {result.compiling:.1f} s" if result.compiling else ""),
        f"an image needs {result.operations / 1e12:.3f} TFLOP; this device reaches {result.limit / 1e12:.2f} TFLOP/s",
    ]


def _gigabytes(peak: int) -> str:
    return f"{peak / 1e9:5.1f} GB" if peak else "  (?) GB"


def picture(result: "BenchmarkResult") -> str:
    """The rates and their shares of the limit as an SVG bar chart."""
    title = f"{result.model}, {result.size[0]} × {result.size[1]}, {result.steps} steps, {result.device}"
    both = (("plain diffusers", result.plain_rate, result.plain_share), ("assetgen", result.rate, result.share))
    return bars(
        title,
        [
            ("images a second", [(name, rate, f"{rate:.2f}") for name, rate, _ in both]),
            ("share of the device's limit", [(name, share, f"{share:.1%}") for name, _, share in both]),
        ],
    )


def bars(title: str, groups: Sequence[tuple[str, Sequence[tuple[str, float, str]]]]) -> str:
    """An SVG bar chart: groups with a heading; a bar is its name, its length and the label behind it.

    Each group has its own scale. The last bar of a group is highlighted.
    """
    rows: list[str] = []
    top = 40
    for heading, lines in groups:
        rows.append(_text(12, top + 12, heading, "600"))
        top += _BAR
        longest = max((length for _, length, _ in lines), default=0.0) or 1.0
        for number, (name, length, label) in enumerate(lines, 1):
            width = (_WIDTH - _LABEL - _MARGIN) * max(0.0, length) / longest
            colour = _COLOURS[number == len(lines)]
            rows.append(_text(20, top + 15, name))
            rows.append(f'<rect x="{_LABEL}" y="{top}" width="{width:.1f}" height="{_BAR}" rx="3" fill="{colour}"/>')
            rows.append(_text(round(_LABEL + width + 6), top + 15, label))
            top += _BAR + _GAP
        top += _GAP
    box = f'viewBox="0 0 {_WIDTH} {top}" font-family="sans-serif" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    ground = f'<rect width="{_WIDTH}" height="{top}" fill="#ffffff"/>'
    return "\n".join([head, ground, _text(12, 24, title, "600"), *rows, "</svg>", ""])


def _text(x: int, y: int, text: str, weight: str = "400") -> str:
    return f'<text x="{x}" y="{y}" fill="#1c2430" font-weight="{weight}">{escape(text)}</text>'
