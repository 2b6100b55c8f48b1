"""A machine without a compiler: what would be compiled is drawn all the same."""

from collections.abc import Callable

import numpy as np
import pytest

from assetgen.diffusion.load import let_go, warm_model
from assetgen.diffusion.sample import sample
from assetgen.events import Compiling, Drawn, Event, Uncompiled, ignore
from assetgen.registry import Context, Job
from assetgen.spec import ModelCard

pytestmark = [
    pytest.mark.model,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"),  # torch's own
]
MANY = 10**9


def test_a_model_that_cannot_be_compiled_goes_on_as_it_was(tiny: ModelCard, job: Callable[..., Job]) -> None:
    import torch._inductor.config

    events: list[Event] = []
    jobs = [job(tiny, Context(asset=f"a{n}", emit=events.append, ahead=MANY), seed=n) for n in range(12)]
    let_go()
    [*wanted] = (images["color"] for images in sample(jobs))
    warm_model(tiny, (), (), ignore).compiler.allowed = True  # as on a GPU; paces are known by now
    events.clear()
    with torch._inductor.config.patch({"cpp.cxx": (None, "no-such-compiler")}):
        [*found] = (images["color"] for images in sample(jobs))
    let_go()
    assert [type(event) for event in events if isinstance(event, Compiling | Uncompiled)] == [Compiling, Uncompiled]
    assert [event.asset for event in events if isinstance(event, Drawn)] == [f"a{n}" for n in range(12)]
    assert all((one == other).all() for one, other in zip(found, wanted, strict=True)) and np.ptp(found[0]) > 0
