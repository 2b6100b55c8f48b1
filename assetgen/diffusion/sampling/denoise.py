"""The sampling loop of one batch: text-to-image, image-to-image and inpainting, for every family and control.

It follows diffusers' `StableDiffusionInpaintPipeline` without inpainting channels and its `strength` semantics. What
differs between the images of a batch (prompt, seed, guidance scale, conditioning scale) is a tensor with the batch as
its first axis. Latents and the scheduler's arithmetic are float32; the networks run in the model's dtype.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.loading.models import WarmModel
from assetgen.diffusion.loading.schedulers import add_noise, initial_latents, sampling_timesteps, set_timesteps
from assetgen.diffusion.sampling.conditioning import SamplingStep, predict, prepare_conditioning
from assetgen.diffusion.sampling.latents import encode_images, image_channels, latent_channels, seeded_noise, to_tensor
from assetgen.diffusion.sampling.previews import StepPreviews
from assetgen.diffusion.sampling.request import Request, fit_image, with_channels
from assetgen.diffusion.sampling.tiling import circular_padding
from assetgen.diffusion.speed.devices import StepSync
from assetgen.events import Sampling
from assetgen.images import FloatArray
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import SchedulerMixin
    from torch import Generator, Tensor


def denoise(warm: WarmModel, requests: Sequence[Request], size: ImageSize, names: Sequence[str]) -> Tensor:
    """Latents `B×C×h×w` float32 of requests with one batch key, sampled at `size` (width, height in pixels).

    Emits `Sampling` for the assets `names` after each step, and shows previews; an exception from there (a cancel)
    ends the loop.
    """
    first = requests[0]
    scheduler = warm.scheduler()
    set_timesteps(scheduler, warm.family, first.steps, warm.image_tokens(size), warm.device.torch_device)
    skipped = _skipped_timesteps(warm, scheduler, first)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(skipped)
    timesteps = sampling_timesteps(scheduler)[skipped:]
    start = _start(warm, requests, size)
    conditioning = prepare_conditioning(warm, requests, size, start.init_latents)
    if start.init_latents is None:
        latents = initial_latents(scheduler, start.noise)
    else:
        latents = add_noise(scheduler, start.init_latents, start.noise, timesteps[0])
    step_kwargs, sync = _step_kwargs(scheduler, start), StepSync(warm.device)
    previews = StepPreviews(warm, requests, names)
    for done, timestep in enumerate(timesteps, 1):
        step = SamplingStep(done, timestep, (done - 0.5) / len(timesteps))
        prediction = predict(warm, conditioning, scheduler, latents, step)
        latents = scheduler.step(prediction, timestep, latents, return_dict=False, **step_kwargs)[0]
        if start.mask is not None:
            kept = start.init_latents
            if done < len(timesteps):
                kept = add_noise(scheduler, kept, start.noise, timesteps[done])
            latents = start.mask * latents + (1 - start.mask) * kept
        sync.step()
        first.emit(Sampling(done=done, total=len(timesteps), batch=tuple(names)))
        if done < len(timesteps):
            previews.step(latents)
    return latents


def _skipped_timesteps(warm: WarmModel, scheduler: SchedulerMixin, request: Request) -> int:
    """Timesteps that image-to-image leaves out at the start; schedulers of order 2 have two per step."""
    if request.init_image is None:
        return 0
    skipped = warm.family.skipped_steps(request.steps, request.strength)
    return skipped * int(getattr(scheduler, "order", 1))


@dataclass(frozen=True)
class _Start:
    """Noise `B×C×h×w` and its CPU generators; latents of the initial images and masks `B×1×h×w`, or None."""

    noise: Tensor
    generators: list[Generator]
    init_latents: Tensor | None
    mask: Tensor | None


def _start(warm: WarmModel, requests: Sequence[Request], size: ImageSize) -> _Start:
    import torch

    device, pipeline = warm.device.torch_device, warm.pipeline
    latent_size = (size[0] // warm.vae_scale_factor, size[1] // warm.vae_scale_factor)
    channels = latent_channels(pipeline.vae) * (requests[0].layers + 1)
    noises, generators = zip(*(seeded_noise(each.seed, channels, latent_size) for each in requests), strict=True)
    given = [each for each in requests if each.init_image is not None]
    images = [fit_image(_with_channels(each, image_channels(pipeline.vae)), each.size, size) for each in given]
    masks = [fit_image(each.mask_image, each.size, size) for each in requests if each.mask_image is not None]
    with circular_padding([pipeline.vae], requests[0].tile):
        encoded = [encode_images(pipeline, to_tensor(image)) for image in images]
    return _Start(
        noise=torch.cat(noises).to(device),
        generators=list(generators),
        init_latents=torch.cat(encoded) if encoded else None,
        mask=torch.cat([_latent_mask(mask, latent_size) for mask in masks]).to(device) if masks else None,
    )


def _with_channels(request: Request, channels: int) -> FloatArray:
    """The initial image of a request with the channels that its model encodes."""
    assert request.init_image is not None
    return with_channels(request.init_image, channels, matte=request.card.matte is not None)


def _latent_mask(mask: FloatArray, latent_size: ImageSize) -> Tensor:
    """A mask `1×1×h×w`: the maximum of the pixels of each cell, so that every masked pixel is repainted."""
    from torch.nn import functional

    return functional.adaptive_max_pool2d(to_tensor(mask), (latent_size[1], latent_size[0]))


def _step_kwargs(scheduler: SchedulerMixin, start: _Start) -> dict[str, Any]:
    """The generators, for schedulers that add noise in each step."""
    accepts = "generator" in inspect.signature(scheduler.step).parameters
    return {"generator": start.generators} if accepts else {}
