"""Chroma, ERNIE-Image and SANA-Sprint with random weights, compared with diffusers' pipelines."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.images import Array
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob
from assetgen.pixels.image_files import encode_png, read_image

pytestmark = [pytest.mark.model, pytest.mark.slow]
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
PIPELINES: dict[str, tuple[str, dict[str, Any]]] = {
    "chroma": ("ChromaPipeline", {"negative_prompt": "fog"}),
    "ernie_image": ("ErnieImagePipeline", {"negative_prompt": "fog"}),
    "sana_sprint": ("SanaSprintPipeline", {"use_resolution_binning": False}),
}
"""Their pipelines, with further arguments."""
REPAINTED = np.s_[:, 16:]
"""The part of the image where the mask is white. Elsewhere ours has the exact pixels of the image."""


def ours(job: SourceJob) -> Array:
    [images] = sample([job])
    return images["color"].astype(int)


def settings(card: ModelCard, **more: Any) -> dict[str, Any]:
    negative = {} if card.family == "sana_sprint" else {"negative": "fog"}
    return {"prompt": "a red cat", "steps": 4, "guidance": 5.0, "seed": 9, **negative, **more}


def theirs(card: ModelCard, kind: str, **inputs: Any) -> Array:
    """An image of a pipeline of the class `kind`, from the same noise, with the scheduler of the model's folder."""
    import diffusers
    import torch

    warm = warm_model(card, (), (), ignore)
    folder = Path(card.weights.folder)  # type: ignore[union-attr]
    parts = {name: part for name, part in warm.pipeline.components.items() if part is not None}
    scheduler = type(warm.scheduler()).from_pretrained(folder / "scheduler")
    parts |= {"scheduler": scheduler, "vae": _without_noise(parts["vae"]) if "image" in inputs else parts["vae"]}
    pipeline = getattr(diffusers, kind)(**parts)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.transformer.register_to_config(guidance_embeds=card.family == "sana_sprint")  # Chroma's Inpaint reads it
    inputs = {"num_inference_steps": 4, "guidance_scale": 5.0, "height": 32, "width": 32, **inputs}
    with torch.inference_mode():
        made = pipeline(prompt="a red cat", output_type="np", generator=torch.Generator().manual_seed(9), **inputs)
    pixels: Array = np.rint(made.images[0] * 255).astype(int)
    return pixels


def _without_noise(vae: Any) -> Any:
    """An autoencoder that returns the mode of its distribution: pipelines would draw from it, and so change which noise
    comes next. Sana's has no distribution."""
    if not hasattr(vae, "quant_conv"):
        return vae

    class Mode(type(vae)):  # type: ignore[misc]
        def encode(self, images: Any) -> Any:
            return SimpleNamespace(latents=super().encode(images).latent_dist.mode())

    found = Mode.from_config(vae.config)
    found.load_state_dict(vae.state_dict())
    return found.eval()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    down, across = np.mgrid[0:32, 0:32]
    pixels = np.stack([down * 6 + 30, across * 6 + 30, down * 0 + 128], 2).astype(np.uint8)
    (tmp_path / "image.png").write_bytes(encode_png(pixels))
    return tmp_path / "image.png"


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """White in `REPAINTED`, black elsewhere."""
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[REPAINTED] = 255
    (tmp_path / "mask.png").write_bytes(encode_png(pixels))
    return tmp_path / "mask.png"


def opened(file: Path) -> Image.Image:
    return Image.fromarray(read_image(file)[..., :3])


@pytest.mark.parametrize("name", PIPELINES)
def test_text_to_image_equals_the_diffusers_pipeline(tiny_of: Find, job: Make, name: str) -> None:
    card, (kind, inputs) = tiny_of(name), PIPELINES[name]
    steps = {"intermediate_timesteps": None} if name == "sana_sprint" else {}
    wanted = theirs(card, kind, **inputs, **steps)
    assert np.abs(ours(job(card, **settings(card))) - wanted).max() <= 1


def test_sana_sprint_in_two_steps_equals_the_diffusers_pipeline(tiny_of: Find, job: Make) -> None:
    """Their second timestep is fixed."""
    card, (kind, inputs) = tiny_of("sana_sprint"), PIPELINES["sana_sprint"]
    wanted = theirs(card, kind, **inputs, num_inference_steps=2)
    assert np.abs(ours(job(card, **settings(card, steps=2))) - wanted).max() <= 1


def test_image_to_image_of_sana_sprint_equals_the_diffusers_pipeline(tiny_of: Find, job: Make, image: Path) -> None:
    card, inputs = tiny_of("sana_sprint"), {"use_resolution_binning": False, "intermediate_timesteps": None}
    wanted = theirs(card, "SanaSprintImg2ImgPipeline", image=opened(image), strength=0.6, **inputs)
    assert np.abs(ours(job(card, image=image, **settings(card, strength=0.6))) - wanted).max() <= 1


@pytest.mark.parametrize("strength", [0.35, 1.0])
def test_image_to_image_of_chroma_equals_the_diffusers_pipeline(
    tiny_of: Find, job: Make, image: Path, strength: float
) -> None:
    card = tiny_of("chroma")
    wanted = theirs(card, "ChromaImg2ImgPipeline", image=opened(image), strength=strength, negative_prompt="fog")
    made = ours(job(card, image=image, **settings(card, strength=strength)))
    assert np.abs(made - wanted).max() <= 1


def test_inpainting_of_chroma_equals_the_diffusers_pipeline(tiny_of: Find, job: Make, image: Path, mask: Path) -> None:
    card = tiny_of("chroma")
    inputs = {"image": opened(image), "mask_image": opened(mask), "strength": 0.8, "negative_prompt": "fog"}
    wanted = theirs(card, "ChromaInpaintPipeline", **inputs, max_sequence_length=512)  # their default is 256
    made = ours(job(card, image=image, mask=mask, **settings(card, strength=0.8)))
    assert np.abs(made - wanted)[REPAINTED].max() <= 1


@pytest.mark.parametrize("name", ["chroma", "ernie_image"])
def test_a_negative_prompt_changes_the_image(tiny_of: Find, job: Make, name: str) -> None:
    card = tiny_of(name)
    one, other = (ours(job(card, **settings(card, negative=negative))) for negative in ("fog", "a blue dog"))
    assert np.abs(one - other).max() > 1


def test_sana_sprint_takes_no_negative_prompt(tiny_of: Find, job: Make) -> None:
    with pytest.raises(InputError, match="takes no negative prompt"):
        ours(job(tiny_of("sana_sprint"), negative="fog"))


def test_guidance_is_an_input_of_sana_sprint(tiny_of: Find, job: Make) -> None:
    card = tiny_of("sana_sprint")
    one, other = (ours(job(card, **settings(card, guidance=scale))) for scale in (1.0, 20.0))
    assert np.abs(one - other).max() >= 1
