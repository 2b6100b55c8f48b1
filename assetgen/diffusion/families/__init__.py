"""Model families: one file each, with one function of the file's name that returns a `Family`.

A `Family` holds everything in which kinds of models differ: how prompts are encoded, the arguments of the UNet or
transformer ("the network"), the shape of its latents, its control networks, and how its images tile. The sampling loop
is the same for all of them. Every file names the diffusers pipeline whose arithmetic it follows.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from assetgen.errors import InputError, did_you_mean
from assetgen.images import FloatArray
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

PromptEmbeds: TypeAlias = "Mapping[str, Tensor]"
"""What `pipeline.encode_prompt` returns, by diffusers' names: "prompt_embeds" `B×T×D`, "pooled_prompt_embeds" `B×D`,
"prompt_attention_mask" `B×T`; those of negative prompts with the prefix "negative_"."""
POOLED_EMBEDS = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
"""The order of what `encode_prompt` returns for CLIP text encoders; models with one encoder return the first two."""
NEUTRAL_GUIDANCE = 1.0
"""At this guidance scale the negative prompt cancels out (Ho & Salimans 2022), so its pass is skipped."""
Kwargs: TypeAlias = Mapping[str, Any]
"""Keyword arguments of a UNet or transformer of diffusers."""


@dataclass(frozen=True)
class ControlInput:
    """What a control network receives in one step: `cond` from `prepare` (a tensor, or a tuple of tensors),
    `conditioning_scale` `B×1×1×1`, and the control mode of networks for several kinds of images. The first `negatives`
    rows of the batch are those of the negative prompts: half of it with classifier-free guidance, none without."""

    cond: Any
    conditioning_scale: Tensor
    mode: int | None
    negatives: int


@dataclass(frozen=True)
class ControlAdapter:
    """How one type of control network (ControlNet, T2I-Adapter, IP-Adapter) conditions a family on an image.

    `network_class` is its diffusers class. `prepare(pipeline, network, images)` turns images `B×3×H×W` in 0..1 into
    `ControlInput.cond`, once per batch. `residuals(network, latents, timestep, kwargs, control_input)` returns what it
    adds to the network's arguments in one step: tensors, or tuples or mappings of them, which are summed over several
    controls.
    """

    network_class: str
    prepare: Callable[[DiffusionPipeline, ModelMixin, Tensor], Any]
    residuals: Callable[[ModelMixin, Tensor, Tensor, Kwargs, ControlInput], Kwargs]
    prepare_inpainting: Callable[[DiffusionPipeline, ModelMixin, Tensor, Tensor, Tensor], Any] | None = None
    """`prepare_inpainting(pipeline, network, images, masked_images, masks)` replaces `prepare` for requests with a mask
    (`B×1×H×W`, 1 where the image is repainted; `masked_images` are grey there)."""
    load: Callable[..., Any] | None = None
    """`load(folder, file, device)`, for an adapter that is not a diffusers model."""
    install: Callable[[DiffusionPipeline, Any], AbstractContextManager[None]] | None = None
    """`install(pipeline, network)`: a context in which the adapter's layers are part of the model. It is then active in
    every step, with one strength for the batch, and is the only control of this kind."""


@dataclass(frozen=True)
class References:
    """How a family takes reference pictures: images that the network sees as a whole beside the one that it draws.

    `network_kwargs(latents)` turns the latents `1×C×h×w` of the pictures of one request, each of its own size, into
    arguments of the network: tensors with a batch axis of 1. `prepare(pipeline, picture)` resizes a picture `H×W×C`
    (0..1) before it is encoded. `encode(pipeline, prompts, negative_prompts, cfg, pictures)` replaces `Family.encode`
    where the text encoder sees the pictures of a request, too.
    """

    network_kwargs: Callable[[Sequence[Tensor]], Kwargs]
    prepare: Callable[[DiffusionPipeline, FloatArray], FloatArray] = lambda pipeline, picture: picture
    encode: Callable[[DiffusionPipeline, list[str], list[str], bool, Sequence[FloatArray]], PromptEmbeds] | None = None
    shows_image: bool = False
    """True if inpainting shows the image that is repainted as the first picture, in the size that is sampled."""


def classifier_free_guidance(negative: Tensor, positive: Tensor, guidance_scale: Tensor) -> Tensor:
    """Ho & Salimans 2022: at scale 1 the positive prediction."""
    return negative + guidance_scale * (positive - negative)


def linear_sigmas(steps: int) -> Sequence[float]:
    """From 1 to 1/steps, before the scheduler's shift."""
    return [float(sigma) for sigma in np.linspace(1.0, 1 / steps, steps)]


