"""From a model card to a warm model: one base model stays in memory, with the control networks it was asked for."""

import gc
import json
import sys
import threading
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from assetgen.diffusion.families import Family, family
from assetgen.diffusion.loading.checkpoint import configuration, read_network, read_whole
from assetgen.diffusion.loading.compatibility import (
    check_complete,
    check_control,
    check_family,
    check_parts,
    lacking,
    said,
)
from assetgen.diffusion.loading.detectors import let_detectors_go
from assetgen.diffusion.loading.loras import fuse
from assetgen.diffusion.loading.schedulers import reschedule
from assetgen.diffusion.loading.textual_inversion import learn
from assetgen.diffusion.loading.weight_files import (
    CURE,
    PIPELINE_FILE,
    check_file,
    check_part,
    check_pipeline,
    check_readers,
    fetching,
    look_for,
    part_class,
    place_of,
)
from assetgen.diffusion.sampling.latents import grain_of
from assetgen.diffusion.sampling.request import Request
from assetgen.diffusion.speed.compiling import Compiler
from assetgen.diffusion.speed.cuda_graphs import Recordings
from assetgen.diffusion.speed.devices import Device, device_for, libraries
from assetgen.diffusion.speed.offload import Stay, settle, size_of, takes
from assetgen.diffusion.speed.recent import Recent
from assetgen.errors import AssetgenError, InputError
from assetgen.events import Emit, Loading, Offloading
from assetgen.pack.schema import Hub, Location, Lora, ModelCard, SingleFile

OF_PEOPLE = {"about", "licence_url", "prompts", "affixes", "defaults"}
"""Fields of a card that may differ between two uses of one warm model."""
TEXTS = 1024
"""Texts whose pieces are remembered: each is asked for several times, and tokenizers take a millisecond."""
BATCHES = 8
"""Batches whose embeddings are remembered: of FLUX, one prompt takes 4 MB."""
BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError)
"""What diffusers raises, by no rule, for files that are not what their configuration says."""


