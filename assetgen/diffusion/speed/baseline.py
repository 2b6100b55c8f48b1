"""References for benchmarks: the device's peak FLOP/s, the FLOP of an image, and a plain diffusers loop."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.speed.devices import Device, libraries
from assetgen.events import ignore
from assetgen.images import Array
from assetgen.pack.schema import ModelCard

_MATRIX_SIDES = {"cuda": 8192, "mps": 4096, "cpu": 2048}
"""Sides of the square matrices that are multiplied; larger ones are no faster."""
_TRIALS = 5


def peak_flops(device: Device) -> float:
    """FLOP/s of one large matrix product in the device's dtype, the best of a few trials.

    This is the practical ceiling of any network there. A multiplication and an addition count as two.
    """
    torch, _ = libraries()
    side = _MATRIX_SIDES[device.name]
    one, other = (torch.randn(side, side, device=device.torch_device).to(device.dtype) for _ in range(2))
    best = min(_seconds(device, lambda: one @ other) for _ in range(_TRIALS + 1))
    return float(2 * side**3 / best)


def count_flops(run: Callable[[], object]) -> int:
    """FLOP of matrix products, convolutions and attention in `run`, counted by torch. Replayed CUDA graphs count 0."""
    libraries()
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def plain_diffusers(
    card: ModelCard, prompts: Sequence[str], options: Mapping[str, Any], folder: Path, control: tuple[str, Array] | None
) -> float:
    """Seconds of one diffusers call per prompt, each image saved as PNG.

    The model is warm, with the weights, dtype and scheduler that assetgen uses. `options` are `steps`, `guidance` and
    `size`; `control` is a kind and its image.
    """
    torch, diffusers = libraries()
    from PIL import Image

    warm = warm_model(card, card.loras, [control[0]] if control else [], ignore)
    pipeline, more = warm.pipeline, {}
    if control:
        pipeline = diffusers.AutoPipelineForText2Image.from_pipe(pipeline, controlnet=warm.controls[control[0]])
        more["image"] = Image.fromarray(control[1])
    pipeline.set_progress_bar_config(disable=True)
    width, height = options["size"]

    def make_image(prompt: str, seed: int) -> None:
        output = pipeline(
            prompt,
            num_inference_steps=options["steps"],
            guidance_scale=options["guidance"],
            generator=torch.Generator().manual_seed(seed),
            width=width,
            height=height,
            **more,
        )
        output.images[0].save(folder / f"plain_{seed}.png")

    def make_all() -> None:
        for seed, prompt in enumerate(prompts):
            make_image(prompt, seed)

    make_image(prompts[0], 0)  # warm-up: the first call selects kernels
    return _seconds(warm.device, make_all)


def reset_peak_memory(device: Device) -> None:
    """Restart the measurement of peak device memory."""
    torch, _ = libraries()
    if device.name == "cuda":
        torch.cuda.reset_peak_memory_stats()


def _seconds(device: Device, run: Callable[[], object]) -> float:
    """Wall seconds of `run`, until the device has finished it."""
    torch, _ = libraries()
    synchronize = torch.cuda.synchronize if device.name == "cuda" else lambda: None
    synchronize()
    started = time.perf_counter()
    run()
    synchronize()
    return time.perf_counter() - started
