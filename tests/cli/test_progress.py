"""Progress on a stream that is no terminal: counts, rate and time left."""

from collections.abc import Callable
from pathlib import Path

from assetgen.cli.progress import Meter, Rejections
from assetgen.events import Checked, Failed, Finished, Planned, Published, Sampling

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


def test_rejections_are_one_line_an_asset_at_its_end() -> None:
    found = Rejections()
    smear, crop = "it is a smear", "it is cropped"
    verdicts = [(0, "alpha", crop), (0, "content", smear), (1, "alpha", crop), (2, "alpha", ""), (3, "content", smear)]
    for attempt, check, reason in verdicts:
        judged = Checked(asset="chest", check=check, passed=not reason, score=1, attempt=attempt, reason=reason)
        assert found.see(judged) == []
    assert found.see(Failed(asset="other", reason="x")) == []
    line = "  chest: 3 of 4 attempts rejected: alpha (it is cropped) ×2, content (it is a smear) ×2"
    assert found.see(Published(asset="chest")) == [line]
    found.see(Checked(asset="b", check="alpha", passed=False, score=1, reason=crop))
    found.see(Checked(asset="c", check="alpha", passed=True, score=1))
    done = Finished(seconds=1, published=1, reused=0, failed=0, sampled=1)
    assert (found.see(done), found.see(done)) == (["  b: 1 of 1 attempt rejected: alpha (it is cropped)"], [])


def test_rejections_are_printed_before_the_failure(assetgen: Run, tmp_path: Path) -> None:
    source = "source: {fake: {prompt: '{prompt}', size: [16, 16]}}"
    (tmp_path / "plain.yaml").write_text(
        f"preset: plain\nuse: texture\n{source}\nchecks: [{{palette: {{colors: 1}}}}]\n"
    )
    (tmp_path / "pack.yaml").write_text("pack: p\nassets: {a: {preset: plain, prompt: x, tries: 4}}")
    err = assetgen("build", tmp_path, "--game", tmp_path / "g", "--store", tmp_path / "s")[2].splitlines()
    [number] = [number for number, line in enumerate(err) if "rejected:" in line]
    assert err[number].startswith("  a: 4 of 4 attempts rejected: palette (") and err[number].endswith(" ×4")
    assert err[number + 1].startswith("FAILED a: ") and "`make --best-of 8`" in err[number + 1]


def test_lines_elsewhere_than_on_a_terminal_are_plain(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: p\nassets: {a: {preset: painted_concept, prompt: x}}")
    err = assetgen("build", tmp_path, "--draft", "--game", tmp_path / "g", "--store", tmp_path / "s")[2]
    assert "\x1b" not in err and err.splitlines()[0] == "1 asset, 1 to sample"
