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
from assetgen.diffusion.loading.quantizing import choose_quantization
from assetgen.diffusion.loading.weight_files import Availability, availability
from assetgen.errors import InputError
from assetgen.pack.licences import allows
from assetgen.pack.locations import Hub
from assetgen.pack.schema import ModelCard, Quantization
from assetgen.terms import UNKNOWN_STUDIO, Studio

_NETWORKS = ("unet", "transformer")
_BYTES_PER_PARAMETER = 2


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

    @property
    def size(self) -> float:
        """GB on the hub, as the card states them, else of its numbers of parameters in 16 bits; 0 for other weights."""
        facts = self.card.facts
        computed = sum(facts.parameters.values()) * _BYTES_PER_PARAMETER
        return (facts.download or computed) if isinstance(self.card.weights, Hub) else 0.0

    @property
    def download(self) -> float:
        """GB that must be downloaded; 0 for weights that are here or not on the hub."""
        return self.size if self.weights != "here" else 0.0


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
    """A model for this machine, the number format in which a build loads it, the bytes of device memory that it then
    takes, and whether all of it stays on the device."""

    overview: ModelOverview
    quantize: Quantization
    memory: int
    whole: bool


@dataclass(frozen=True)
class Limits:
    """What limits the choice of a model: bytes of device memory (0 without a GPU), of RAM and of free disk; the number
    formats that `quantize: auto` chooses from; and the studio."""

    device: int
    ram: int
    disk: int
    formats: Sequence[Quantization] = ("none", "int8", "nf4")
    studio: Studio = UNKNOWN_STUDIO


def recommended(overviews: Iterable[ModelOverview], limits: Limits) -> Recommendation | None:
    """The largest model that the studio may use and that a build keeps whole on the device, in 16 or 8 bits, else in 4;
    where there is none, the one that takes the least memory when offloaded. None where no model can be used.

    A model is loaded in 16 bits, so it must fit into RAM. Without a GPU the smallest is recommended: it is drawn in
    seconds. Gated models come last, and among models of one size the one with the most control networks is first.
    """
    usable = [found for each in overviews if (found := _placed(each, limits))]
    if not usable:
        return None
    if not limits.device:
        return min(usable, key=lambda each: each.memory)
    whole = [each for each in usable if each.whole]
    best = [each for each in whole if each.quantize != "nf4"] or whole
    return max(best, key=_preference) if best else min(usable, key=lambda each: each.memory)


def _placed(overview: ModelOverview, limits: Limits) -> Recommendation | None:
    """How a build would load a model; None where its memory is not known, or where it does not draw from a prompt,
    does not fit, or has a licence that does not allow it."""
    card, needed = overview.card, overview.memory
    try:
        takes_apart = get_family(card.family).layered
    except InputError:  # a card of an unknown family cannot be used
        return None
    if needed is None or takes_apart or not allows(card, limits.studio):
        return None
    if overview.download * 1e9 > limits.disk or needed.resident > limits.ram:
        return None
    chosen = choose_quantization(needed, limits.device, limits.formats)
    quantize = chosen if card.quantize == "auto" else card.quantize
    resident = needed.resident_in(quantize)
    whole = not limits.device or resident <= limits.device
    return Recommendation(overview, quantize, resident if whole else needed.offloaded_in(quantize), whole)


def _preference(placed: Recommendation) -> tuple[bool, float, int]:
    overview = placed.overview
    is_open = overview.weights == "here" or not overview.card.facts.gated
    return is_open, overview.parameters, len(overview.card.controls)
