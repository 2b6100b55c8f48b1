"""Time twelve sprites, including process start: `assetgen make` against a plain diffusers script without batches.

    python tests/bench/sprites.py

Prints the seconds of both and their ratio. Run it alone on the machine.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNT, STEPS = 12, 20
THING = "a red potion in a round glass flask, potion"
"""The checks reject fewer than one in fifty, so both programs sample the same number of images."""
WEIGHTS = Path(__file__).parents[2] / "assetgen/weights/mini"
PLAIN = f"""
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
pipeline = StableDiffusionPipeline.from_pretrained({str(WEIGHTS)!r}, local_files_only=True, safety_checker=None)
scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config, algorithm_type="sde-dpmsolver++")
pipeline.scheduler = scheduler
pipeline.set_progress_bar_config(disable=True)
size = {{"height": 128, "width": 128}}
for seed in range({COUNT}):
    generator = torch.Generator().manual_seed(seed)
    prompt = "pixel art sprite of {THING}, plain grey background"
    made = pipeline(prompt, num_inference_steps={STEPS}, guidance_scale=4.0, generator=generator, **size)
    made.images[0].save(f"sprite_{{seed}}.png")
"""


def main() -> None:
    """Time both programs."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["make", "item_icon", THING, "-n", str(COUNT), "-o", "out", "--store", "store"]
        ours = seconds([sys.executable, "-m", "assetgen.cli", *words], folder)
        plain = seconds([sys.executable, "-c", PLAIN], folder)
    print(f"assetgen {ours:.1f} s, finished and checked; plain diffusers {plain:.1f} s, raw")
    print(f"ratio {plain / ours:.2f}")


def seconds(command: list[str], folder: str) -> float:
    """Elapsed seconds of a command that must succeed."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
