"""Networks compiled for real, on the CPU, where a model is told that it pays; and where no compiler is to be had."""

import shutil
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from assetgen.diffusion.loading.models import unload_models, warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.events import Compiling, Drawn, Event, Uncompiled, ignore
from assetgen.images import Array
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, SourceJob

pytestmark = [
    pytest.mark.model,
    pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"),  # torch's own
]
Make = Callable[..., SourceJob]
MANY = 10**9


@pytest.fixture(autouse=True)
def _from_nothing() -> Iterator[None]:
    import torch

    unload_models()
    torch._dynamo.reset()  # it would take what it compiled for another model of this shape
    yield
    unload_models()


def drawn(*jobs: SourceJob) -> list[Array]:
    return [images["color"].astype(int) for images in sample(jobs)]


def told(tiny: ModelCard, job: Make) -> tuple[list[SourceJob], list[Event]]:
    """Jobs of two batches with many behind them, drawn once so that their pace is known; and a list for events."""
    events: list[Event] = []
    jobs = [job(tiny, Context(asset=f"a{n}", emit=events.append, remaining=MANY), seed=n) for n in range(8)]
    drawn(*jobs)
    events.clear()
    warm_model(tiny, (), (), ignore).compiler.allowed = True
    return jobs, events


def kinds(events: list[Event]) -> list[type]:
    return [type(event) for event in events if isinstance(event, Compiling | Uncompiled)]


@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler: apt install g++")
def test_a_compiled_model_draws_about_the_same_and_what_wraps_as_before(tiny: ModelCard, job: Make) -> None:
    wall = job(tiny, tile="xy")
    before, wrapped = drawn(*(job(tiny, seed=n) for n in range(8))), drawn(wall)
    jobs, events = told(tiny, job)
    after = drawn(*jobs)
    assert kinds(events) == [Compiling]
    assert all(event.device.endswith(", compiled") for event in events if isinstance(event, Drawn))
    assert max(np.abs(one - other).max() for one, other in zip(after, before, strict=True)) <= 1
    assert np.abs(drawn(wall)[0] - wrapped[0]).max() <= 1


def test_a_model_that_cannot_be_compiled_goes_on_as_it_was(tiny: ModelCard, job: Make) -> None:
    from torch._inductor import config, utils

    before = drawn(*(job(tiny, seed=n) for n in range(8)))
    jobs, events = told(tiny, job)
    with utils.fresh_cache(), config.patch({"cpp.cxx": (None, "no-such-compiler")}):
        after = drawn(*jobs)
    assert kinds(events) == [Compiling, Uncompiled]
    assert all((one == other).all() for one, other in zip(after, before, strict=True))
