"""The sampler loop: noise to latents, one batch at a time. One loop for every task, family and number of controls.

Whatever differs between the images of a batch (prompt, seed, guidance, strength of a control) is a tensor whose first
axis is the batch. Latents and the scheduler's sums are float32; the networks run in the model's dtype.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assetgen.diffusion.latents import as_tensor, encode_picture, noise
from assetgen.diffusion.load import Warm
from assetgen.diffusion.request import Request, Size, framed
from assetgen.diffusion.text import encode
from assetgen.events import Sampling


def denoise(warm: Warm, requests: Sequence[Request], made: Size, names: Sequence[str]) -> Any:
    """Latents `B×C×h×w` of a batch of alike requests, sampled at `made` (width, height in pixels).

    After each step `Sampling` is emitted for `names`; whatever that raises (a cancel) ends the loop.
    """
    first = requests[0]
    scheduler = warm.scheduler()
    scheduler.set_timesteps(first.steps, device=warm.pipeline.device)
    skipped = _skipped(scheduler, first)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(skipped)
    times = scheduler.timesteps[skipped:]
    start = _start(warm, requests, made)
    guide = _guide(warm, requests, made)
    latents = start.noise * scheduler.init_noise_sigma if start.origin is None else _noisy(scheduler, start, times[0])
    stepping = _chance(scheduler, start)
    for done, time in enumerate(times, 1):
        predicted = _predict(warm, guide, scheduler, latents, time, (done - 0.5) / len(times))
        latents = scheduler.step(predicted, time, latents, return_dict=False, **stepping)[0]
        if start.mask is not None:
            kept = start.origin if done == len(times) else _noisy(scheduler, start, times[done])
            latents = start.mask * latents + (1 - start.mask) * kept
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


def _start(warm: Warm, requests: Sequence[Request], made: Size) -> _Start:
    import torch

    device, vae = warm.pipeline.device, warm.pipeline.vae
    size = (made[0] // warm.grain, made[1] // warm.grain)
    noises, generators = zip(*(noise(each.seed, vae.config.latent_channels, size) for each in requests), strict=True)
    pictures = [framed(each.image, each.size, made) for each in requests if each.image is not None]
    masks = [framed(each.mask, each.size, made) for each in requests if each.mask is not None]
    return _Start(
        noise=torch.cat(noises).to(device),
        generators=list(generators),
        origin=torch.cat([encode_picture(vae, picture) for picture in pictures]) if pictures else None,
        mask=torch.cat([_touched(mask, size) for mask in masks]).to(device) if masks else None,
    )


def _touched(mask: Any, size: Size) -> Any:
    """A mask at the size of latents: each holds the most of the pixels under it, so that all of the white is free."""
    from torch.nn import functional

    return functional.adaptive_max_pool2d(as_tensor(mask), (size[1], size[0]))


def _noisy(scheduler: Any, start: _Start, time: Any) -> Any:
    return scheduler.add_noise(start.origin, start.noise, time.repeat(len(start.noise)))


def _chance(scheduler: Any, start: _Start) -> dict[str, Any]:
    """Our generators, for schedulers that add noise at every step."""
    takes = "generator" in inspect.signature(scheduler.step).parameters
    return {"generator": start.generators} if takes else {}


@dataclass(frozen=True)
class _Steer:
    """One control of a batch: its network, its pictures `B×3×H×W`, and by image its strength and where it acts."""

    network: Any
    pictures: Any
    strengths: Any
    starts: Any
    ends: Any

    def at(self, progress: float) -> Any:
        """The strengths `B×1×1×1` after this share (0..1) of the steps."""
        return self.strengths * ((self.starts <= progress) & (progress < self.ends))


@dataclass(frozen=True)
class _Guide:
    """What tells the UNet what to draw. Where `guidance` is set, unwanted prompts stand before the wanted ones."""

    told: dict[str, Any]
    guidance: Any
    steers: tuple[_Steer, ...]


def _guide(warm: Warm, requests: Sequence[Request], made: Size) -> _Guide:
    import torch

    guided = requests[0].guided
    each = [encode(warm.pipeline, request.prompt, request.negative, guided) for request in requests]
    wanted = [name for name in each[0] if not name.startswith("negative_")]
    texts = {name: torch.cat([texts[name] for texts in each]) for name in wanted}
    if guided:
        unwanted = {name: torch.cat([texts[f"negative_{name}"] for texts in each]) for name in wanted}
        texts = {name: torch.cat([unwanted[name], texts[name]]) for name in wanted}
    guidance = _column(warm, [request.guidance for request in requests]) if guided else None
    steers = tuple(_steer(warm, requests, number, made) for number in range(len(requests[0].controls)))
    return _Guide(warm.family.told(texts, made), guidance, steers)


def _steer(warm: Warm, requests: Sequence[Request], number: int, made: Size) -> _Steer:
    import torch

    controls = [request.controls[number] for request in requests]
    network = warm.controls[controls[0].kind]
    pictures = [as_tensor(framed(request.control_picture(number), request.size, made)) for request in requests]
    return _Steer(
        network,
        torch.cat(pictures).to(network.device, network.dtype),
        _column(warm, [control.strength for control in controls]),
        _column(warm, [control.start for control in controls]),
        _column(warm, [control.end for control in controls]),
    )


def _column(warm: Warm, values: Sequence[float]) -> Any:
    import torch

    return torch.tensor(values, dtype=torch.float32, device=warm.pipeline.device).reshape(-1, 1, 1, 1)


def _predict(warm: Warm, guide: _Guide, scheduler: Any, latents: Any, time: Any, progress: float) -> Any:
    """What the model takes for noise (or velocity) in latents, guided: `B×C×h×w` float32."""
    import torch

    unet = warm.pipeline.unet
    entering = scheduler.scale_model_input(latents, time).to(unet.dtype)
    if guide.guidance is not None:
        entering = torch.cat([entering] * 2)
    steered = _steered(guide, entering, time, progress)
    found = unet(entering, time, **guide.told, **steered, return_dict=False)[0].float()
    if guide.guidance is None:
        return found
    unwanted, wanted = found.chunk(2)
    return unwanted + guide.guidance * (wanted - unwanted)


def _steered(guide: _Guide, entering: Any, time: Any, progress: float) -> dict[str, Any]:
    """The sum of what the control networks say, under the UNet's names for it."""
    blocks: list[Any] = []
    for steer in guide.steers:
        strengths, repeats = steer.at(progress).to(entering.dtype), len(entering) // len(steer.pictures)
        if not strengths.any():
            continue
        pictures, strengths = steer.pictures.repeat(repeats, 1, 1, 1), strengths.repeat(repeats, 1, 1, 1)
        down, middle = steer.network(
            entering, time, controlnet_cond=pictures, conditioning_scale=strengths, return_dict=False, **guide.told
        )
        blocks = [a + b for a, b in zip(blocks, (*down, middle), strict=True)] if blocks else [*down, middle]
    if not blocks:
        return {}
    return {"down_block_additional_residuals": tuple(blocks[:-1]), "mid_block_additional_residual": blocks[-1]}
