"""A model whose autoencoder has an alpha channel samples RGBA."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.sampling.latents import latent_channels, seeded_noise
from assetgen.diffusion.sampling.request import with_channels
from assetgen.events import ignore
from assetgen.images import Array, ImageSet
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob
from assetgen.pixels.image_files import encode_png

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]


@pytest.fixture(scope="module", params=["sd3", "flux2"])
def card(
    request: pytest.FixtureRequest, tiny_of: Callable[[str], ModelCard], tmp_path_factory: pytest.TempPathFactory
) -> ModelCard:
    """A model whose card names an RGBA autoencoder for its latents as `vae`."""
    import torch

    torch.manual_seed(1)
    base, folder = tiny_of(request.param), tmp_path_factory.mktemp("rgba")
    vae = warm_model(base, (), (), ignore).pipeline.vae
    type(vae).from_config({**vae.config, "in_channels": 4, "out_channels": 4}).save_pretrained(folder)
    return ModelCard.model_validate({**base.model_dump(), "vae": {"folder": folder}})


@pytest.fixture
def picture() -> Array:
    """RGBA with smooth colours and alpha from 0 to 255."""
    down, across = np.mgrid[0:32, 0:32]
    return np.stack([down * 6 + 30, across * 6 + 30, down * 0 + 128, across * 8], 2).astype(np.uint8)


def sampled(job: SourceJob) -> ImageSet:
    [images] = sample([job])
    return images


@pytest.mark.parametrize("card", ["sd3"], indirect=True)
def test_the_alpha_equals_that_of_the_diffusers_pipeline(card: ModelCard, job: Make) -> None:
    import torch

    warm = warm_model(card, (), (), ignore)
    warm.pipeline.scheduler = warm.scheduler()
    warm.pipeline.set_progress_bar_config(disable=True)
    latents, _ = seeded_noise(9, latent_channels(warm.pipeline.vae), (8, 8))
    settings: dict[str, Any] = {"width": 32, "height": 32, "num_inference_steps": 4, "output_type": "np"}
    with torch.inference_mode():
        theirs = warm.pipeline("a red cat", latents=latents, guidance_scale=5.0, **settings).images[0]
    ours = sampled(job(card, prompt="a red cat", steps=4, guidance=5.0, seed=9))
    assert ours["color"].shape == (32, 32, 4)
    assert np.abs(ours["color"] - np.rint(theirs * 255)).max() <= 1


def test_the_image_has_an_alpha_channel(card: ModelCard, job: Make) -> None:
    images = sampled(job(card))
    assert (images["color"].shape, images.meta.native_alpha) == ((32, 32, 4), True)


def test_models_without_alpha_do_not_claim_it(tiny_of: Callable[[str], ModelCard], job: Make) -> None:
    images = sampled(job(tiny_of("sd3")))
    assert (images["color"].shape[2], images.meta.native_alpha) == (3, None)


def test_inpainting_keeps_colours_and_alpha_outside_its_mask(
    card: ModelCard, job: Make, picture: Array, tmp_path: Path
) -> None:
    mask = np.zeros((32, 32, 3), np.uint8)
    mask[8:20, 8:20] = 255
    for name, pixels in (("picture", picture), ("mask", mask)):
        (tmp_path / f"{name}.png").write_bytes(encode_png(pixels))
    made = sampled(job(card, image=tmp_path / "picture.png", mask=tmp_path / "mask.png"))["color"].astype(int)
    assert (made[mask[..., 0] == 0] == picture[mask[..., 0] == 0]).all()
    assert np.abs(made - picture)[8:20, 8:20, 3].mean() > 1


def test_image_to_image_sees_the_alpha_of_its_image(card: ModelCard, job: Make, picture: Array, tmp_path: Path) -> None:
    opaque = np.dstack([picture[..., :3], np.full((32, 32, 1), 255, np.uint8)])
    made = []
    for name, pixels in (("picture", picture), ("opaque", opaque), ("rgb", picture[..., :3])):
        (tmp_path / f"{name}.png").write_bytes(encode_png(pixels))
        made.append(sampled(job(card, image=tmp_path / f"{name}.png", strength=0.5))["color"].astype(int))
    assert np.abs(made[0] - made[1]).max() > 1
    assert (made[1] == made[2]).all()


def test_only_a_model_with_alpha_gives_that_of_its_image(
    card: ModelCard, tiny_of: Callable[[str], ModelCard], job: Make, picture: Array, tmp_path: Path
) -> None:
    (tmp_path / "picture.png").write_bytes(encode_png(picture))
    arguments = {"image": tmp_path / "picture.png", "strength": 0.5}
    made, without = (sampled(job(card, **arguments, detail=detail)) for detail in (1.0, None))
    assert (made.meta.given_alpha, without.meta.given_alpha) == (True, None)
    assert np.abs(made["color"][..., 3].astype(int) - picture[..., 3]).max() <= 1
    assert sampled(job(tiny_of("sd3"), **arguments, detail=1.0)).meta.given_alpha is None


def test_the_matte_is_removed_from_partly_transparent_colours(card: ModelCard, job: Make) -> None:
    blended, straight = (
        sampled(job(card.model_copy(update={"matte": matte}), seed=3))["color"] / 255 for matte in (None, "white")
    )
    alpha = straight[..., 3:]
    on_white = straight[..., :3] * alpha + (1 - alpha)
    possible = (blended[..., :3] >= 1 - alpha) & (alpha > 0.1)  # no colour on white is darker than black is
    assert possible.any()
    assert (np.abs(on_white - blended[..., :3])[possible] < 0.01).all()


def test_a_model_with_a_matte_encodes_colours_on_white() -> None:
    half = np.array([[[0, 0, 0, 0.5]]], np.float32)
    assert with_channels(half, 4, matte=True).ravel().tolist() == [0.5, 0.5, 0.5, 0.5]
    assert with_channels(half, 4).ravel().tolist() == [0, 0, 0, 0.5]
