"""What a person compares models by: licence, size, memory and speed; and which of them suits a machine and a studio."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assetgen.diffusion.families import get_family
from assetgen.diffusion.loading.memory import (
    PRECISIONS,
    QUANTIZED_COMPONENTS,
    MemoryNeeded,
    memory_needed,
    tensor_bytes,
    workspace_bytes,
)
from assetgen.diffusion.loading.weight_files import Availability, availability
from assetgen.errors import InputError
from assetgen.pack.licences import allows
from assetgen.pack.schema import Hub, ModelCard, Quantization
from assetgen.terms import UNKNOWN_STUDIO, Studio

_NETWORKS = ("unet", "transformer")


@dataclass(frozen=True)
class ModelOverview:
    """A model card, whether its weights are here, and the device memory that it needs (None where it is not known).

    The memory is computed from the headers of weights that are here, else from the card's numbers of parameters.
    """

    card: ModelCard
    weights: Availability
    memory: MemoryNeeded | None

    @property
    def parameters(self) -> float:
        """Billions of parameters of the UNet or transformer, as the card states them; 0 where it does not."""
        return max((self.card.facts.parameters.get(name, 0.0) for name in _NETWORKS), default=0.0)

    def bytes_in(self, quantize: Quantization) -> int:
        """Bytes with all components on the device; 0 where the memory is not known."""
        return self.memory.resident_in(quantize) if self.memory else 0

    def fits(self, formats: Iterable[Quantization], free: int) -> bool:
        """Whether the model fits whole into `free` bytes in one of these formats."""
        return self.memory is not None and any(self.bytes_in(each) <= free for each in formats)

    @property
    def download(self) -> float:
        """GB that must be downloaded, as the card states it; 0 for weights that are here or not on the hub."""
        is_remote = self.weights != "here" and isinstance(self.card.weights, Hub)
        return (self.card.facts.download or 0.0) if is_remote else 0.0


def model_overview(card: ModelCard) -> ModelOverview:
    """The overview of a model, without network access."""
    return ModelOverview(card, availability(card), memory_needed(card) or _memory_by_parameters(card))


def _memory_by_parameters(card: ModelCard) -> MemoryNeeded | None:
    """As `memory_needed`, but of a quantizable component all weights count as quantized, its embeddings, too.

    A UNet counts in 16 bits, since its convolutions are not quantized.
    """
    if not card.facts.parameters:
        return None
    components = {name: _sizes(name, round(each * 1e9)) for name, each in card.facts.parameters.items()}
    return MemoryNeeded(components, workspace_bytes(card.native[0] * card.native[1]))


def _sizes(component: str, parameters: int) -> dict[Quantization, int]:
    quantized = component in QUANTIZED_COMPONENTS and component != "unet"
    return {each: tensor_bytes((1, parameters), each if quantized else "none") for each in PRECISIONS}


@dataclass(frozen=True)
class Recommendation:
    """A model for this machine. `quantize` is how it fits whole into the device's memory; None if it is offloaded."""

    overview: ModelOverview
    quantize: Quantization | None


@dataclass(frozen=True)
class Limits:
    """What limits the choice of a model: bytes of device memory (0 without a GPU), of RAM and of free disk; the number
    formats that can be loaded, most precise first; and the studio."""

    device: int
    ram: int
    disk: int
    formats: Sequence[Quantization] = ("none", "int8", "nf4")
    studio: Studio = UNKNOWN_STUDIO


def recommended(overviews: Iterable[ModelOverview], limits: Limits) -> Recommendation | None:
    """The largest model that the studio may use and that fits whole into device memory, in 16 or 8 bits, else in 4;
    where none does, the one that takes the least memory when offloaded. None where no model can be used.

    A model is loaded in 16 bits, so it must fit into RAM. Without a GPU the smallest is recommended: it is drawn in
    seconds. Gated models come last, and among models of one size the one with the most control networks is first.
    """
    usable = [each for each in overviews if _is_usable(each, limits)]
    if not usable:
        return None
    if not limits.device:
        return Recommendation(min(usable, key=lambda each: each.bytes_in("none")), "none")
    precise = [each for each in limits.formats if each != "nf4"]
    for formats in (precise, limits.formats):
        fitting = [each for each in usable if each.fits(formats, limits.device)]
        if fitting:
            best = max(fitting, key=_preference)
            return Recommendation(best, next(each for each in formats if best.fits([each], limits.device)))
    return Recommendation(min(usable, key=lambda each: each.memory.offloaded if each.memory else 0), None)


def _is_usable(overview: ModelOverview, limits: Limits) -> bool:
    """Whether it draws from a prompt, its memory is known and fits, and its licence allows it."""
    try:
        takes_apart = get_family(overview.card.family).layered
    except InputError:  # a card of an unknown family cannot be used
        return False
    fits = overview.download * 1e9 <= limits.disk and overview.bytes_in("none") <= limits.ram
    return overview.memory is not None and fits and not takes_apart and allows(overview.card, limits.studio)


def _preference(overview: ModelOverview) -> tuple[bool, float, int]:
    is_open = overview.weights == "here" or not overview.card.facts.gated
    return is_open, overview.parameters, len(overview.card.controls)
