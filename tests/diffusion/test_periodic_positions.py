"""Seamless images from transformers with rotary position embeddings, in one pass."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample, tiling
from assetgen.diffusion.sampling.periodic_positions import periodic_positions
from assetgen.diffusion.sampling.request import read_request
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
ROTARY = ["flux", "flux2", "chroma", "krea2", "ernie_image", "z_image", "qwen_image", "qwen_image_21"]
"""Families with rotary embeddings."""
AXES = [8, 12, 12]
"""Channels that rotate by time, row and column."""


@pytest.fixture
def periodic(tiny_of: Find) -> Find:
    """`periodic(name)`: the card of a tiny model that draws seamless images in one pass."""
    return lambda name: tiny_of(name).model_copy(update={"seamless": "periodic"})


def flux_turns(class_name: str, sides: dict[str, int]) -> Any:
    """The turns of 20 tokens in one row, as complex numbers `20×D/2`, periodic along `sides`."""
    import torch
    from diffusers.models.transformers import transformer_flux, transformer_flux2, transformer_krea2

    [module] = [each for each in (transformer_flux, transformer_flux2, transformer_krea2) if hasattr(each, class_name)]
    embedding = getattr(module, class_name)(theta=10000, axes_dim=AXES)
    with periodic_positions([embedding], sides):
        return torch.complex(*embedding(row_ids().float()))[:, ::2]


def ernie_turns(class_name: str, sides: dict[str, int]) -> Any:
    import torch
    from diffusers.models.transformers.transformer_ernie_image import ErnieImageEmbedND3

    embedding = ErnieImageEmbedND3(dim=sum(AXES), theta=256, axes_dim=AXES)
    with periodic_positions([embedding], sides):
        angles = embedding(row_ids().float()[None])[0, :, 0, ::2]
    return torch.polar(torch.ones_like(angles), angles)


def z_image_turns(class_name: str, sides: dict[str, int]) -> Any:
    import torch
    from diffusers.models.transformers.transformer_z_image import RopeEmbedder

    network = torch.nn.Module()
    network.rope_embedder = RopeEmbedder(axes_dims=AXES, axes_lens=(32, 32, 32))
    with periodic_positions([network, network], sides):
        return network.rope_embedder(row_ids())


def qwen_turns(class_name: str, sides: dict[str, int]) -> Any:
    """Of the first of two images of one row."""
    from diffusers.models.transformers import transformer_qwenimage

    embedding = getattr(transformer_qwenimage, class_name)(theta=10000, axes_dim=AXES, scale_rope=True)
    with periodic_positions([embedding], sides):
        return embedding([[(1, 1, 20), (1, 3, 4)]], max_txt_seq_len=5, device="cpu")[0][:20]


def qwen21_turns(class_name: str, sides: dict[str, int]) -> Any:
    """Of an image between two texts."""
    import torch
    from diffusers.models.transformers.transformer_qwenimage21 import QwenImage21Rope

    embedding, is_image = QwenImage21Rope(theta=10000, axes_dim=AXES), torch.zeros(30, dtype=torch.bool)
    is_image[4:24] = True
    with periodic_positions([embedding], sides):
        return embedding([(1, 1, 20)], is_image, "cpu")[is_image]


def row_ids() -> Any:
    import torch

    return torch.tensor([[1, 3, column] for column in range(20)])


TURNS: dict[str, Callable[[str, dict[str, int]], Any]] = {
    "FluxPosEmbed": flux_turns,
    "Flux2PosEmbed": flux_turns,
    "Krea2RotaryPosEmbed": flux_turns,
    "ErnieImageEmbedND3": ernie_turns,
    "RopeEmbedder": z_image_turns,
    "QwenEmbedRope": qwen_turns,
    "QwenEmbedLayer3DRope": qwen_turns,
    "QwenImage21Rope": qwen21_turns,
}


@pytest.mark.parametrize("class_name", TURNS)
def test_across_the_border_tokens_are_neighbours(class_name: str) -> None:
    """The turn from the last token to the first is that from any token to the next; other axes do not change."""
    import torch

    plain, turned = (TURNS[class_name](class_name, sides) for sides in ({}, {"x": 20}))
    steps = turned.roll(-1, 0) / turned
    assert torch.allclose(steps, steps[:1].expand_as(steps), atol=1e-5)
    assert torch.allclose(turned[:, : sum(AXES[:2]) // 2], plain[:, : sum(AXES[:2]) // 2], atol=1e-5)
    assert not torch.allclose(turned, plain, atol=1e-2)


@pytest.mark.parametrize("class_name", sorted(TURNS.keys() - {"QwenImage21Rope"}))
def test_over_a_period_of_many_tokens_positions_hardly_change(class_name: str) -> None:
    """The period of Qwen-Image-2.1 is always the side of its image."""
    import torch

    plain, turned = (TURNS[class_name](class_name, sides) for sides in ({}, {"x": 10**7, "y": 10**7}))
    assert torch.allclose(turned, plain, atol=1e-4)


def test_the_period_of_qwen_image_21_is_the_whole_side(periodic: Find, job: Make) -> None:
    """Not half of it: its tokens are single latent cells, of which two make the multiple of its sides."""
    import torch

    card = periodic("qwen_image_21")
    warm, cells = warm_model(card, (), (), ignore), torch.ones(8, dtype=torch.bool)
    with tiling(warm, read_request(job(card, tile="xy")), (), (8 * warm.vae_scale_factor, 32)):
        [first, *_, middle, _, _, _] = warm.network.pos_embed([(1, 1, 8)], cells, "cpu")
    assert not torch.allclose(first, middle, atol=1e-2)


def test_the_embedding_of_z_image_is_restored() -> None:
    import torch
    from diffusers.models.transformers.transformer_z_image import RopeEmbedder

    network = torch.nn.Module()
    network.rope_embedder = RopeEmbedder(axes_dims=AXES, axes_lens=(32, 32, 32))
    with periodic_positions([network], {"x": 20}):
        pass
    assert type(network.rope_embedder) is RopeEmbedder


@pytest.mark.parametrize("name", ROTARY)
def test_seamless_images_take_as_many_predictions_as_plain_ones_and_differ_from_them(
    periodic: Find, job: Make, name: str
) -> None:
    calls, images, counts = [], [], []
    handle = warm_model(periodic(name), (), (), ignore).network.register_forward_hook(lambda *_: calls.append(1))
    for tile in ("xy", ""):
        images += [each["color"].astype(int) for each in sample([job(periodic(name), tile=tile, steps=3)])]
        counts.append(len(calls))
    handle.remove()
    assert counts[1] == 2 * counts[0]
    assert np.abs(images[0] - images[1]).max() > 2


@pytest.mark.parametrize("name", ROTARY)
def test_a_seamless_image_does_not_depend_on_its_batch(periodic: Find, job: Make, name: str) -> None:
    jobs = [job(periodic(name), seed=seed, tile="xy", steps=3) for seed in range(3)]
    [alone], together = list(sample(jobs[2:])), list(sample(jobs))
    assert np.abs(alone["color"].astype(int) - together[2]["color"].astype(int)).max() <= 1


def test_a_model_without_rotary_embeddings_cannot_be_periodic(periodic: Find, job: Make) -> None:
    with pytest.raises(InputError, match="needs a model with rotary position embeddings"):
        next(sample([job(periodic("sd3"), tile="xy")]))
