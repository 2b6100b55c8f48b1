"""Progress on a stream that is no terminal: counts, rate and time left."""

from collections.abc import Callable
from pathlib import Path

from assetgen.cli.progress import Meter
from assetgen.events import Planned, Sampling

Run = Callable[..., tuple[int, str, str]]


def metered(planned: int, seconds: float, *batches: int) -> str:
    now = 0.0
    meter = Meter(lambda: now)
    meter.see(Planned(assets=1, to_sample=1, images=planned))
    for size in batches:
        names = tuple(map(str, range(size)))
        meter.see(Sampling(done=1, total=20, batch=names))
        now += seconds
        meter.see(Sampling(done=20, total=20, batch=names))
    return meter.text


def test_progress_has_counts_rate_and_time_left() -> None:
    assert metered(96, 2.0, 4, 4) == "8 of 96 images, 2.0 images/s, 44 s left"
    assert metered(400, 8.0, 4) == "4 of 400 images, 2.0 s an image, 13 min left"


def test_images_beyond_those_planned_are_counted_without_a_time() -> None:
    assert metered(4, 2.0, 4, 2) == "6 of 6 images, 1.5 images/s"
    assert metered(4, 2.0) == ""


def test_lines_elsewhere_than_on_a_terminal_are_plain(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: p\nassets: {a: {preset: painted_concept, prompt: x}}")
    err = assetgen("build", tmp_path, "--draft", "--game", tmp_path / "g", "--store", tmp_path / "s")[2]
    assert "\x1b" not in err and err.splitlines()[0] == "1 asset, 1 to sample"
