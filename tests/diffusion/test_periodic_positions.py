"""Seamless images from transformers with rotary position embeddings, in one pass."""

from collections.abc import Callable

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.sampling.periodic_positions import periodic_positions
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
ROTARY = ["flux"]
"""Families with rotary embeddings."""


@pytest.fixture
def periodic(tiny_of: Find) -> Find:
    """`periodic(name)`: the card of a tiny model that draws seamless images in one pass."""
    return lambda name: tiny_of(name).model_copy(update={"seamless": "periodic"})


@pytest.mark.parametrize("class_name", ["FluxPosEmbed", "Flux2PosEmbed", "Krea2RotaryPosEmbed"])
def test_across_the_border_tokens_are_neighbours(class_name: str) -> None:
    """The turn from the last token to the first is that from any token to the next; other axes do not change."""
    import torch
    from diffusers.models.transformers import transformer_flux, transformer_flux2, transformer_krea2

    [module] = [each for each in (transformer_flux, transformer_flux2, transformer_krea2) if hasattr(each, class_name)]
    embedding = getattr(module, class_name)(theta=10000, axes_dim=[8, 12, 12])
    ids = torch.tensor([[1.0, 3.0, column] for column in range(20)])
    with periodic_positions([embedding], {"x": 20}):
        turned = torch.complex(*embedding(ids))
    steps = turned.roll(-1, 0) / turned
    assert torch.allclose(steps, steps[:1].expand_as(steps), atol=1e-5)
    assert torch.allclose(turned[:, :20], torch.complex(*embedding(ids))[:, :20], atol=1e-6)
    assert not torch.allclose(turned, torch.complex(*embedding(ids)), atol=1e-2)


@pytest.mark.parametrize("name", ROTARY)
def test_seamless_images_take_one_prediction_a_step_and_differ_from_plain_ones(
    periodic: Find, job: Make, name: str
) -> None:
    card = periodic(name)
    network, calls = warm_model(card, (), (), ignore).network, []
    handle = network.register_forward_hook(lambda *_: calls.append(1))
    seamless, plain = (next(sample([job(card, tile=tile, steps=3)]))["color"] for tile in ("xy", ""))
    handle.remove()
    assert len(calls) == 6
    assert np.abs(seamless.astype(int) - plain).max() > 2


@pytest.mark.parametrize("name", ROTARY)
def test_a_seamless_image_does_not_depend_on_its_batch(periodic: Find, job: Make, name: str) -> None:
    jobs = [job(periodic(name), seed=seed, tile="xy", steps=3) for seed in range(3)]
    [alone], together = list(sample(jobs[2:])), list(sample(jobs))
    assert np.abs(alone["color"].astype(int) - together[2]["color"].astype(int)).max() <= 1


def test_a_model_without_rotary_embeddings_cannot_be_periodic(periodic: Find, job: Make) -> None:
    with pytest.raises(InputError, match="needs a model with rotary position embeddings"):
        next(sample([job(periodic("sd3"), tile="xy")]))
