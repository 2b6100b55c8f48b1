"""Schedulers of diffusers: the one set by a card, and one interface for noise-predicting and flow-matching ones."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.families import Family
from assetgen.diffusion.loading.compatibility import error_summary
from assetgen.errors import InputError, did_you_mean
from assetgen.pack.schema import Scheduler

if TYPE_CHECKING:
    from diffusers import SchedulerMixin
    from torch import Tensor

_UNSEEDED = {"DPMSolverSDEScheduler"}
"""Schedulers whose noise ignores the seed, so that results are not reproducible."""
_UNSEEDED_OPTION = "stochastic_sampling"
_SCHEDULER_ERRORS = (ValueError, TypeError, LookupError, RuntimeError, ArithmeticError)
"""What schedulers raise for incompatible options and unsupported numbers of steps."""
_ANGLES = "SCMScheduler"
"""The scheduler whose timesteps are angles between an image and noise, and include the image, 0, at the end."""
_STEP_ARGUMENTS = 4
"""Required arguments of `step`: self, prediction, timestep, latents."""
_USUAL = "EulerDiscreteScheduler"
_USUAL_FLOW = "FlowMatchEulerDiscreteScheduler"


def replace_scheduler(
    current: SchedulerMixin, chosen: Scheduler | None, overrides: Mapping[str, Any]
) -> SchedulerMixin:
    """The diffusers scheduler set by a card, or `current`, with `overrides` of the family in its configuration. Raises
    `InputError` for unknown names and options."""
    if overrides:
        current = type(current).from_config(current.config, **overrides)
    if chosen is None:
        return current
    from diffusers import schedulers

    known = {name for name in dir(schedulers) if name.endswith("Scheduler") and _has_step(getattr(schedulers, name))}
    known -= _UNSEEDED
    if chosen.name not in known:
        raise InputError(f"there is no scheduler '{chosen.name}'", cure=did_you_mean(chosen.name, known))
    kind = getattr(schedulers, chosen.name)
    options = set(inspect.signature(kind.__init__).parameters) - {"self", _UNSEEDED_OPTION}
    for name in chosen.options:
        if name not in options:
            raise InputError(f"scheduler '{chosen.name}' has no option '{name}'", cure=did_you_mean(name, options))
    try:
        found = kind.from_config(current.config, **chosen.options)
    except _SCHEDULER_ERRORS as error:
        what = f"scheduler '{chosen.name}' cannot be made with these options ({error_summary(error)})"
        raise InputError(what, cure="Change `scheduler:` in the model's card") from error
    required = [each for each in inspect.signature(kind.step).parameters.values() if each.default is each.empty]
    if len(required) > _STEP_ARGUMENTS:
        argument = required[_STEP_ARGUMENTS].name
        what = f"scheduler '{chosen.name}' needs an argument that assetgen does not provide ('{argument}')"
        raise InputError(what, cure=f"Use another, like {_USUAL}")
    if _is_flow(found) != _is_flow(current):
        kind, predicts, other = "flow-matching", "noise", _USUAL
        if not _is_flow(found):
            kind, predicts, other = "noise-predicting", "a flow", _USUAL_FLOW
        what = f"'{chosen.name}' is a {kind} scheduler, but this model predicts {predicts}"
        raise InputError(what, cure=f"Use one like {other}, or its options `use_flow_sigmas` and `prediction_type`")
    return found


def _has_step(kind: type) -> bool:
    """True for a usable scheduler; False for base classes and placeholders of missing packages."""
    return any("step" in vars(base) for base in kind.__mro__)


def _is_flow(scheduler: SchedulerMixin) -> bool:
    """True for flow matching. A model trained for noise prediction produces noise with such a scheduler."""
    config = scheduler.config
    flow = config.get("use_flow_sigmas") or config.get("prediction_type") == "flow_prediction"
    return bool(flow) or type(scheduler).__name__.startswith("FlowMatch")


def set_timesteps(scheduler: SchedulerMixin, family: Family, steps: int, tokens: int, device: str) -> None:
    """Set the timesteps of `steps` steps for an image of `tokens` tokens, as the pipeline of a family does."""
    accepted = inspect.signature(scheduler.set_timesteps).parameters
    options: dict[str, Any] = {}
    if scheduler.config.get("use_dynamic_shifting") and "mu" in accepted:
        options["mu"] = family.time_shift(scheduler.config, tokens, steps)
    sigmas = family.sigmas(steps)
    if sigmas is not None and "sigmas" in accepted and not scheduler.config.get("use_flow_sigmas"):
        options["sigmas"] = sigmas
    if "intermediate_timesteps" in accepted and steps != 2:
        options["intermediate_timesteps"] = None  # this default is for two steps
    try:
        scheduler.set_timesteps(steps, device=device, **options)
    except _SCHEDULER_ERRORS as error:
        what = f"{type(scheduler).__name__} cannot do {steps} steps ({error_summary(error)})"
        raise InputError(what, cure="Change `steps`, or `scheduler:` in the model's card") from error


def sampling_timesteps(scheduler: SchedulerMixin) -> Tensor:
    """The timesteps at which the network predicts."""
    found: Tensor = scheduler.timesteps
    return found[:-1] if type(scheduler).__name__ == _ANGLES else found


def scale_model_input(scheduler: SchedulerMixin, latents: Tensor, time: Tensor) -> Tensor:
    """Latents scaled for the network's input."""
    return scheduler.scale_model_input(latents, time) if hasattr(scheduler, "scale_model_input") else latents


def initial_latents(scheduler: SchedulerMixin, noise: Tensor) -> Tensor:
    """The latents that text-to-image sampling starts from."""
    return noise * getattr(scheduler, "init_noise_sigma", 1.0)


def add_noise(scheduler: SchedulerMixin, latents: Tensor, noise: Tensor, time: Tensor) -> Tensor:
    """Latents of images with the noise of a timestep."""
    if type(scheduler).__name__ == _ANGLES:
        return time.cos() * latents + time.sin() * noise
    times = time.repeat(len(noise))
    if hasattr(scheduler, "scale_noise"):
        return scheduler.scale_noise(latents, times, noise)
    if not hasattr(scheduler, "add_noise"):
        what = f"{type(scheduler).__name__} cannot start from an image"
        raise InputError(what, cure="Leave out `image`, or change `scheduler:` in the model's card")
    return scheduler.add_noise(latents, noise, times)