@dataclass
class Warm:
    """A model in memory. Hold `lock` while using it: padding is its state."""

    family: Family
    device: Device
    pipeline: Any
    stays: Stay
    compiler: Compiler
    recordings: Recordings
    controls: dict[str, Any] = field(default_factory=dict)
    pieces: Recent[str, list[str]] = field(default_factory=partial(Recent, TEXTS))
    embeddings: Recent[Any, dict[str, Any]] = field(default_factory=partial(Recent, BATCHES))
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def network(self) -> Any:
        """The UNet or transformer."""
        return getattr(self.pipeline, self.family.network)

    @property
    def resident(self) -> bool:
        """Whether all its weights stay on the device."""
        return self.stays == "device"

    @property
    def grain(self) -> int:
        """Pixels of the picture to one of the latent, across and down."""
        return grain_of(self.pipeline.vae)

    @property
    def step_grain(self) -> int:
        """The sides of all pictures are sampled at multiples of this."""
        return self.grain * self.family.patch(self.network)

    @property
    def wrap_grain(self) -> int:
        """The sides of pictures that wrap are multiples of this: then no layer has to round its size."""
        return self.grain * self.family.wraps(self.network)

    @property
    def most(self) -> int | None:
        """The longest side in pixels that it can be asked for; None where there is no end."""
        cells = self.family.most(self.network)
        return cells * self.grain if cells else None

    @property
    def fills(self) -> bool:
        """Whether it was made for inpainting, and sees the mask and what stands around it."""
        return bool(self.family.channels(self.network) != self.pipeline.vae.config.latent_channels)

    def tokens(self, size: tuple[int, int]) -> int:
        """How many tokens a picture of this size (in pixels) has."""
        return (size[0] // self.step_grain) * (size[1] // self.step_grain)

    def guided(self, request: Request) -> bool:
        """Whether the unwanted prompt of a request counts."""
        return request.guided and not self.family.told_guidance(self.network)

    def networks(self, kinds: Iterable[str]) -> list[Any]:
        """Every network with convolutions that takes part."""
        return [
            self.network,
            self.pipeline.vae,
            *(net for kind in kinds if hasattr(net := self.controls[kind], "modules")),
        ]

    def compilable(self, kinds: Iterable[str]) -> list[Any]:
        """Every network that runs for each picture or step."""
        networks = [net for net in self.networks(kinds) if net is not self.pipeline.vae]
        return [*networks, self.pipeline.vae.decoder]

    def wears(self, card: ModelCard, kinds: Iterable[str]) -> bool:
        """Whether one of these controls is worn."""
        return any(self.family.steerings[card.controls[kind].type].worn for kind in kinds)

    def worn(self, card: ModelCard, kinds: Iterable[str]) -> AbstractContextManager[None]:
        """Within it, the model wears what of these controls is worn."""
        for kind in kinds:
            wear = self.family.steerings[card.controls[kind].type].worn
            if wear is not None:
                return wear(self.pipeline, self.controls[kind])
        return nullcontext()

    def scheduler(self) -> Any:
        """A scheduler as it was loaded, with nothing of an earlier batch in it."""
        loaded = self.pipeline.scheduler
        return type(loaded).from_config(loaded.config)


def warm_model(
    card: ModelCard, loras: tuple[Lora, ...], kinds: Collection[str], emit: Emit, device: str = "auto"
) -> Warm:
    """The warm model of a card, loaded where it is not; `Loading` is emitted where something really loads."""
    shelf = _shelf(card.model_dump_json(exclude=OF_PEOPLE), tuple(lora.model_dump_json() for lora in loras), device)
    with shelf.lock:
        if shelf.warm is None:
            look_for(card, loras, kinds)
            emit(Loading(model=card.model))
            shelf.warm = _load(card, loras, kinds, emit, device)
        missing = [kind for kind in kinds if kind not in shelf.warm.controls]
        if missing and not _makes_room(shelf.warm, _size_of_controls(card, missing)):
            missing = [*shelf.warm.controls, *missing]
            shelf.warm = None  # so that its memory is free for what comes
            gc.collect()
            shelf.warm = _load(card, loras, missing, emit, device)
        for kind in missing:
            emit(Loading(model=f"{card.model}/{kind}"))
            shelf.warm.controls[kind] = _load_control(card, kind, shelf.warm)
        return shelf.warm


@dataclass
class _Shelf:
    warm: Warm | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@lru_cache(maxsize=1)
def _shelf(card: str, loras: tuple[str, ...], device: str) -> _Shelf:
    """The place for one model. It is made empty, so that the last model is gone before the next one is read."""
    return _Shelf()


def unload_models() -> None:
    """Forget the warm model and detectors: their memory is free as soon as nobody uses it."""
    _shelf.cache_clear()
    let_detectors_go()
    gc.collect()
    if device_memory := sys.modules.get("torch.cuda"):
        device_memory.empty_cache()  # does nothing where no device was ever used


def _makes_room(warm: Warm, size: int) -> bool:
    """Whether a model leaves room for so many bytes of controls; what it keeps there only for speed goes first."""
    if not warm.resident or takes(warm.device, size):
        return True
    warm.recordings.forget()
    return takes(warm.device, size)


def _size_of_controls(card: ModelCard, kinds: Iterable[str]) -> int:
    return sum(size_of(place_of(card.controls[kind].weights)) for kind in kinds)


def _load(card: ModelCard, loras: tuple[Lora, ...], kinds: Iterable[str], emit: Emit, place: str) -> Warm:
    torch, diffusers = libraries()
    shape, device = family(card.family), device_for(card, place)
    options = dict(shape.options)
    if card.vae:
        options["vae"] = _read_vae(card, card.vae, device)
    if card.network:
        options[shape.network] = _read_network(card, card.network, shape.network, device)
    whole = getattr(diffusers, shape.pipeline)
    pipeline = _read(whole, card.weights, card.model, device, family=card.family, **options)
    check_parts(card, shape, pipeline, grain_of(pipeline.vae))
    pipeline.scheduler = reschedule(pipeline.scheduler, card.scheduler)
    for embedding in card.embeddings:
        learn(pipeline, embedding)
    for number, lora in enumerate(loras):
        fuse(pipeline, lora, f"lora{number}")
    if device.dtype == torch.float16 and pipeline.vae.config.get("force_upcast"):
        pipeline.vae.to(dtype=torch.float32)  # its activations overflow in float16
    where = settle(pipeline, device, card.native[0] * card.native[1], _size_of_controls(card, kinds))
    if where != "device":
        emit(Offloading(model=card.model, by=where))
    resident, network = where == "device", getattr(pipeline, shape.network)
    about = f"{card.model}, {device.about}, torch {torch.__version__}"
    compiler = Compiler(about, network.num_parameters(), resident and device.name == "cuda")
    return Warm(shape, device, pipeline, where, compiler, Recordings(device, resident))


def _load_control(card: ModelCard, kind: str, warm: Warm) -> Any:
    """The network of a control; kinds that name the same weights share it."""
    control = card.controls[kind]
    for other, network in warm.controls.items():
        if (card.controls[other].weights, card.controls[other].type) == (control.weights, control.type):
            return network
    _, diffusers = libraries()
    how = warm.family.steerings[control.type]
    if how.read is not None:
        return how.read(place_of(control.weights), control.adapter, warm.device)
    network = _read(getattr(diffusers, how.network), control.weights, card.model, warm.device)
    check_control(card, kind, network, warm.network)
    return network.to(warm.device.place)


def _read_vae(card: ModelCard, location: Location, device: Device) -> Any:
    """The autoencoder that stands in for the one among a model's weights, which tell its shape if it is one file."""
    _, diffusers = libraries()
    whole = place_of(card.weights, whole=True)
    if not isinstance(location, SingleFile) or location.config is not None:
        return _read(diffusers.AutoencoderKL, location, card.model, device)
    with configuration(whole, card.family) if whole.is_file() else nullcontext(whole) as folder:
        found = location.model_copy(update={"config": str(folder / "vae")})
        return _read(diffusers.AutoencoderKL, found, card.model, device)


def _read_network(card: ModelCard, location: Location, name: str, device: Device) -> Any:
    """The network that stands in for the one among a model's weights, which must lie in diffusers layout."""
    _, diffusers = libraries()
    base = place_of(card.weights, whole=True)
    kind = getattr(diffusers, part_class(base, name))
    if isinstance(location, SingleFile) and location.config is None:
        location = location.model_copy(update={"config": str(base / name)})
    return _read(kind, location, card.model, device)


def _read(kind: Any, location: Location, model: str, device: Device, *, family: str = "", **options: Any) -> Any:
    """A pipeline or network from where the card says it lies; whatever diffusers says of bad files is one sentence."""
    options["dtype"] = device.dtype
    try:
        match location:
            case SingleFile():
                return _from_file(kind, location, options, family)
            case Hub(variant=str(variant)):
                return _from_folder(kind, place_of(location), options, family, variant)
            case _:
                return _from_folder(kind, place_of(location), options, family)
    except InputError as error:
        if isinstance(location, Hub) and error.cure == CURE:
            raise InputError(error.what, cure=fetching(location, whole=bool(family))) from error
        raise
    except AssetgenError:
        raise
    except BROKEN as error:
        what = f"model '{model}' could not be loaded as {kind.__name__} ({said(error)})"
        raise InputError(what, cure="Check its card: `family`, `weights`") from error


def _from_folder(kind: Any, folder: Path, options: dict[str, Any], family: str = "", variant: str | None = None) -> Any:
    words = {"variant": variant, "local_files_only": True, "use_safetensors": True}
    whole = kind.__name__.endswith("Pipeline")
    if whole:
        check_pipeline(folder, variant, given=options)
        check_family(folder, family)
        words |= _text_encoders(folder, options, words)
    elif (folder / PIPELINE_FILE).exists():
        raise InputError(f"'{folder}' is a whole model, not a network", cure="Name the network's folder in it")
    else:
        check_part(folder, variant)
    check_readers(folder)
    found = kind.from_pretrained(str(folder), **words, **options)
    for name, network in found.components.items() if whole else [("", found)]:
        if hasattr(network, "named_parameters"):
            check_complete(network, folder / name)
    return found


def _text_encoders(folder: Path, options: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a pipeline folder, read here: a pipeline does not tell which of their tensors were made up."""
    import transformers

    found = {}
    for name, origin in json.loads((folder / PIPELINE_FILE).read_bytes()).items():
        if name.startswith("text_encoder") and name not in options and hasattr(transformers, str(origin[1])):
            encoder, told = getattr(transformers, origin[1]).from_pretrained(
                str(folder / name), output_loading_info=True, dtype=options["dtype"], **words
            )
            if told["missing_keys"]:
                raise lacking(encoder, folder / name, sorted(told["missing_keys"]))
            found[name] = encoder
    return found


def _from_file(kind: Any, place: SingleFile, options: dict[str, Any], family: str) -> Any:
    """One checkpoint. Where no `config` tells the shape of a whole model, it is read from the file."""
    check_file(place.file)
    if place.config is None and family:
        return read_whole(kind, place.file, family, **options)
    if place.config is None:
        what = f"'{place.file}' does not tell the shape of its {kind.__name__}"
        raise InputError(what, cure="Give the diffusers folder of such a network as `config:`")
    here = Path(place.config).is_dir()
    if here and not kind.__name__.endswith("Pipeline"):
        return read_network(kind, place.file, Path(place.config), dtype=options["dtype"])
    return kind.from_single_file(str(place.file), config=place.config, local_files_only=here, **options)
