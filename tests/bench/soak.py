"""Build ten thousand assets: growth of memory, overhead per asset, and the time of a build with nothing to do.

    python tests/bench/soak.py [ASSETS] [FOLDER]

Memory is the peak of the process when the last asset is published, and when manifest and lock are written, over what it
was after the first fifth of the assets. The overhead of an asset is the time of the build without the fake source,
which is timed separately. As the machine may be busy, CPU time is printed beside elapsed time.
"""

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.build.status import check_report
from assetgen.events import Emit, Event, Finished, Published, ignore
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.parts import Context
from assetgen.sources.fake import fake
from assetgen.store.store import Store

PRESET = 'preset: drawing\nuse: picture\nsource: {fake: {prompt: "{prompt}", size: [8, 8]}}\n'
OVERHEAD_LIMIT = 3.0  # milliseconds


def peak() -> int:
    """Peak memory of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def write(folder: Path, assets: int) -> None:
    folder.mkdir(parents=True)
    (folder / "drawing.yaml").write_text(PRESET)
    lines = (f"  thing_{number:05}: {{preset: drawing, prompt: thing {number}}}\n" for number in range(assets))
    (folder / "pack.yaml").write_text("pack: soak\ntarget: art\nassets:\n" + "".join(lines))


class Meter:
    """Count published assets, and record the memory after the warm-up and after the last one."""

    def __init__(self, assets: int) -> None:
        self.assets, self.done, self.warm, self.last = assets, 0, 0, 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Published):
            self.done += 1
            self.warm = peak() if self.done == self.assets // 5 else self.warm
            self.last = peak()


class Watch:
    """Elapsed and CPU seconds since its creation."""

    def __init__(self) -> None:
        self.began = (time.perf_counter(), time.process_time())

    def __str__(self) -> str:
        clock, processor = self.seconds()
        return f"{clock:.2f} s ({processor:.2f} s of the processor)"

    def seconds(self) -> tuple[float, float]:
        return time.perf_counter() - self.began[0], time.process_time() - self.began[1]


def build(folder: Path, emit: Emit = ignore) -> Finished:
    machine = Machine(Store(folder / "store"), folder / "machine")
    return build_pack(Project.load(folder / "pack", folder / "game"), machine, BuildOptions(), emit)


def drawing(assets: int) -> tuple[float, float]:
    """Elapsed and CPU seconds of the fake source alone."""
    watch = Watch()
    for number in range(assets):
        fake(Context(), prompt=f"thing {number}", seed=number, size=(8, 8))
    return watch.seconds()


def main(assets: int = 10_000, parent: str | None = None) -> None:
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        write(folder / "pack", assets)
        bare, meter, watch = drawing(assets), Meter(assets), Watch()
        done = build(folder, meter)
        each = [(with_all - alone) / assets * 1000 for with_all, alone in zip(watch.seconds(), bare, strict=True)]
        print(f"{assets} assets: {watch}, in its threads {done.profile}")
        print(f"overhead per asset: {each[0]:.2f} ms ({each[1]:.2f} ms of CPU), at most {OVERHEAD_LIMIT}")
        growth = [f"{size / meter.warm - 1:.1%}" for size in (meter.last, peak())]
        print(f"peak memory: {peak() / 1e6:.0f} MB; since a fifth {growth[0]} more while building, {growth[1]} in all")
        watch = Watch()
        build(folder)
        print(f"nothing to do: {watch}")
        watch = Watch()
        states = {verdict.state for verdict in check_report(Project.load(folder / "pack", folder / "game"))}
        print(f"check: {watch}, {states}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*(int(word) if word.isdigit() else word for word in sys.argv[1:]))
