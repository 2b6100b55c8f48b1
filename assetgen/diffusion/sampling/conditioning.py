"""What conditions a batch (prompts, guidance, controls, inpainting channels), and one prediction with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np

from assetgen.diffusion.families import ControlAdapter, ControlInput, Kwargs, PromptEmbeds, References
from assetgen.diffusion.loading.models import WarmModel
from assetgen.diffusion.loading.schedulers import scale_model_input
from assetgen.diffusion.sampling.latents import encode_images, to_tensor
from assetgen.diffusion.sampling.prompts import encode_prompts
from assetgen.diffusion.sampling.request import Request, fit_image, on_white
from assetgen.diffusion.sampling.rolling import VIEWS, Shifts, roll, start_offsets, view_shifts, view_weights
from assetgen.diffusion.sampling.tiling import circular_padding
from assetgen.diffusion.speed.compiling import is_compiled
from assetgen.errors import InputError
from assetgen.images import FloatArray
from assetgen.pack.schema import ImageSize, ModelCard

if TYPE_CHECKING:
    from diffusers import ModelMixin, SchedulerMixin
    from torch import Tensor


@dataclass(frozen=True)
class BatchControl:
    """One control of a batch: its network, `cond` from `ControlAdapter.prepare`, and for each image its conditioning
    scale and the fractions of the steps where it starts and ends to act (`B×1×1×1` float32, on the CPU)."""

    kind: str
    adapter: ControlAdapter
    network: ModelMixin
    mode: int | None
    cond: Any
    scales: Tensor
    starts: Tensor
    ends: Tensor

    def scales_at(self, progress: float) -> Tensor:
        """The scales `B×1×1×1` at this fraction of the steps. They stay on the CPU, where testing them is free."""
        return self.scales * ((self.starts <= progress) & (progress < self.ends))


@dataclass(frozen=True)
class Conditioning:
    """Conditioning of one batch; with classifier-free guidance, negative embeddings precede positive ones.

    `guidance_scale` is `B×1×1×1`, None without classifier-free guidance; from the fraction `guidance_end` of the steps
    on, `unguided_kwargs` and no guidance take its place. `inpainting` are the extra input channels of
    inpainting models. `tile` holds the axes along which the images tile, `rolled_axes` those where that takes noise
    rolling, `offsets` where each image's shifts begin.
    """

    network_kwargs: Kwargs
    unguided_kwargs: Kwargs
    guidance_scale: Tensor | None
    guidance_end: float
    controls: tuple[BatchControl, ...]
    inpainting: Tensor | None
    tile: str
    rolled_axes: str
    offsets: list[dict[str, float]]

    def at(self, progress: float) -> Conditioning:
        """The conditioning at this fraction of the steps."""
        if self.guidance_scale is None or progress < self.guidance_end:
            return self
        return replace(self, network_kwargs=self.unguided_kwargs, guidance_scale=None)


def prepare_conditioning(
    warm: WarmModel, requests: Sequence[Request], size: ImageSize, init_latents: Tensor | None = None
) -> Conditioning:
    """The conditioning of requests with one batch key, sampled at `size` (width, height in pixels). `init_latents` are
    those of their initial images."""
    import torch

    cfg, tile = warm.uses_cfg(requests[0]), requests[0].tile
    prompts = [(request.prompt, request.negative_prompt) for request in requests]
    encoded = encode_prompts(warm, prompts, cfg, [request.references for request in requests])
    references = _reference_kwargs(warm, requests, init_latents)
    embeds = {name: tensor for name, tensor in encoded.items() if not name.startswith("negative_")}
    guidance_scale = _per_image([request.guidance_scale for request in requests]).to(warm.device.torch_device)

    def kwargs_of(embeds: PromptEmbeds, cfg: bool) -> Kwargs:
        kwargs = warm.family.network_kwargs(warm.pipeline, embeds, size, guidance_scale)
        return {**kwargs, **(_twice(references) if cfg else references)}

    guidance_end = _guidance_end(warm, requests[0])
    guided = embeds
    if cfg:
        guided = {name: torch.cat([encoded[f"negative_{name}"], tensor]) for name, tensor in embeds.items()}
    return Conditioning(
        network_kwargs=kwargs_of(guided, cfg),
        unguided_kwargs=kwargs_of(embeds, False) if cfg and guidance_end < 1 else {},
        guidance_scale=guidance_scale if cfg else None,
        guidance_end=guidance_end,
        controls=tuple(_batch_control(warm, requests, number, size) for number in range(len(requests[0].controls))),
        inpainting=_inpainting_channels(warm, requests, size),
        tile=tile,
        rolled_axes=tile if _needs_rolling(warm, requests[0].card) else "",
        offsets=[start_offsets(request.seed) for request in requests],
    )


def _guidance_end(warm: WarmModel, request: Request) -> float:
    """The card's `guidance_end`; 1 with an IP-Adapter, whose installed layers expect both halves of a batch."""
    kinds = [control.kind for control in request.controls]
    return 1.0 if warm.uses_ip_adapter(request.card, kinds) else request.card.guidance_end


