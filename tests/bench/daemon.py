"""Measure whether `assetgen watch` leaks over a day: 1,440 rounds, one per minute of a day, as fast as possible.

    python tests/bench/daemon.py [ROUNDS] [FOLDER]

Each round saves the watched pack and sends the requests of plugins to the same process: variations, steps on an
uploaded image, a check of the pack. Prints resident memory, open files, threads and the size of the queue on disk:
after a first round that loads everything, after a tenth of the rounds, and at the end.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from assetgen.pixels.image_files import encode_png

DRAWING = 'preset: drawing\nuse: picture\nsource: {fake: {prompt: "{prompt}", size: [64, 64]}}\n'
PACK = "pack: p\ntarget: art\nassets: {{a: {{preset: drawing, prompt: thing {}}}, b: {{preset: drawing, prompt: b}}}}\n"
PATIENCE = 120.0


class Daemon:
    """A watch of `folder/art`, and the requests that plugins send to it."""

    def __init__(self, folder: Path) -> None:
        (folder / "art").mkdir(parents=True)
        (folder / "art/drawing.yaml").write_text(DRAWING)
        self.folder, self.pack = folder, folder / "art/pack.yaml"
        self.save(0)
        place = folder / "run/server.json"
        words = ["watch", folder / "art", "--game", folder / "game", "--store", folder / "store", "--state", place]
        command = [sys.executable, "-m", "assetgen.cli", *map(str, words)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        until(place.exists)
        self.state = json.loads(place.read_text())
        self.project = self.ask("POST", "/projects", {"path": str(folder / "art")})["id"]

    def save(self, number: int) -> None:
        part = self.pack.with_name(".pack.yaml.tmp")
        part.write_text(PACK.format(number))
        part.replace(self.pack)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.state['token']}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.state['url']}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def job(self, **words: Any) -> None:
        job = self.ask("POST", "/jobs", words)
        while not job["ended"]:
            job = self.ask("GET", f"/jobs/{job['id']}?after={job['seq']}&wait=20")
        if job["status"] != "done":
            raise SystemExit(f"{words['kind']}: {job['error']}")

    def round(self, number: int) -> None:
        lock = self.pack.with_suffix(".lock")
        self.save(number)
        picture = encode_png(np.full((32, 32, 3), np.frombuffer(number.to_bytes(3, "big"), np.uint8), np.uint8))
        upload = self.ask("POST", f"/uploads?name=round{number}.png", picture)["id"]
        self.job(kind="make", preset="pixel_sprite", prompt=f"a dragon {number}", draft=True, count=2)
        self.job(kind="post", upload=upload, steps=[{"trim": {"padding": 1}}])
        until(lambda: lock.exists() and f"thing {number}" in lock.read_text())
        self.job(kind="check", project=self.project)

    def figures(self) -> str:
        proc = Path(f"/proc/{self.process.pid}")
        usage = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        queue = sum(file.stat().st_size for file in (self.folder / "run").glob("*/jobs.sqlite*"))
        memory = int(usage["VmRSS"].split()[0]) / 1000
        handles = len(list((proc / "fd").iterdir()))
        return f"{memory:.0f} MB, {handles} open files, {int(usage['Threads'])} threads, queue {queue / 1e6:.1f} MB"


def until(done: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise SystemExit("the watch does not answer")
        time.sleep(0.02)


def main(rounds: int = 1440, place: str | None = None) -> None:
    folder = Path(tempfile.mkdtemp(dir=place))
    daemon = Daemon(folder / "d")
    try:
        daemon.round(1)
        print(f"start: {daemon.figures()}", flush=True)
        began = time.monotonic()
        for number in range(2, rounds + 2):
            daemon.round(number)
            if number - 1 in (rounds // 10, rounds):
                spent = time.monotonic() - began
                print(f"after {number - 1} rounds ({spent:.0f} s): {daemon.figures()}", flush=True)
    finally:
        daemon.process.terminate()
        print(f"it ended with {daemon.process.wait(PATIENCE)}")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*(int(word) if word.isdigit() else word for word in sys.argv[1:]))
