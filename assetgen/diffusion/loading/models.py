"""From a model card to a warm model. One base model stays in memory, with the control networks used so far."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from assetgen.diffusion.families import Family, get_family
from assetgen.diffusion.loading.checkpoint import (
    controlnet_configuration,
    transformer_configuration,
    whole_model_configuration,
)
from assetgen.diffusion.loading.compatibility import (
    check_control,
    check_parts,
)
from assetgen.diffusion.loading.loras import fuse_lora
from assetgen.diffusion.loading.quantizing import (
    check_fusable,
    check_quantizer,
    fitting_quantization,
    is_quantized,
    quantize_pipeline,
)
from assetgen.diffusion.loading.reading import load_weights
from assetgen.diffusion.loading.schedulers import replace_scheduler
from assetgen.diffusion.loading.textual_inversion import load_embedding
from assetgen.diffusion.loading.warm_cache import WARM
from assetgen.diffusion.loading.weight_files import (
    PIPELINE_FILE,
    check_model,
    part_class,
    weights_path,
)
from assetgen.diffusion.sampling.latents import latent_channels, vae_scale_factor
from assetgen.diffusion.sampling.request import Request
from assetgen.diffusion.speed.compiling import Compiler, compilable_parts
from assetgen.diffusion.speed.cuda_graphs import CudaGraphs
from assetgen.diffusion.speed.devices import Device, device_for, libraries
from assetgen.diffusion.speed.offload import Placement, apply_placement, has_room, weights_size
from assetgen.errors import InputError
from assetgen.events import Emit, Loading, Offloading, Quantizing
from assetgen.pack.locations import Location, SingleFile
from assetgen.pack.schema import Lora, ModelCard

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin, SchedulerMixin
    from torch import Tensor
    from torch.nn import Module

    from assetgen.diffusion.sampling.latent_colors import LatentColors

_NOT_LOADED = {
    "about",
    "cell",
    "licence_url",
    "facts",
    "prompts",
    "affixes",
    "defaults",
    "compile",
    "guidance_end",
    "references",
}
"""Card fields that do not affect loading: they may differ between two uses of one warm model."""
_CACHED_PROMPTS = 1024
"""Prompts whose chunks are cached: each is needed several times, and tokenizing takes a millisecond."""
_CACHED_BATCHES = 8
"""Batches whose embeddings are cached; one prompt of FLUX takes 4 MB."""


@dataclass
class WarmModel:
    """A model in memory. Hold `lock` while using it: its padding mode is state."""

    family: Family
    device: Device
    pipeline: DiffusionPipeline
    placement: Placement
    compiler: Compiler
    cuda_graphs: CudaGraphs
    controls: dict[str, Any] = field(default_factory=dict)
    prompt_chunks: LRUCache[str, list[str]] = field(default_factory=partial(LRUCache, _CACHED_PROMPTS))
    embeddings: LRUCache[Hashable, dict[str, Tensor]] = field(default_factory=partial(LRUCache, _CACHED_BATCHES))
    lock: threading.RLock = field(default_factory=threading.RLock)
    latent_colors: LatentColors | None = None
    """What shows its latents as pictures; None until a batch is decoded."""

    @property
    def network(self) -> ModelMixin:
        """The UNet or transformer."""
        return getattr(self.pipeline, self.family.network_name)

    @property
    def resident(self) -> bool:
        """True if all weights stay on the device."""
        return self.placement == "device"

    @property
    def vae_scale_factor(self) -> int:
        """Image pixels per latent cell, in each direction."""
        return vae_scale_factor(self.pipeline.vae)

    @property
    def size_multiple(self) -> int:
        """Images are sampled at sides that are multiples of this, in pixels."""
        return self.vae_scale_factor * self.family.patch_size(self.network)

    @property
    def tiling_multiple(self) -> int:
        """Sides of seamless images are multiples of this: then no layer rounds its size."""
        return self.vae_scale_factor * self.family.tile_multiple(self.network)

    @property
    def max_side(self) -> int | None:
        """The longest side in pixels that the model supports; None without a limit."""
        cells = self.family.max_latent_side(self.network)
        return cells * self.vae_scale_factor if cells else None

    @property
    def is_inpainting(self) -> bool:
        """True if the network has inpainting channels: the mask and the surrounding image."""
        return bool(self.family.in_channels(self.network) != latent_channels(self.pipeline.vae))

    def image_tokens(self, size: tuple[int, int]) -> int:
        """Number of tokens of an image of this size in pixels."""
        return (size[0] // self.size_multiple) * (size[1] // self.size_multiple)

    def uses_cfg(self, request: Request) -> bool:
        """True if a request uses classifier-free guidance, so that its negative prompt counts."""
        distilled = self.family.guidance_distilled(self.pipeline)
        return request.guidance_scale > self.family.neutral_guidance and not distilled

    def networks(self, kinds: Iterable[str]) -> list[Module]:
        """The network, the autoencoder and the control networks of these kinds."""
        controls = (net for kind in kinds if hasattr(net := self.controls[kind], "modules"))
        return [self.network, self.pipeline.vae, *controls]

    def compilable(self, kinds: Iterable[str]) -> list[Module]:
        """The modules that are compiled, of all that run for each image or step."""
        networks = (net for net in self.networks(kinds) if net is not self.pipeline.vae)
        return [*(part for net in networks for part in compilable_parts(net)), self.pipeline.vae.decoder]

    def uses_ip_adapter(self, card: ModelCard, kinds: Iterable[str]) -> bool:
        """True if one of these controls is an IP-Adapter."""
        return any(self.family.control_adapters[card.controls[kind].type].install for kind in kinds)

    def ip_adapter_installed(self, card: ModelCard, kinds: Iterable[str]) -> AbstractContextManager[None]:
        """Context in which the IP-Adapter among these controls is installed."""
        for kind in kinds:
            install = self.family.control_adapters[card.controls[kind].type].install
            if install is not None:
                return install(self.pipeline, self.controls[kind])
        return nullcontext()

    def scheduler(self) -> SchedulerMixin:
        """A fresh scheduler, without state of an earlier batch."""
        loaded = self.pipeline.scheduler
        return type(loaded).from_config(loaded.config)


def warm_model(
    card: ModelCard, loras: tuple[Lora, ...], kinds: Collection[str], emit: Emit, device: str = "auto"
) -> WarmModel:
    """The warm model of a card with control networks of these kinds; emits `Loading` for what is loaded from disk."""
    card = card.model_copy(update={"quantize": fitting_quantization(card, device)})
    key = (card.model_dump_json(exclude=_NOT_LOADED), tuple(lora.model_dump_json() for lora in loras), device)

    def load(kinds: Collection[str]) -> WarmModel:
        check_model(card, kinds, loras)
        emit(Loading(model=card.model))
        return _load(card, loras, kinds, emit, device)

    with WARM.lock:
        warm = WARM.get("model", key, lambda: load(kinds))
        missing = [kind for kind in kinds if kind not in warm.controls]
        if missing and not _makes_room(warm, _size_of_controls(card, missing)):
            missing = [*warm.controls, *missing]
            del warm  # its memory is needed
            WARM.drop("model", key)
            warm = WARM.get("model", key, lambda: _load(card, loras, missing, emit, device))
        for kind in missing:
            emit(Loading(model=f"{card.model}/{kind}"))
            warm.controls[kind] = _load_control(card, kind, warm)
        return warm


def _makes_room(warm: WarmModel, size: int) -> bool:
    """True if the device has room for `size` bytes of control networks, if need be without the CUDA graphs."""
    if not warm.resident or has_room(warm.device, size):
        return True
    warm.cuda_graphs.clear()
    return has_room(warm.device, size)


def _size_of_controls(card: ModelCard, kinds: Iterable[str]) -> int:
    return sum(weights_size(weights_path(card.controls[kind].weights)) for kind in kinds)


def _load(card: ModelCard, loras: tuple[Lora, ...], kinds: Iterable[str], emit: Emit, name: str) -> WarmModel:
    torch, diffusers = libraries()
    shape, device = get_family(card.family), device_for(card, name)
    check_quantizer(card.quantize, device.torch_device)
    options = dict(shape.pipeline_kwargs)
    if card.vae:
        options["vae"] = _read_vae(card, card.vae, device)
    if card.network:
        keep_fp8 = not loras and card.quantize in ("none", "fp8")
        options[shape.network_name] = _read_network(card, card.network, shape.network_name, device, keep_fp8)
    whole = getattr(diffusers, _pipeline_class(card, shape))
    pipeline = load_weights(whole, card.weights, card.model, device, family=card.family, **options)
    check_parts(card, shape, pipeline, latent_channels(pipeline.vae), vae_scale_factor(pipeline.vae))
    pipeline.scheduler = replace_scheduler(pipeline.scheduler, card.scheduler, shape.scheduler_options(pipeline))
    _shorten_prompts(pipeline, card)
    for embedding in card.embeddings:
        load_embedding(pipeline, embedding)
    check_fusable(pipeline, loras)
    for number, lora in enumerate(loras):
        fuse_lora(pipeline, lora, f"lora{number}")
    if card.quantize != "none" and card.quantize != "auto":
        emit(Quantizing(model=card.model, to=card.quantize))
        quantize_pipeline(pipeline, card.quantize, device.torch_device)
    if device.dtype == torch.float16 and pipeline.vae.config.get("force_upcast"):
        pipeline.vae.to(dtype=torch.float32)  # its activations overflow in float16
    placement = apply_placement(pipeline, device, card.native[0] * card.native[1], _size_of_controls(card, kinds))
    if placement != "device":
        emit(Offloading(model=card.model, by=placement))
    fixed = placement == "device" and not is_quantized(pipeline, card.quantize)
    compiler = Compiler(fixed, device.name == "cuda")
    return WarmModel(shape, device, pipeline, placement, compiler, CudaGraphs(device, fixed))


def _shorten_prompts(pipeline: DiffusionPipeline, card: ModelCard) -> None:
    """Make the tokenizers pad prompts to the card's `prompt_tokens`."""
    if card.prompt_tokens is None:
        return
    if card.family not in ("stable_diffusion", "sdxl"):
        what = f"model '{card.model}' has `prompt_tokens`, but its family '{card.family}' sets the length of prompts"
        raise InputError(what, cure="Remove `prompt_tokens` from its card")
    for name in ("tokenizer", "tokenizer_2"):
        if (tokenizer := getattr(pipeline, name, None)) is not None:
            tokenizer.model_max_length = card.prompt_tokens


