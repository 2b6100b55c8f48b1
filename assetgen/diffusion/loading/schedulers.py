"""Schedulers: the one that a card asks for, laid over the one that came with the model, and what kinds of them share.

Those of noise (ε and v) add noise to a picture; those of a flow go straight from noise to it.
"""

import inspect
from typing import Any

import numpy as np

from assetgen.diffusion.loading.compatibility import error_summary
from assetgen.errors import InputError
from assetgen.pack.schema import Scheduler
from assetgen.parts import did_you_mean

UNSEEDED = {"DPMSolverSDEScheduler"}
"""Their noise ignores our seeds, so the same asset would come out different each time."""
UNSEEDED_OPTION = "stochastic_sampling"
BROKEN = (ValueError, TypeError, LookupError, RuntimeError, ArithmeticError)
"""What schedulers raise, by no rule, for options that do not go together and numbers of steps that they cannot do."""
STEP = 4
"""What a step must be told: itself, a prediction, a time, latents."""
USUAL = "EulerDiscreteScheduler"
FLOW = "FlowMatchEulerDiscreteScheduler"


def replace_scheduler(current: Any, wanted: Scheduler | None) -> Any:
    """A diffusers scheduler by the card's words; `current` where it says nothing. Unknown words are `InputError`s."""
    if wanted is None:
        return current
    from diffusers import schedulers

    known = {name for name in dir(schedulers) if name.endswith("Scheduler") and _steps(getattr(schedulers, name))}
    known -= UNSEEDED
    if wanted.name not in known:
        raise InputError(f"there is no scheduler '{wanted.name}'", cure=did_you_mean(wanted.name, known))
    kind = getattr(schedulers, wanted.name)
    options = set(inspect.signature(kind.__init__).parameters) - {"self", UNSEEDED_OPTION}
    for name in wanted.options:
        if name not in options:
            raise InputError(f"scheduler '{wanted.name}' has no option '{name}'", cure=did_you_mean(name, options))
    try:
        found = kind.from_config(current.config, **wanted.options)
    except BROKEN as error:
        what = f"scheduler '{wanted.name}' cannot be made with these options ({error_summary(error)})"
        raise InputError(what, cure="Change `scheduler:` in the model's card") from error
    asks = [each for each in inspect.signature(kind.step).parameters.values() if each.default is each.empty]
    if len(asks) > STEP:
        what = f"scheduler '{wanted.name}' asks for more than this sampler knows ('{asks[STEP].name}')"
        raise InputError(what, cure=f"Use another, like {USUAL}")
    if _flows(found) != _flows(current):
        made, here, other = ("a flow", "noise", USUAL) if _flows(found) else ("noise", "a flow", FLOW)
        what = f"scheduler '{wanted.name}' is for models of {made}, and this is one of {here}"
        raise InputError(what, cure=f"Use one like {other}, or its options `use_flow_sigmas` and `prediction_type`")
    return found


def _steps(kind: Any) -> bool:
    """Whether it is more than a base of others, or a stand-in for one whose package is missing."""
    return any("step" in vars(base) for base in kind.__mro__)


def _flows(scheduler: Any) -> bool:
    """Whether it goes straight from noise to a picture. A network that was taught the other way gives noise with it."""
    told = scheduler.config
    flow = told.get("use_flow_sigmas") or told.get("prediction_type") == "flow_prediction"
    return bool(flow) or type(scheduler).__name__.startswith("FlowMatch")


def set_timesteps(scheduler: Any, steps: int, device: Any, tokens: int, even: bool) -> None:
    """Lay out the times of `steps` steps. Some flows are shifted by how many `tokens` a picture has (Esser et al. 2024,
    section 5.3.2); with `even` a flow goes from 1 to 1/steps before that."""
    takes = inspect.signature(scheduler.set_timesteps).parameters
    words: dict[str, Any] = {}
    if scheduler.config.get("use_dynamic_shifting") and "mu" in takes:
        words["mu"] = _shift(scheduler.config, tokens)
    if even and "sigmas" in takes and not scheduler.config.get("use_flow_sigmas"):
        words["sigmas"] = np.linspace(1.0, 1 / steps, steps)
    try:
        scheduler.set_timesteps(steps, device=device, **words)
    except BROKEN as error:
        what = f"{type(scheduler).__name__} cannot lay out {steps} steps ({error_summary(error)})"
        raise InputError(what, cure="Change `steps`, or `scheduler:` in the model's card") from error


def _shift(config: Any, tokens: int) -> float:
    """Linear in the number of tokens, between what the scheduler says for its smallest and its largest picture."""
    least, most = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    return float(low + (high - low) * (tokens - least) / (most - least))


def scale_model_input(scheduler: Any, latents: Any, time: Any) -> Any:
    """Latents as the network wants them."""
    return scheduler.scale_model_input(latents, time) if hasattr(scheduler, "scale_model_input") else latents


def initial_latents(scheduler: Any, noise: Any) -> Any:
    """What sampling starts from where there is no picture."""
    return noise * getattr(scheduler, "init_noise_sigma", 1.0)


def add_noise(scheduler: Any, latents: Any, noise: Any, time: Any) -> Any:
    """Latents of pictures with as much noise as belongs to a time."""
    times = time.repeat(len(noise))
    if hasattr(scheduler, "scale_noise"):
        return scheduler.scale_noise(latents, times, noise)
    if not hasattr(scheduler, "add_noise"):
        what = f"{type(scheduler).__name__} cannot start from a picture"
        raise InputError(what, cure="Leave out `image`, or change `scheduler:` in the model's card")
    return scheduler.add_noise(latents, noise, times)
