"""Where a model runs and with which numbers."""

import logging
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from assetgen.errors import InputError, NotInstalledError
from assetgen.pack.schema import ModelCard

DEFAULT_BATCH = 4
"""Images at a time where the card is silent. On CPUs more gain nothing, and fewer cost up to 1.7 times as much."""


WATTS = {"cuda": 300.0, "mps": 25.0, "cpu": 8.0}
"""What devices usually draw while sampling: a big GPU, an Apple chip, and *one core* of a server or desktop CPU.
Estimates from data sheets: no meter is read."""


@dataclass(frozen=True)
class Device:
    """A kind of torch device ("cuda", "mps" or "cpu"), which of them (`place`, as "cuda:1"), and a dtype.

    It draws `batch` images at a time.
    """

    name: str
    place: str
    dtype: Any
    batch: int

    def filled(self, count: int) -> int:
        """The size of the batch in which so many images are drawn, at most `batch`: few sizes, so that bits, which
        depend on them, seldom change.

        On GPUs it is the next power of two. On CPUs in float32 it is even: batches of 1 to 8 of the embedded model on
        x86 with AVX-512, PyTorch 2.13, agreed in all bits then, and those in bfloat16 always.
        """
        torch, _ = libraries()
        if self.name == "cpu":
            return count + count % 2 if self.dtype == torch.float32 else count
        return min(1 << (count - 1).bit_length(), self.batch)

    def current(self) -> AbstractContextManager[Any]:
        """Within it, what torch does on "cuda" is done on this one."""
        torch, _ = libraries()
        return torch.cuda.device(self.place) if self.name == "cuda" else nullcontext()

    @property
    def about(self) -> str:
        """What a person calls it."""
        torch, _ = libraries()
        kind = torch.cuda.get_device_name(self.place) if self.name == "cuda" else self.name
        cores = f", {torch.get_num_threads()} cores" if self.name == "cpu" else ""
        return f"{kind}{cores}, {str(self.dtype).removeprefix('torch.')}"

    @property
    def watts(self) -> float:
        """An estimate of its draw while sampling."""
        torch, _ = libraries()
        return WATTS[self.name] * (torch.get_num_threads() if self.name == "cpu" else 1)

    @property
    def memory(self) -> int:
        """The most bytes of its own memory that were in use; 0 where it has none of its own."""
        torch, _ = libraries()
        return int(torch.cuda.max_memory_allocated(self.place)) if self.name == "cuda" else 0


FULL = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
"""How torch and its libraries say that a device's memory is full."""


def is_full(error: RuntimeError) -> bool:
    """Whether an error of torch means that the device's memory is full."""
    return any(words in str(error) for words in FULL)


class Pace:
    """Keeps this thread at most one step ahead of a GPU: what it tells of the steps is true, a cancel comes soon, and
    other threads run while it waits."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.last: Any = None

    def step(self) -> None:
        """Wait until the device is done with the step before the one that it was just given."""
        if self.device.name != "cuda":
            return
        torch, _ = libraries()
        given = torch.cuda.Event(blocking=True)
        given.record()
        if self.last is not None:
            self.last.synchronize()
        self.last = given


def libraries() -> tuple[Any, Any]:
    """`torch` and `diffusers`, told to keep quiet: progress is ours to tell, through events."""
    try:
        import torch
        import transformers

        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        import diffusers
    except ImportError as error:
        what = f"making pictures needs PyTorch and diffusers ({error})"
        raise NotInstalledError(what, cure='pip install "assetgen[gen]"') from error
    diffusers.utils.logging.set_verbosity(logging.CRITICAL)  # what it logs as an error it raises besides
    diffusers.utils.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", "`FluxPosEmbed` is deprecated", FutureWarning)  # its own ControlNet of FLUX asks
    return torch, diffusers


def place_named(words: str) -> str:
    """The device of these words of torch's, or for "auto" the best that this machine has: CUDA (ROCm too), MPS, CPU.
    Raises `InputError` for a device that is not here."""
    torch, _ = libraries()
    here = _places(torch)
    if words != "auto" and words not in here:
        raise InputError(f"there is no device '{words}' here", cure=f"Use auto, {', '.join(here)}")
    return here[0] if words == "auto" else words


def device_for(card: ModelCard, place: str = "auto") -> Device:
    """The device of these words of torch's, or the first of CUDA (ROCm too), MPS and CPU that this machine has; and the
    dtype that suits it and the card. Raises `InputError` for a device that is not here."""
    torch, _ = libraries()
    place = place_named(place)
    name = place.partition(":")[0]
    dtype = _dtype(torch, place) if card.precision == "auto" else getattr(torch, card.precision)
    return Device(name, place, dtype, card.batch.get("cpu" if name == "cpu" else "gpu", DEFAULT_BATCH))


def _places(torch: Any) -> list[str]:
    """What this machine has, the best first."""
    cuda = ["cuda", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    return [
        *(cuda if torch.cuda.is_available() else ()),
        *(["mps"] if torch.backends.mps.is_available() else ()),
        "cpu",
    ]


def _dtype(torch: Any, place: str) -> Any:
    if place.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.get_device_capability(place)[0] >= 8 else torch.float16  # as Ampere has it
    fast = place == "cpu" and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return torch.bfloat16 if fast else torch.float32