def _pipeline_class(card: ModelCard, shape: Family) -> str:
    """The diffusers class that loads a model: that of its folder where the family has several."""
    path = weights_path(card.weights)
    if not shape.other_pipeline_classes or not (path / PIPELINE_FILE).exists():
        return shape.pipeline_class
    found = str(json.loads((path / PIPELINE_FILE).read_bytes()).get("_class_name"))
    return found if found in shape.other_pipeline_classes else shape.pipeline_class


def _load_control(card: ModelCard, kind: str, warm: WarmModel) -> Any:
    """The network of a control; kinds with the same weights share it."""
    control = card.controls[kind]
    for other, network in warm.controls.items():
        if (card.controls[other].weights, card.controls[other].type) == (control.weights, control.type):
            return network
    _, diffusers = libraries()
    how = warm.family.control_adapters[control.type]
    if how.load is not None:
        return how.load(weights_path(control.weights), control.adapter, warm.device)
    network = _read_control(getattr(diffusers, how.network_class), control.weights, card.model, warm.device)
    check_control(card, kind, network, warm.network)
    return network.to(warm.device.torch_device)


def _read_control(kind: Any, location: Location, model: str, device: Device) -> Any:
    """A control network. A published one in a single file needs no `config`."""
    if not isinstance(location, SingleFile) or location.config is not None:
        return load_weights(kind, location, model, device)
    with controlnet_configuration(location.file) as folder:
        found = location.model_copy(update={"config": str(folder)}) if folder else location
        return load_weights(kind, found, model, device)