def _needs_rolling(warm: WarmModel, card: ModelCard) -> bool:
    return card.seamless == "rolling" and warm.family.has_position_embeddings(warm.network)


def _reference_kwargs(warm: WarmModel, requests: Sequence[Request], init_latents: Tensor | None) -> Kwargs:
    """Arguments of the network for the reference pictures of each request, before which some families' inpainting shows
    the image that is repainted. What is no tensor is the same for all of them."""
    import torch

    family = warm.family.references
    if family is None:
        return {}
    pictures = [_encode_references(warm, family, request) for request in requests]
    if family.shows_image and requests[0].mask_image is not None and init_latents is not None:
        pictures = [[shown, *each] for shown, each in zip(init_latents.split(1), pictures, strict=True)]
    if not pictures[0]:
        return {}
    found = [family.network_kwargs(each) for each in pictures]
    return {
        name: torch.cat([kwargs[name] for kwargs in found]) if isinstance(first, torch.Tensor) else first
        for name, first in found[0].items()
    }


def _encode_references(warm: WarmModel, family: References, request: Request) -> list[Tensor]:
    """The latents of each reference picture. Pictures have borders, also where the image tiles."""
    pictures = [family.prepare(warm.pipeline, picture) for picture in request.references]
    with circular_padding([warm.pipeline.vae], ""):
        return [encode_images(warm.pipeline, to_tensor(picture)) for picture in pictures]


def _twice(kwargs: Kwargs) -> Kwargs:
    """The same arguments for the negative prompts and for the positive ones."""
    import torch

    return {
        name: torch.cat([value] * 2) if isinstance(value, torch.Tensor) else value for name, value in kwargs.items()
    }


def _per_image(values: Sequence[float]) -> Tensor:
    """`B×1×1×1` float32."""
    import torch

    return torch.tensor(values, dtype=torch.float32).reshape(-1, 1, 1, 1)


def _batch_control(warm: WarmModel, requests: Sequence[Request], number: int, size: ImageSize) -> BatchControl:
    import torch

    controls = [request.controls[number] for request in requests]
    kind, card = controls[0].kind, requests[0].card
    network, adapter = warm.controls[kind], warm.family.control_adapters[card.controls[kind].type]
    images = torch.cat([to_tensor(fit_image(each.control_image(number), each.size, size)) for each in requests])
    if adapter.prepare_inpainting is not None and requests[0].mask_image is not None:
        cond = adapter.prepare_inpainting(warm.pipeline, network, images, *_masked_images(requests, size))
    else:
        cond = adapter.prepare(warm.pipeline, network, images)
    return BatchControl(
        kind,
        adapter,
        network,
        card.controls[kind].mode,
        cond,
        _per_image([control.strength for control in controls]),
        _per_image([control.start for control in controls]),
        _per_image([control.end for control in controls]),
    )


def _inpainting_channels(warm: WarmModel, requests: Sequence[Request], size: ImageSize) -> Tensor | None:
    """The extra channels of an inpainting model, None for other models. Without a mask all of the image is masked."""
    import torch

    if not warm.is_inpainting:
        return None
    masked_images, masks = _masked_images(requests, size)
    latents = torch.cat([encode_images(warm.pipeline, image[None]) for image in masked_images])
    return warm.family.inpainting_input(latents, masks.to(latents))


def _masked_images(requests: Sequence[Request], size: ImageSize) -> tuple[Tensor, Tensor]:
    """The images of requests with grey where the mask is 1, and the masks: `B×3×H×W` and `B×1×H×W`."""
    import torch

    masks, images = zip(*(_masked_image(request, size) for request in requests), strict=True)
    return torch.cat([to_tensor(image) for image in images]), torch.cat([to_tensor(mask) for mask in masks])


def _masked_image(request: Request, size: ImageSize) -> tuple[FloatArray, FloatArray]:
    """The binary mask `H×W×1` of a request, and its image with grey where the mask is 1."""
    if request.init_image is None or request.mask_image is None:
        return np.ones((size[1], size[0], 1), np.float32), np.full((size[1], size[0], 3), 0.5, np.float32)
    mask = (fit_image(request.mask_image, request.size, size) >= 0.5).astype(np.float32)
    return mask, fit_image(on_white(request.init_image), request.size, size) * (1 - mask) + 0.5 * mask


@dataclass(frozen=True)
class SamplingStep:
    """A sampling step: its number from 1, the scheduler's timestep, and the fraction (0..1) of the steps at its
    middle."""

    number: int
    timestep: Tensor
    progress: float


