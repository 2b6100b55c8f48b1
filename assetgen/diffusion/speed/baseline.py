"""What sampling is measured against: the device's own limit, the operations a picture needs, a plain diffusers loop."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.speed.devices import Device, libraries
from assetgen.events import ignore
from assetgen.images import Array
from assetgen.pack.schema import ModelCard

SIDES = {"cuda": 8192, "mps": 4096, "cpu": 2048}
"""Sides of the square matrices whose product is timed; larger ones are no faster."""
TRIALS = 5


def limit(device: Device) -> float:
    """Floating-point operations a second that this device reaches in one large matrix product of its number format.

    This is the practical ceiling of any network there: the best of a few trials, a multiplication and an addition each
    counted.
    """
    torch, _ = libraries()
    side = SIDES[device.name]
    one, other = (torch.randn(side, side, device=device.place).to(device.dtype) for _ in range(2))
    best = min(_seconds(device, lambda: one @ other) for _ in range(TRIALS + 1))
    return float(2 * side**3 / best)


def operations(run: Callable[[], object]) -> int:
    """Floating-point operations of what `run` does: products, convolutions and attention, as torch counts them. It does
    not see those of recordings."""
    libraries()
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def plain_diffusers(
    card: ModelCard, prompts: Sequence[str], words: Mapping[str, Any], folder: Path, control: tuple[str, Array] | None
) -> float:
    """Seconds of what users would write: one diffusers call a prompt, each picture saved as PNG.

    The model is warm, its weights, number format and scheduler are those that assetgen uses. `words` are the steps,
    the guidance and the size; `control` is a kind and its picture.
    """
    torch, diffusers = libraries()
    from PIL import Image

    warm = warm_model(card, card.loras, [control[0]] if control else [], ignore)
    pipeline, more = warm.pipeline, {}
    if control:
        pipeline = diffusers.AutoPipelineForText2Image.from_pipe(pipeline, controlnet=warm.controls[control[0]])
        more["image"] = Image.fromarray(control[1])
    pipeline.set_progress_bar_config(disable=True)
    width, height = words["size"]

    def draw(prompt: str, seed: int) -> None:
        made = pipeline(
            prompt,
            num_inference_steps=words["steps"],
            guidance_scale=words["guidance"],
            generator=torch.Generator().manual_seed(seed),
            width=width,
            height=height,
            **more,
        )
        made.images[0].save(folder / f"plain_{seed}.png")

    def draw_all() -> None:
        for seed, prompt in enumerate(prompts):
            draw(prompt, seed)

    draw(prompts[0], 0)  # warms up: kernels are chosen at the first call
    return _seconds(warm.device, draw_all)


def forget_peak(device: Device) -> None:
    """Begin to measure the most memory in use anew."""
    torch, _ = libraries()
    if device.name == "cuda":
        torch.cuda.reset_peak_memory_stats()


def _seconds(device: Device, run: Callable[[], object]) -> float:
    """Wall seconds until the device is done."""
    torch, _ = libraries()
    synchronize = torch.cuda.synchronize if device.name == "cuda" else lambda: None
    synchronize()
    started = time.perf_counter()
    run()
    synchronize()
    return time.perf_counter() - started
