"""A real watch of real folders in a thread, with short waiting times and packs without a model."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assetgen.build.options import BuildOptions
from assetgen.events import Event, Failed, Finished, Watching
from assetgen.machine import Machine
from assetgen.store.store import Store
from assetgen.watch.loop import Timing, WatchOptions, watch

FAST = Timing(quiet=0.08, gone=0.3, incomplete=1.0, retry=0.1, again=0.3)
DRAWING = 'preset: drawing\nuse: picture\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\n'
PACK = "pack: p\ntarget: art\nassets: {a: {preset: drawing, prompt: x}}\n"


@dataclass
class Watched:
    """A running watch and its events."""

    folder: Path
    events: list[Event] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)
    broke: list[BaseException] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        with self.news:
            self.events.append(event)
            self.news.notify_all()

    def of(self, kind: type[Event]) -> list[Event]:
        with self.news:
            return [event for event in self.events if isinstance(event, kind)]

    @property
    def builds(self) -> int:
        """The number of ended builds, successful or not."""
        with self.news:
            ended = [event for event in self.events if isinstance(event, Finished)]
            return len(ended) + sum(isinstance(event, Failed) and not event.asset for event in self.events)

    def wait(self, done: Callable[[], object], seconds: float = 240) -> None:
        """Wait until `done` is true."""
        until = time.monotonic() + seconds
        while not done():
            if self.broke:
                raise self.broke[0]
            with self.news:
                self.news.wait(0.02)
            assert time.monotonic() < until, self.events

    def after(self, change: Callable[[], object], builds: int = 1) -> None:
        """Make a change, and wait for the builds that follow it."""
        before = self.builds
        change()
        self.wait(lambda: self.builds >= before + builds)

    def rest(self, seconds: float = 0.6) -> None:
        """Give a build that must not come the time to come."""
        time.sleep(seconds)


@pytest.fixture
def watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Watched]]:
    """Writes the preset and the packs (text by path), starts a watch over `places`, waits for its first builds."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(
        packs: dict[str, str] | None = None, places: tuple[str, ...] = ("art",), poll: float = 0, **more: Any
    ) -> Watched:
        packs = {"art/pack.yaml": PACK} if packs is None else packs
        (tmp_path / "art").mkdir(exist_ok=True)
        for name, text in packs.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
            (tmp_path / name).with_name("drawing.yaml").write_text(DRAWING)
        monkeypatch.chdir(tmp_path)  # games are built into out/PACK
        watched = Watched(tmp_path)
        machine = Machine(Store(tmp_path / "store"), tmp_path)
        paths = tuple(tmp_path / place for place in places)
        options = WatchOptions(paths, machine, BuildOptions(), None, poll, FAST, **more)

        def run() -> None:
            try:
                watch(options, watched.tell, stop)
            except BaseException as error:
                watched.broke.append(error)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        watched.wait(lambda: watched.of(Watching))
        watched.wait(lambda: watched.builds >= len(packs))
        return watched

    yield start
    stop.set()
    for thread in threads:
        thread.join(60)
