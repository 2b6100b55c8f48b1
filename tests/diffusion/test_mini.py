"""The embedded model: its card matches its weights, and its images follow prompt and `strength`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assetgen.diffusion.loading.weight_files import weights_path
from assetgen.diffusion.sampling.batches import sample
from assetgen.images import Array
from assetgen.pack.library import library_for
from assetgen.pack.locations import Bundled
from assetgen.pack.schema import ModelCard
from assetgen.pack.weights import weights_digest
from assetgen.parts import SourceJob
from assetgen.pixels.image_files import encode_png

pytestmark = pytest.mark.model
SHIPPED = (
    "mini",
    "mini_sprite",
    "sd15",
    "sd21",
    "sdxl",
    "sd_turbo",
    "sdxl_turbo",
    "lcm_dreamshaper",
    "sd35_medium",
    "sd35_large",
    "flux_schnell",
    "flux_dev",
    "pixart_sigma",
    "sana",
)


@pytest.fixture(scope="module")
def mini() -> ModelCard:
    return library_for().card("mini")


def sample_one(job: SourceJob) -> Array:
    return next(sample([job]))["color"].astype(int)


def test_the_digests_of_the_card_are_those_of_the_shipped_weights(mini: ModelCard) -> None:
    assert mini.digest == weights_digest(weights_path(mini.weights))
    for control in mini.controls.values():
        assert control.digest == weights_digest(weights_path(control.weights))


def test_the_digests_of_the_sprite_model_are_those_of_its_weights() -> None:
    card = library_for().card("mini_sprite")
    for location in (card.network, card.vae):
        assert isinstance(location, Bundled)
        assert location.digest == weights_digest(weights_path(location))


@pytest.mark.slow
def test_the_sprite_model_draws_things_with_alpha_in_the_colour_of_the_prompt(job: Callable[..., SourceJob]) -> None:
    card = library_for().card("mini_sprite")
    prompts = (f"pixel art sprite of a {color} potion, potion" for color in ("red", "blue"))
    red, blue = (next(sample([job(card, prompt=prompt, size=(32, 32), steps=8)])) for prompt in prompts)
    assert (red["color"].shape, red.meta.pixel_art, red.meta.native_alpha) == ((32, 32, 4), True, True)
    tones = [(each["color"] * (each["color"][..., 3:] > 128)).astype(int).sum((0, 1)) for each in (red, blue)]
    assert tones[0][0] > tones[0][2]
    assert tones[1][2] > tones[1][0]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_card_is_complete_and_pinned(name: str) -> None:
    card = library_for().card(name)
    assert card.model == name
    assert card.digest or len(getattr(card.weights, "revision", "")) == 40
    assert card.about
    assert card.licence_url
    for prompt in card.prompts.values():
        assert prompt.count("{prompt}") == 1


@pytest.mark.slow
def test_the_colour_of_the_prompt_is_in_the_image(mini: ModelCard, job: Callable[..., SourceJob]) -> None:
    prompts = (mini.prompts["tile_texture"].replace("{prompt}", f"{color} stone bricks") for color in ("red", "blue"))
    red, blue = (sample_one(job(mini, prompt=prompt, tile="xy", steps=6)).mean((0, 1)) for prompt in prompts)
    assert red[0] - red[2] > blue[0] - blue[2] + 30


@pytest.mark.slow
def test_less_strength_keeps_more_of_the_image(mini: ModelCard, job: Callable[..., SourceJob], tmp_path: Path) -> None:
    given = np.zeros((128, 128, 3), np.uint8)
    given[32:96, 32:96] = 200, 30, 30
    (tmp_path / "given.png").write_bytes(encode_png(given))
    arguments = {"image": tmp_path / "given.png", "prompt": "pixel art sprite of a blue potion", "steps": 8}
    little, much = (
        np.abs(sample_one(job(mini, strength=strength, **arguments)) - given).mean() for strength in (0.15, 1.0)
    )
    assert little < 15
    assert much > 2 * little