def predict(
    warm: WarmModel, conditioning: Conditioning, scheduler: SchedulerMixin, latents: Tensor, step: SamplingStep
) -> Tensor:
    """The guided prediction (noise or velocity) for latents `B×C×h×w`: float32, same shape."""
    conditioning = conditioning.at(step.progress)
    latents = scale_model_input(scheduler, latents, step.timestep)
    axes = conditioning.rolled_axes
    if not axes:
        return _predict_rolled(warm, conditioning, latents, step, [(0, 0)] * len(latents))
    size = (latents.shape[-1], latents.shape[-2])
    total, total_weight = 0.0, 0.0
    for view in VIEWS:
        shifts = view_shifts(conditioning.offsets, step.number, view, axes, size)
        weight = view_weights(shifts, axes, size).to(latents)
        total = total + weight * _predict_rolled(warm, conditioning, latents, step, shifts)
        total_weight = total_weight + weight
    return total / total_weight


def _predict_rolled(
    warm: WarmModel, conditioning: Conditioning, latents: Tensor, step: SamplingStep, shifts: Shifts
) -> Tensor:
    """The prediction for latents rolled by these shifts, rolled back. Runs as a CUDA graph where that is possible."""
    width, dtype, extra = latents.shape[-1], warm.network.dtype, conditioning.inpainting
    scaled = [(control, control.scales_at(step.progress)) for control in conditioning.controls]
    active = [(control, scales) for control, scales in scaled if control.adapter.install or scales.any()]
    controls = [control for control, _ in active]
    inputs = {
        "latents": roll(latents, shifts, width).to(dtype),
        "timestep": step.timestep,
        "network_kwargs": conditioning.network_kwargs,
        "guidance_scale": conditioning.guidance_scale,
        "inpainting": extra if extra is None else roll(extra, shifts, width).to(dtype),
        "conds": [
            control.cond if control.adapter.install else _map(lambda part: roll(part, shifts, width), control.cond)
            for control in controls
        ],
        "scales": [scales.to(latents.device, dtype) for _, scales in active],
    }
    run = partial(_run_networks, warm, controls)
    if not warm.family.capturable or any(control.adapter.install for control in controls):
        prediction = run(inputs)
    else:
        key = (is_compiled(warm.network), conditioning.tile, *(control.kind for control in controls))
        prediction = warm.cuda_graphs.run(run, inputs, key)
    return roll(prediction, shifts, width, back=True)


def _run_networks(warm: WarmModel, controls: Sequence[BatchControl], inputs: Mapping[str, Any]) -> Tensor:
    """Control networks, then the network, then guidance: a function of the tensors in `inputs` alone."""
    import torch

    guidance_scale, latents, inpainting = inputs["guidance_scale"], inputs["latents"], inputs["inpainting"]
    if guidance_scale is not None:
        latents = torch.cat([latents] * 2)
    kwargs = {**inputs["network_kwargs"], **_control_residuals(controls, latents, inputs)}
    if inpainting is not None:
        latents = torch.cat([latents, inpainting.repeat(len(latents) // len(inpainting), 1, 1, 1)], dim=1)
    prediction = warm.family.predict(warm.network, latents, inputs["timestep"], kwargs).float()
    if guidance_scale is not None:
        negative, positive = prediction.chunk(2)
        prediction = warm.family.guide(negative, positive, guidance_scale)
    return prediction


def _control_residuals(controls: Sequence[BatchControl], latents: Tensor, inputs: Mapping[str, Any]) -> Kwargs:
    """The residuals of all controls, summed, by the network's argument names."""
    total: dict[str, Any] = {}
    for control, cond, scales in zip(controls, inputs["conds"], inputs["scales"], strict=True):
        repeats = (len(latents) // len(scales), 1, 1, 1)  # 2 with classifier-free guidance
        if control.adapter.install is None:
            cond = _map(methodcaller("repeat", *repeats), cond)
        control_input = ControlInput(cond, scales.repeat(repeats), control.mode, len(latents) - len(scales))
        residuals = control.adapter.residuals(
            control.network, latents, inputs["timestep"], inputs["network_kwargs"], control_input
        )
        for name, value in residuals.items():
            total[name] = _add(total[name], value, control.kind) if name in total else value
    return total


def _map(function: Callable[[Tensor], Tensor], tensors: Any) -> Any:
    return tuple(map(function, tensors)) if isinstance(tensors, tuple) else function(tensors)


def _add(one: Any, other: Any, kind: str) -> Any:
    """The sum of residuals: tensors, tuples or mappings of them, or equal flags."""
    if isinstance(one, bool):
        return one
    if isinstance(one, Mapping):
        summed = {key: _add(one[key], value, kind) if key in one else value for key, value in other.items()}
        return {**one, **summed}
    if not isinstance(one, tuple):
        return one + other
    if len(one) != len(other):
        what = f"control '{kind}' has another number of blocks than the other controls of this model"
        raise InputError(what, cure="Use one of them at a time")
    return tuple(a + b for a, b in zip(one, other, strict=True))
