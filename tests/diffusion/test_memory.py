"""Full device memory, simulated by a network that refuses larger batches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import BuildError
from assetgen.events import Drawn, Event, Shrunk, ignore
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, SourceJob

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]


@contextmanager
def room_for(card: ModelCard, rows: int) -> Iterator[None]:
    """Context in which the card's network is out of memory for more rows."""
    import torch

    def refuse(network: Any, given: Any) -> None:
        if len(given[0]) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory")

    hook = warm_model(card, (), [], ignore).network.register_forward_pre_hook(refuse)
    try:
        yield
    finally:
        hook.remove()
        unload_models()


def test_batches_are_halved_until_they_fit(tiny: ModelCard, job: Make) -> None:
    events: list[Event] = []
    jobs = [job(tiny, Context(asset=f"a{n}", emit=events.append), seed=n) for n in range(7)]
    wanted = [images["color"] for images in sample(jobs)]
    events.clear()
    with room_for(tiny, 4):  # two pictures, each with its unwanted prompt
        found = [images["color"] for images in sample(jobs)]
    assert [event.batch for event in events if isinstance(event, Shrunk)] == [2]
    assert [event.asset for event in events if isinstance(event, Drawn)] == [f"a{n}" for n in range(7)]
    apart = [np.abs(one.astype(int) - other).max() for one, other in zip(found, wanted, strict=True)]
    assert max(apart) <= 1


def test_one_image_that_does_not_fit_is_an_error(tiny: ModelCard, job: Make) -> None:
    with room_for(tiny, 1), pytest.raises(BuildError, match="one image of this size does not fit into memory"):
        list(sample([job(tiny)]))


def test_a_batch_of_three_is_halved_too(tiny: ModelCard, job: Make) -> None:
    three = tiny.model_copy(update={"batch": {"cpu": 3, "gpu": 3}})
    with room_for(three, 4):
        assert len(list(sample([job(three, seed=n) for n in range(4)]))) == 4