def linear_time_shift(config: Mapping[str, Any], tokens: int, steps: int) -> float:
    """Linear in the number of tokens, between the scheduler's shifts for its smallest and largest image (Esser et al.
    2024, section 5.3.2)."""
    least, most = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    return float(low + (high - low) * (tokens - least) / (most - least))


def rounded_skipped_steps(steps: int, strength: float) -> int:
    """All but the nearest number of steps to `strength` of them, at least one."""
    return steps - max(1, min(round(steps * strength), steps))


@dataclass(frozen=True)
class Family:
    """How a kind of model is loaded, prompted and run. `pipeline_class` is the diffusers class that loads its folders.

    `encode(pipeline, prompts, negative_prompts, cfg)` returns the embeddings of B prompts; the negative prompts are all
    empty or all non-empty, and used with classifier-free guidance (`cfg`) only.
    `tokenizers(pipeline)` lists the tokenizers that must read a whole prompt, each with its maximum number of tokens.
    `network_kwargs(pipeline, embeds, size, guidance_scale)` returns the conditioning arguments of the network and its
    ControlNets, for images of `size` (width, height in pixels).
    `predict(network, latents, timestep, kwargs)` returns the predicted noise or velocity for latents `B×C×h×w`, in
    their shape.
    """

    pipeline_class: str
    encode: Callable[[DiffusionPipeline, list[str], list[str], bool], PromptEmbeds]
    tokenizers: Callable[[DiffusionPipeline], Sequence[tuple[PreTrainedTokenizerBase, int]]]
    network_kwargs: Callable[[DiffusionPipeline, PromptEmbeds, ImageSize, Tensor], Kwargs]
    predict: Callable[[ModelMixin, Tensor, Tensor, Kwargs], Tensor]
    tile_multiple: Callable[[ModelMixin], int]
    """Latent sides of tiling images are multiples of this, so that no layer rounds its size."""
    network_name: str = "unet"
    """The pipeline's component that denoises."""
    other_pipeline_classes: tuple[str, ...] = ()
    """Further diffusers classes; a folder of one of them is loaded with it, and not with `pipeline_class`."""
    text_layers: int = 1
    """Hidden states of the text encoder that are concatenated to one embedding."""
    pipeline_kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the pipeline's constructor."""
    patch_size: Callable[[ModelMixin], int] = lambda network: 1
    """Latent cells per token side; all latent sides are multiples of it."""
    max_latent_side: Callable[[ModelMixin], int | None] = lambda network: None
    """The longest latent side that the network supports; None without a limit."""
    guidance_distilled: Callable[[DiffusionPipeline], bool] = lambda pipeline: False
    """True for guidance-distilled models: guidance is an input or unused, and there is no negative pass."""
    in_channels: Callable[[ModelMixin], int] = lambda network: int(network.config.in_channels)
    """Channels `C` of the network's input, unpacked: those of the latents and, for inpainting models, more."""
    inpainting_channels: Callable[[int, int], int] = lambda latent_channels, vae_scale_factor: latent_channels
    """`in_channels` of the family's inpainting models, by latent channels and VAE scale factor."""
    inpainting_input: Callable[[Tensor, Tensor], Tensor | None] = lambda masked_image_latents, masks: None
    """The extra input channels `B×C×h×w` of inpainting models, from the latents of images whose masked part is grey,
    and masks `B×1×H×W`."""
    guide: Callable[[Tensor, Tensor, Tensor], Tensor] = classifier_free_guidance
    """`guide(negative, positive, guidance_scale)`: the guided prediction `B×C×h×w` from two, with scales `B×1×1×1`."""
    neutral_guidance: float = NEUTRAL_GUIDANCE
    """The guidance scale at which `guide` returns the positive prediction; above it there is a negative pass."""
    sigmas: Callable[[int], Sequence[float] | None] = lambda steps: None
    """The sigmas that the pipeline passes to the scheduler for a number of steps; None for the scheduler's own."""
    time_shift: Callable[[Mapping[str, Any], int, int], float] = linear_time_shift
    """`time_shift(config, tokens, steps)`: the scheduler's `mu` for an image of `tokens` tokens, where the scheduler's
    configuration turns dynamic shifting on."""
    scheduler_options: Callable[[DiffusionPipeline], Mapping[str, Any]] = lambda pipeline: {}
    """Options of the scheduler that replace those of its configuration."""
    skipped_steps: Callable[[int, float], int] = rounded_skipped_steps
    """`skipped_steps(steps, strength)`: the steps that image-to-image leaves out at the start, fewer than `steps`."""
    capturable: bool = True
    """False for a network that may wait for the device, which a CUDA graph cannot record."""
    references: References | None = None
    """How its models take reference pictures; None if none of them does."""
    layered: bool = False
    """True for models that take a picture apart: the latents of the picture and of its layers are their channels."""
    has_position_embeddings: Callable[[ModelMixin], bool] = lambda network: False
    """True if the network encodes absolute positions, so that circular padding cannot make its images tile."""
    control_adapters: Mapping[str, ControlAdapter] = field(default_factory=dict)
    """By the `type` of controls in model cards."""


