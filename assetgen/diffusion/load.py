"""From a model card to a warm model: one base model stays in memory, with the control networks it was asked for."""

import gc
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from assetgen.diffusion.devices import Device, device_for, libraries
from assetgen.diffusion.families import Family, family
from assetgen.diffusion.folders import (
    PIPELINE_FILE,
    check_file,
    check_part,
    check_pipeline,
    place_of,
)
from assetgen.diffusion.schedulers import reschedule
from assetgen.errors import AssetgenError, InputError
from assetgen.events import Emit, Loading
from assetgen.spec import Hub, Location, Lora, ModelCard, SingleFile

OF_PEOPLE = {"about", "licence_url", "prompts", "affixes", "defaults"}
"""Fields of a card that may differ between two uses of one warm model."""
BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError)
"""What diffusers raises, by no rule, for files that are not what their configuration says."""


@dataclass
class Warm:
    """A model in memory. Hold `lock` while using it: padding is its state."""

    family: Family
    device: Device
    pipeline: Any
    controls: dict[str, Any] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def grain(self) -> int:
        """Pixels of the picture to one of the latent, across and down."""
        return 1 << (len(self.pipeline.vae.config.block_out_channels) - 1)

    @property
    def wrap_grain(self) -> int:
        """The sides of pictures that wrap are multiples of this: then no layer has to round its size."""
        return self.grain << (len(self.pipeline.unet.config.block_out_channels) - 1)

    def networks(self, kinds: Iterable[str]) -> list[Any]:
        """Every convolutional network that takes part."""
        return [self.pipeline.unet, self.pipeline.vae, *(self.controls[kind] for kind in kinds)]

    def scheduler(self) -> Any:
        """A scheduler as it was loaded, with nothing of an earlier batch in it."""
        loaded = self.pipeline.scheduler
        return type(loaded).from_config(loaded.config)


def warm_model(card: ModelCard, loras: tuple[Lora, ...], kinds: Iterable[str], emit: Emit) -> Warm:
    """The warm model of a card, loaded where it is not; `Loading` is emitted where something really loads."""
    shelf = _shelf(card.model_dump_json(exclude=OF_PEOPLE), tuple(lora.model_dump_json() for lora in loras))
    with shelf.lock:
        if shelf.warm is None:
            _find(card, kinds)
            emit(Loading(model=card.model))
            shelf.warm = _load(card, loras)
        for kind in kinds:
            if kind not in shelf.warm.controls:
                emit(Loading(model=f"{card.model}/{kind}"))
                shelf.warm.controls[kind] = _load_control(card, kind, shelf.warm.device)
        return shelf.warm


def _find(card: ModelCard, kinds: Iterable[str]) -> None:
    """Look for all weights before torch is imported, so that the answer comes at once."""
    for location in (card.weights, card.vae, *(card.controls[kind].weights for kind in kinds)):
        if location is not None:
            place_of(location)


@dataclass
class _Shelf:
    warm: Warm | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@lru_cache(maxsize=1)
def _shelf(card: str, loras: tuple[str, ...]) -> _Shelf:
    """The place for one model. It is made empty, so that the last model is gone before the next one is read."""
    return _Shelf()


def let_go() -> None:
    """Forget the warm model: its memory is free as soon as nobody uses it."""
    _shelf.cache_clear()
    gc.collect()
    if device_memory := sys.modules.get("torch.cuda"):
        device_memory.empty_cache()  # does nothing where no device was ever used


def _load(card: ModelCard, loras: tuple[Lora, ...]) -> Warm:
    torch, diffusers = libraries()
    shape, device = family(card.family), device_for(card)
    options = dict(shape.options)
    if card.vae:
        options["vae"] = _read(diffusers.AutoencoderKL, card.vae, card.model, device)
    pipeline = _read(getattr(diffusers, shape.pipeline), card.weights, card.model, device, **options)
    pipeline.scheduler = reschedule(pipeline.scheduler, card.scheduler)
    for number, lora in enumerate(loras):
        _fuse(pipeline, lora, f"lora{number}")
    _check_channels(card, pipeline)
    if device.dtype == torch.float16 and pipeline.vae.config.force_upcast:
        pipeline.vae.to(dtype=torch.float32)  # its activations overflow in float16
    return Warm(shape, device, pipeline.to(device.name))


def _check_channels(card: ModelCard, pipeline: Any) -> None:
    """The UNet takes latents and nothing more. Models made only for inpainting or editing want pictures besides."""
    wants, has = pipeline.unet.config.in_channels, pipeline.vae.config.latent_channels
    if wants != has:
        what = f"the UNet of model '{card.model}' wants {wants} channels, and its latents have {has}"
        raise InputError(what, cure="Use the text-to-image kind of this model")


def _load_control(card: ModelCard, kind: str, device: Device) -> Any:
    _, diffusers = libraries()
    return _read(diffusers.ControlNetModel, card.controls[kind].weights, card.model, device).to(device.name)


def _read(kind: Any, location: Location, model: str, device: Device, **options: Any) -> Any:
    """A pipeline or network from where the card says it lies; whatever diffusers says of bad files is one sentence."""
    options["dtype"] = device.dtype
    try:
        match location:
            case SingleFile():
                return _from_file(kind, location, options)
            case Hub(variant=str(variant)):
                return _from_folder(kind, place_of(location), options, variant)
            case _:
                return _from_folder(kind, place_of(location), options)
    except AssetgenError:
        raise
    except BROKEN as error:
        said = str(error).strip().partition("\n")[0]
        what = f"model '{model}' could not be loaded as {kind.__name__} ({said})"
        raise InputError(what, cure="Check its card: `family`, `weights`") from error


def _from_folder(kind: Any, folder: Path, options: dict[str, Any], variant: str | None = None) -> Any:
    whole = (folder / PIPELINE_FILE).exists() or kind.__name__.endswith("Pipeline")
    (check_pipeline if whole else check_part)(folder, variant)
    return kind.from_pretrained(str(folder), variant=variant, local_files_only=True, use_safetensors=True, **options)


def _from_file(kind: Any, place: SingleFile, options: dict[str, Any]) -> Any:
    """One checkpoint. Where no `config` tells its shape, diffusers asks the hub for a known one."""
    check_file(place.file)
    here = place.config is not None and Path(place.config).is_dir()
    return kind.from_single_file(str(place.file), config=place.config, local_files_only=here, **options)


def _fuse(pipeline: Any, lora: Lora, name: str) -> None:
    """Add a LoRA to the weights for good: nothing of it is left to slow the steps."""
    check_file(lora.file)
    where = {"weight_name": lora.file.name, "adapter_name": name, "local_files_only": True}
    try:
        pipeline.load_lora_weights(str(lora.file.parent), **where)
        pipeline.fuse_lora(lora_scale=lora.weight, adapter_names=[name])
        pipeline.unload_lora_weights()
    except (ValueError, KeyError, RuntimeError) as error:
        said = str(error).strip().partition("\n")[0]
        raise InputError(f"LoRA '{lora.file}' does not fit this model ({said})") from error
