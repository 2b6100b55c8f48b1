"""The scheduler that a card asks for, laid over the one that came with the model."""

import inspect
from typing import Any

from assetgen.errors import InputError
from assetgen.registry import did_you_mean
from assetgen.spec import Scheduler

UNSEEDED = {"DPMSolverSDEScheduler"}
"""Their noise ignores our seeds, so the same asset would come out different each time."""


def reschedule(current: Any, wanted: Scheduler | None) -> Any:
    """A diffusers scheduler by the card's words; `current` where it says nothing. Unknown words are `InputError`s."""
    if wanted is None:
        return current
    from diffusers import schedulers

    known = {name for name in dir(schedulers) if name.endswith("Scheduler")} - UNSEEDED
    if wanted.name not in known:
        raise InputError(f"there is no scheduler '{wanted.name}'", cure=did_you_mean(wanted.name, known))
    kind = getattr(schedulers, wanted.name)
    options = set(inspect.signature(kind.__init__).parameters) - {"self"}
    for name in wanted.options:
        if name not in options:
            raise InputError(f"scheduler '{wanted.name}' has no option '{name}'", cure=did_you_mean(name, options))
    return kind.from_config(current.config, **wanted.options)