ESTIMATORS = {
    "marigold_depth": "MarigoldDepthPipeline",
    "marigold_normals": "MarigoldNormalsPipeline",
    "marigold_intrinsics": "MarigoldIntrinsicsPipeline",
}
"""Families of models that draw no images but estimate maps of one, with the diffusers class of each."""


_IMAGENET_MEAN, _IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
MASK_NETWORKS = {
    "birefnet": (_IMAGENET_MEAN, _IMAGENET_DEVIATION),
    "u2net": (_IMAGENET_MEAN, _IMAGENET_DEVIATION),
    "isnet": ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0)),
    "isnet_anime": (_IMAGENET_MEAN, (1.0, 1.0, 1.0)),
}
"""Families of ONNX networks that find the main object of an image, with the mean and standard deviation by which its
sRGB values (0..1) are normalized, as in the package rembg."""


UPSCALERS = ("super_resolution",)
"""Families of networks that enlarge an image; the architecture is known by the names of its weights."""


def get_family(name: str) -> Family:
    """A family by name. Raises `InputError` with a suggestion for an unknown one."""
    known = _names()
    if name in UPSCALERS:
        what = f"models of family '{name}' enlarge images, and draw none"
        raise InputError(what, cure="Use it in a step, like upscale: {factor: 4, network: MODEL}")
    if name in MASK_NETWORKS:
        what = f"models of family '{name}' find the object of an image, and draw none"
        raise InputError(what, cure="Use it in a step, like cutout: {network: birefnet_lite}")
    if name in ESTIMATORS:
        what = f"models of family '{name}' estimate maps of an image, and draw none"
        raise InputError(what, cure="Use it in a step, like pbr_maps: {models: [marigold_normals]}")
    if name not in known:
        raise InputError(f"there is no model family '{name}'", cure=did_you_mean(name, known))
    found: Family = getattr(importlib.import_module(f"{__name__}.{name}"), name)()
    return found


def network_name(family: str) -> str:
    """The pipeline's component that denoises. Raises as `get_family` does."""
    return "unet" if family in ESTIMATORS else get_family(family).network_name


def all_families() -> dict[str, Family]:
    """Every family by name."""
    return {name: get_family(name) for name in _names()}


def _names() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_"]
