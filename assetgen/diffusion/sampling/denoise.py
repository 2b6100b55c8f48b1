"""The sampler loop: noise to latents, one batch at a time. One loop for every task, family and number of controls.

Whatever differs between the images of a batch (prompt, seed, guidance, strength of a control) is a tensor whose first
axis is the batch. Latents and the scheduler's sums are float32; the networks run in the model's dtype.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assetgen.diffusion.loading.models import WarmModel
from assetgen.diffusion.loading.schedulers import add_noise, initial_latents, set_timesteps
from assetgen.diffusion.sampling.conditioning import Moment, guide, predict
from assetgen.diffusion.sampling.latents import as_tensor, encode_pictures, noise
from assetgen.diffusion.sampling.request import Request, Size, framed
from assetgen.diffusion.speed.devices import StepSync
from assetgen.events import Sampling


def denoise(warm: WarmModel, requests: Sequence[Request], made: Size, names: Sequence[str]) -> Any:
    """Latents `B×C×h×w` of a batch of alike requests, sampled at `made` (width, height in pixels).

    After each step `Sampling` is emitted for `names`; whatever that raises (a cancel) ends the loop.
    """
    first = requests[0]
    scheduler = warm.scheduler()
    set_timesteps(scheduler, first.steps, warm.device.torch_device, warm.image_tokens(made), warm.family.even_steps)
    skipped = _skipped(scheduler, first)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(skipped)
    times = scheduler.timesteps[skipped:]
    start = _start(warm, requests, made)
    cues = guide(warm, requests, made)
    latents = initial_latents(scheduler, start.noise) if start.origin is None else _noisy(scheduler, start, times[0])
    stepping, pace = _chance(scheduler, start), StepSync(warm.device)
    for done, time in enumerate(times, 1):
        predicted = predict(warm, cues, scheduler, latents, Moment(done, time, (done - 0.5) / len(times)))
        latents = scheduler.step(predicted, time, latents, return_dict=False, **stepping)[0]
        if start.mask is not None:
            kept = start.origin if done == len(times) else _noisy(scheduler, start, times[done])
            latents = start.mask * latents + (1 - start.mask) * kept
        pace.step()
        first.emit(Sampling(done=done, total=len(times), batch=tuple(names)))
    return latents


def _skipped(scheduler: Any, request: Request) -> int:
    """How many of the scheduler's steps an image is spared: the share of them that `strength` leaves."""
    if request.image is None:
        return 0
    run = max(1, min(round(request.steps * request.strength), request.steps))
    return (request.steps - run) * int(getattr(scheduler, "order", 1))


@dataclass(frozen=True)
class _Start:
    """What a batch starts from: noise, the CPU generators it came from, and the latents and masks of pictures."""

    noise: Any
    generators: list[Any]
    origin: Any
    mask: Any


def _start(warm: WarmModel, requests: Sequence[Request], made: Size) -> _Start:
    import torch

    device, pipeline = warm.device.torch_device, warm.pipeline
    size = (made[0] // warm.vae_scale_factor, made[1] // warm.vae_scale_factor)
    noises, generators = zip(
        *(noise(each.seed, pipeline.vae.config.latent_channels, size) for each in requests), strict=True
    )
    pictures = [framed(each.image, each.size, made) for each in requests if each.image is not None]
    masks = [framed(each.mask, each.size, made) for each in requests if each.mask is not None]
    return _Start(
        noise=torch.cat(noises).to(device),
        generators=list(generators),
        origin=torch.cat([encode_pictures(pipeline, as_tensor(picture)) for picture in pictures]) if pictures else None,
        mask=torch.cat([_touched(mask, size) for mask in masks]).to(device) if masks else None,
    )


def _touched(mask: Any, size: Size) -> Any:
    """A mask at the size of latents: each holds the most of the pixels under it, so that all of the white is free."""
    from torch.nn import functional

    return functional.adaptive_max_pool2d(as_tensor(mask), (size[1], size[0]))


def _noisy(scheduler: Any, start: _Start, time: Any) -> Any:
    return add_noise(scheduler, start.origin, start.noise, time)


def _chance(scheduler: Any, start: _Start) -> dict[str, Any]:
    """Our generators, for schedulers that add noise at every step."""
    takes = "generator" in inspect.signature(scheduler.step).parameters
    return {"generator": start.generators} if takes else {}
