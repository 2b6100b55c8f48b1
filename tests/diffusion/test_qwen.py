"""What only the Qwen-Image families do, compared with the pipelines of diffusers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.sampling.latents import encode_images, to_tensor
from assetgen.events import ignore
from assetgen.images import Array, to_float
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob
from assetgen.pixels.image_files import encode_png

pytestmark = [pytest.mark.model, pytest.mark.slow]
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]


@pytest.fixture
def smooth() -> Array:
    """An image with smooth colours, RGB."""
    down, across = np.mgrid[0:32, 0:32]
    return np.stack([down * 6 + 30, across * 6 + 30, down * 0 + 128], 2).astype(np.uint8)


def written(folder: Path, name: str, pixels: Array) -> Path:
    (folder / name).write_bytes(encode_png(pixels))
    return folder / name


def sampled(job: SourceJob) -> Array:
    [images] = sample([job])
    return images["color"].astype(int)


def theirs(card: ModelCard, kind: str, **inputs: Any) -> Array:
    """An image from a pipeline's own loop, with the seed 9."""
    import diffusers
    import torch

    warm = warm_model(card, (), (), ignore)
    pipeline = getattr(diffusers, kind)(**{**warm.pipeline.components, "scheduler": warm.scheduler()})
    pipeline.set_progress_bar_config(disable=True)
    settings = {"true_cfg_scale": 5.0, "negative_prompt": "fog", "num_inference_steps": 4, "output_type": "np"}
    settings |= {"width": card.native[0], "height": card.native[1]}
    generator = torch.Generator().manual_seed(9)
    with torch.inference_mode():
        made = pipeline(prompt="a red cat", generator=generator, **settings, **inputs)
    pixels: Array = np.rint(made.images[0] * 255).astype(int)
    return pixels


def ours(job: Make, card: ModelCard, **settings: Any) -> Array:
    return sampled(job(card, prompt="a red cat", negative="fog", guidance=5.0, steps=4, seed=9, **settings))


def latents_of(card: ModelCard, pixels: Array) -> Any:
    """As input of a pipeline: of an image it would draw random latents first."""
    import torch

    with torch.inference_mode():
        return encode_images(warm_model(card, (), (), ignore).pipeline, to_tensor(to_float(pixels)))


def test_image_to_image_equals_the_diffusers_pipeline(tiny_of: Find, job: Make, smooth: Array, tmp_path: Path) -> None:
    card = tiny_of("qwen_image")
    expected = theirs(card, "QwenImageImg2ImgPipeline", image=latents_of(card, smooth), strength=0.6)
    made = ours(job, card, image=written(tmp_path, "smooth.png", smooth), strength=0.6)
    assert np.abs(made - expected).max() <= 1


def test_inpainting_equals_the_diffusers_pipeline(tiny_of: Find, job: Make, smooth: Array, tmp_path: Path) -> None:
    import torch

    card, mask = tiny_of("qwen_image"), np.zeros((32, 32, 3), np.uint8)
    mask[8:20, 8:20] = 255
    latents = latents_of(card, smooth)
    mask_image = torch.from_numpy(mask[None, None, ..., 0] / np.float32(255))
    inputs = {"image": latents, "mask_image": mask_image, "masked_image_latents": latents}
    expected = theirs(card, "QwenImageInpaintPipeline", **inputs, strength=0.8)
    files = {"image": written(tmp_path, "smooth.png", smooth), "mask": written(tmp_path, "mask.png", mask)}
    made = ours(job, card, **files, strength=0.8)
    assert np.abs(made - expected)[8:20, 8:20].max() <= 1
