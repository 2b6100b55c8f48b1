"""`assetgen bench`, with the embedded model and few steps."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from assetgen.cli.bench import bars
from assetgen.diffusion.speed.baseline import count_flops

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.parametrize("more", [[], ["--depth"]])
def test_bench_reports_both_rates_and_the_share_of_peak_flops(assetgen: Run, tmp_path: Path, more: list[str]) -> None:
    words = ("-n", 3, "--steps", 2, "--size", "64x96", "-o", tmp_path / "b.json", "--plot", tmp_path / "b.svg", *more)
    code, output, _ = assetgen("bench", *words)
    report = json.loads((tmp_path / "b.json").read_text())
    assert (code, report["images"], report["size"]) == (0, 3, [64, 96])
    assert 0 < report["sampling"] <= report["seconds"]
    assert report["ratio"] == pytest.approx(report["rate"] / report["plain_rate"])
    assert 0 < report["share"] < 1
    assert "3 images of 64 × 96, 2 steps" in output
    assert ElementTree.parse(tmp_path / "b.svg").getroot().tag.endswith("svg")


@pytest.mark.model
def test_a_matrix_product_counts_two_flop_per_term() -> None:
    torch = pytest.importorskip("torch", reason='pip install "assetgen[gen]"')
    one, other = torch.ones(8, 16), torch.ones(16, 4)
    assert count_flops(lambda: one @ other) == 2 * 8 * 16 * 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--size", "45x64"), "plain diffusers cannot sample 45x64. Use multiples of 8"),
        (("-o", "nowhere/b.json"), "'nowhere/b.json' cannot be written. Name a file in an existing folder"),
        (("--plot", "."), "'.' cannot be written"),
        (("--size", "big"), "--size 'big' is not WIDTHxHEIGHT"),
        (("--model", "minni"), "Did you mean 'mini'?"),
        (("--compiled",), "models are not compiled on cpu. Leave --compiled out"),
    ],
)
def test_wrong_arguments_are_reported(assetgen: Run, words: tuple[str, ...], message: str) -> None:
    code, _, err = assetgen("bench", *words)
    assert code == 2
    assert message in err


def test_the_longest_bar_is_the_largest_figure() -> None:
    picture = ElementTree.fromstring(bars("t", [("rates", [("slow & old", 1.0, "1"), ("fast", 4.0, "4")])]))
    widths = [float(bar.get("width", 0)) for bar in picture.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert widths[1] == pytest.approx(4 * widths[0], rel=0.01)
