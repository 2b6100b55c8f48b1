"""Time twelve sprites, including process start: `assetgen make` against a plain diffusers script without batches.

    python tests/bench/sprites.py

Prints the seconds of both and their ratio, where `make` begins with noise like the script; the seconds of `make` with
the best of four, and where it paints over drawings; and all of them beside two busy processes. Run it alone on the
machine.
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

COUNT, STEPS = 12, 20
UNDRAWN, DRAWN = "a red wombat", "a red potion"
"""A thing that no control draws, and one that starts from a drawing."""
PLAIN = f"""
import torch
from assetgen.diffusion.loading.models import warm_model
from assetgen.events import ignore
from assetgen.pack.library import library_for
pipeline = warm_model(library_for().card("mini_sprite"), (), (), ignore).pipeline
pipeline.set_progress_bar_config(disable=True)
for seed in range({COUNT}):
    generator = torch.Generator().manual_seed(seed)
    settings = {{"num_inference_steps": {STEPS}, "guidance_scale": 3.5, "height": 32, "width": 32}}
    made = pipeline("pixel art sprite of {UNDRAWN}", generator=generator, output_type="np", **settings)
"""
BUSY = 2


def main() -> None:
    """Time both programs, on idle and on shared cores."""
    measure("idle")
    with busy_processes():
        measure(f"beside {BUSY} busy processes")


def measure(where: str) -> None:
    """Print the seconds of both programs."""
    with tempfile.TemporaryDirectory() as folder:
        runs = ((UNDRAWN, "1"), (UNDRAWN, "4"), (DRAWN, "1"))
        ours, best, drawn = (seconds(make(number, *run), folder) for number, run in enumerate(runs))
        plain = seconds([sys.executable, "-c", PLAIN], folder)
    print(f"{where}: assetgen {ours:.1f} s, finished and checked; best of four {best:.1f} s; ratio {plain / ours:.2f}")
    print(f"{where}: over drawings {drawn:.1f} s")


def make(number: int, thing: str, best_of: str) -> list[str]:
    """The command that makes the sprites, with a store of its own."""
    command = [sys.executable, "-m", "assetgen.cli", "make", "pixel_sprite", thing, "-n", str(COUNT), "-o", "out"]
    return [*command, "--best-of", best_of, "--store", f"store{number}", "--overwrite"]


@contextlib.contextmanager
def busy_processes() -> Iterator[None]:
    """Context in which other processes compute."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def seconds(command: list[str], folder: str) -> float:
    """Elapsed seconds of a command that must succeed."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
