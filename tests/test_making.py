"""What a source is told and asked for: a part that an installed package brings, in builds of real packs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assetgen import registry
from assetgen.events import Event, Sampling

GAUGE = '''
from assetgen.events import Sampling
from assetgen.registry import Context, Together, part
from assetgen.sources.fake import fake

def run(jobs):
    for job in jobs:
        job.context.emit(Sampling(done=0, total=job.context.ahead, batch=(job.context.asset,)))
        yield fake(job.context, seed=job.words["seed"], size=job.words["size"])

@part(version=1, together=Together(lambda words, controls: words["size"], run))
def gauge(context: Context, *, prompt: str = "", seed: int = 0, size: tuple[int, int] = (16, 16)):
    """A drawing, which tells how many are ahead."""
'''
PRESET = 'preset: told\nuse: picture\nsource: {gauge: {prompt: "{prompt}"}}\n'
THREE_AND_ONE = """
pack: p
assets:
  a: {preset: told, prompt: x}
  b: {preset: told, prompt: x}
  wide: {preset: told, prompt: x, gauge: {size: [32, 16]}}
  c: {preset: told, prompt: x}
"""
Rebuilt = Callable[..., list[Event]]


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with the source `gauge`, as pip would lay it down, and a preset of it."""
    told = tmp_path / "site/gauge-1.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: gauge\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[assetgen.sources]\ngauge = gauge:gauge\n")
    (tmp_path / "site/gauge.py").write_text(GAUGE)
    (tmp_path / "told.yaml").write_text(PRESET)
    monkeypatch.syspath_prepend(tmp_path / "site")
    registry._plugged.cache_clear()
    yield
    registry._plugged.cache_clear()
    registry.load.cache_clear()


def ahead(events: list[Event]) -> dict[str, int]:
    return {event.batch[0]: event.total for event in events if isinstance(event, Sampling)}


def test_a_source_knows_how_many_alike_pictures_are_still_to_come(rebuilt: Rebuilt) -> None:
    assert ahead(rebuilt(THREE_AND_ONE)) == {"a": 3, "b": 2, "c": 1, "wide": 1}


def test_what_the_store_has_is_not_to_come(rebuilt: Rebuilt) -> None:
    rebuilt(THREE_AND_ONE)
    assert ahead(rebuilt(THREE_AND_ONE.replace("told, prompt: x}", "told, prompt: x, gauge: {seed: 5}}", 2))) == {
        "a": 2,
        "b": 1,
    }
