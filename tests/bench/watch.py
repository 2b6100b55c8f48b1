"""Measure the latency of `assetgen watch` from a save to the first work, and the cost of many files at once.

    python tests/bench/watch.py [SAVES] [FILES] [FOLDER]

The watch runs in its own process; times are from just before the save to the event on its standard output. `planned`
is when the pack is resolved. From `drawn`, by the embedded model, the seconds of the sampling are subtracted, so that
it is when sampling starts. Then FILES images are written into an inbox while the watch builds; each must be published
once. Memory is that of the process.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from assetgen.pixels.image_files import encode_png

DRAWING = 'preset: drawing\nuse: picture\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\n'
PACK = "pack: p\ntarget: art\nassets:\n  a: {{preset: {preset}, prompt: thing {number}}}\n"
INBOX = 'pack: p\ntarget: art\ninbox: {"*": {preset: drawing}}\n'
GOAL = 300  # milliseconds


class Watch:
    """A watch of `folder/art`."""

    def __init__(self, folder: Path) -> None:
        words = ["watch", folder / "art", "--game", folder / "game", "--store", folder / "store", "--json"]
        command = [sys.executable, "-m", "assetgen.cli", *map(str, words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def until(self, *kinds: str) -> dict[str, Any]:
        assert self.process.stdout
        while line := self.process.stdout.readline():
            event: dict[str, Any] = json.loads(line)
            if event["event"] == "failed":
                print(event["reason"])
            if event["event"] in kinds:
                return event
        raise SystemExit("the watch ended")

    def memory(self) -> float:
        """Resident megabytes."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS"))

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def by_rename(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.tmp")
    part.write_text(text)
    part.replace(path)


def start(folder: Path, pack: str) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "art").mkdir(parents=True)
    (folder / "art/drawing.yaml").write_text(DRAWING)
    (folder / "art/pack.yaml").write_text(pack)
    return folder / "art/pack.yaml"


def saves(folder: Path, preset: str, kind: str, count: int) -> None:
    pack = start(folder, PACK.format(preset=preset, number=0))
    watch = Watch(folder)
    watch.until("finished")
    memory = watch.memory()
    for save in (by_rename, in_place):
        times = []
        for _ in range(count):
            text = PACK.format(preset=preset, number=time.monotonic_ns())
            began = time.perf_counter()
            save(pack, text)
            event = watch.until(kind)
            times.append(1000 * (time.perf_counter() - began - event.get("seconds", 0)))
            watch.until("finished")
            time.sleep(0.05)
        low, high = np.percentile(times, [50, 95])
        verdict = "" if high <= GOAL else f"  MISSES {GOAL} ms"
        print(f"{save.__name__:10} save to {kind}: p50 {low:.0f} ms, p95 {high:.0f} ms of {count}{verdict}")
    print(f"memory after {2 * count} builds: {watch.memory():.0f} MB (after the first: {memory:.0f} MB)")
    watch.end()


def storm(folder: Path, files: int) -> None:
    """Files that appear during a build."""
    start(folder, INBOX)
    data = encode_png(np.full((8, 8, 3), 90, np.uint8))
    (folder / "art/inbox").mkdir()
    watch = Watch(folder)
    watch.until("finished")
    began = time.perf_counter()
    for number in range(files):
        (folder / f"art/inbox/f{number}.png").write_bytes(data)
    dropped = time.perf_counter() - began
    published: list[str] = []
    builds = 0
    event = {"event": ""}
    while len(published) < files or event["event"] != "finished":
        event = watch.until("published", "finished")
        published += [event["asset"]] if event["event"] == "published" and event["asset"] else []
        builds += event["event"] == "finished"
    twice = len(published) - len(set(published))
    print(
        f"{files} files dropped in {dropped:.1f} s, built after {time.perf_counter() - began:.1f} s in {builds} builds"
    )
    print(f"{len(set(published))} published, {twice} twice; memory {watch.memory():.0f} MB")
    watch.end()


if __name__ == "__main__":
    place = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(tempfile.mkdtemp())
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    files = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    saves(place / "drawn", "drawing", "planned", number)
    if find_spec("torch"):
        saves(place / "sampled", "painted_concept", "drawn", max(1, number // 6))
    if files:
        storm(place / "storm", files)