def _read_vae(card: ModelCard, location: Location, device: Device) -> ModelMixin:
    """The autoencoder of the card's `vae:`, of the class of the model's own autoencoder. A single file has the
    configuration of that."""
    _, diffusers = libraries()
    model = weights_path(card.weights)
    kind = getattr(diffusers, part_class(model, "vae")) if model.is_dir() else diffusers.AutoencoderKL
    if not isinstance(location, SingleFile) or location.config is not None:
        return load_weights(kind, location, card.model, device)
    with _model_configuration(card) as folder:
        found = location.model_copy(update={"config": str(folder / "vae")})
        return load_weights(kind, found, card.model, device)


def _model_configuration(card: ModelCard) -> AbstractContextManager[Path]:
    """Context with the diffusers folder that describes a model's weights."""
    path = weights_path(card.weights)
    if path.is_dir():
        return nullcontext(path)
    config = card.weights.config if isinstance(card.weights, SingleFile) else None
    is_folder = config and Path(config).is_dir()  # a repository of the hub describes the model, not its parts
    return nullcontext(Path(config)) if config and is_folder else whole_model_configuration(path, card.family)


def _read_network(card: ModelCard, location: Location, name: str, device: Device, keep_fp8: bool) -> ModelMixin:
    """The network of the card's `network:`; the model's weights are a diffusers folder. A single file has its own
    `config`, that of a published transformer with its tensors, or that of the model's own network."""
    _, diffusers = libraries()
    base = weights_path(card.weights)
    kind = getattr(diffusers, part_class(base, name))
    if not isinstance(location, SingleFile):
        return load_weights(kind, location, card.model, device)
    if location.config is not None:
        return load_weights(kind, location, card.model, device, keep_fp8=keep_fp8)
    with transformer_configuration(location.file, kind.__name__) as folder:
        location = location.model_copy(update={"config": str(folder or base / name)})
        return load_weights(kind, location, card.model, device, keep_fp8=keep_fp8)
