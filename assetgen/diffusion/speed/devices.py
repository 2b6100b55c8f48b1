"""The torch device and number format that a model runs with."""

import logging
import platform
import re
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assetgen.diffusion._private_apis import has_fast_bfloat16
from assetgen.errors import InputError, NotInstalledError
from assetgen.pack.schema import ModelCard

_DEFAULT_BATCH = 4
"""Batch size where the card sets none. On CPUs larger ones gain nothing; smaller ones take up to 1.7 times as long."""


_MAKERS = ("Intel", "AMD")
"""Short names in texts such as "GenuineIntel" and "AuthenticAMD"."""
_BFLOAT16 = {"amx_bf16": "AMX", "avx512_bf16": "BF16"}
"""Instruction sets that oneDNN multiplies bfloat16 matrices with, by the flags of Linux; the first one is used."""
_FP8_CAPABILITY = (8, 9)
"""The first compute capability with tensor cores for 8-bit floats (NVIDIA, CUDA C++ Programming Guide)."""


@dataclass(frozen=True)
class Device:
    """A device type ("cuda", "mps" or "cpu"), the torch device ("cuda:1"), a dtype, and the largest batch."""

    name: str
    torch_device: str
    dtype: Any
    batch: int

    def padded_batch(self, count: int) -> int:
        """The batch size for `count` images, at most `batch`. Bits depend on the batch size, so few sizes are used.

        On GPUs it is the next power of two. On CPUs in float32 it is even: batches of 1 to 8 of the embedded model on
        x86, PyTorch 2.13, agreed in all bits then. Intel CPUs with AVX-512 and without AMX are an exception; they run
        bfloat16 by default, in which all batches agreed.
        """
        torch, _ = libraries()
        if self.name == "cpu":
            return count + count % 2 if self.dtype == torch.float32 else count
        return min(1 << (count - 1).bit_length(), self.batch)

    def current(self) -> AbstractContextManager[Any]:
        """Context in which torch's "cuda" is this device."""
        torch, _ = libraries()
        return torch.cuda.device(self.torch_device) if self.name == "cuda" else nullcontext()

    @property
    def description(self) -> str:
        """The class of machine: "NVIDIA H200, bfloat16" or "cpu Intel AVX512, 2 cores, float32"."""
        torch, _ = libraries()
        kind = torch.cuda.get_device_name(self.torch_device) if self.name == "cuda" else self.name
        cores = f" {processor()}, {torch.get_num_threads()} cores" if self.name == "cpu" else ""
        return f"{kind}{cores}, {str(self.dtype).removeprefix('torch.')}"

    @property
    def memory(self) -> int:
        """Peak bytes of device memory in use; 0 for devices without memory of their own."""
        torch, _ = libraries()
        return int(torch.cuda.max_memory_allocated(self.torch_device)) if self.name == "cuda" else 0


@cache
def processor() -> str:
    """Maker and instruction sets of the CPU, as "Intel AVX512 AMX": they select the kernels of PyTorch, MKL and oneDNN.

    oneDNN multiplies bfloat16 matrices by AMX or AVX512-BF16 where the CPU has them; both round in another order.
    """
    torch, _ = libraries()
    try:
        facts = Path("/proc/cpuinfo").read_text()
    except OSError:  # another system than Linux
        facts = ""
    found = re.search(r"^vendor_id\s*:\s*(\S+)", facts, re.MULTILINE)
    maker = found[1] if found else platform.machine() if facts else platform.processor()
    name = next((each for each in _MAKERS if each in maker), maker.strip())
    for_bfloat16 = next((f" {label}" for flag, label in _BFLOAT16.items() if f" {flag}" in facts), "")
    return f"{name} {torch.backends.cpu.get_cpu_capability()}{for_bfloat16}"


_OUT_OF_MEMORY = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
"""Messages of torch and its libraries for a full device memory."""


def is_out_of_memory(error: RuntimeError) -> bool:
    """True if an error of torch means that the device's memory is full."""
    return any(message in str(error) for message in _OUT_OF_MEMORY)


class StepSync:
    """Keeps this thread at most one step ahead of a GPU: progress is accurate, cancelling is prompt, and other threads
    run while it waits."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.last: Any = None

    def step(self) -> None:
        """Wait until the device has finished the step before the one just launched."""
        if self.device.name != "cuda":
            return
        torch, _ = libraries()
        launched = torch.cuda.Event(blocking=True)
        launched.record()
        if self.last is not None:
            self.last.synchronize()
        self.last = launched


_NOISY_IMPORTS = ("torchao", "bitsandbytes", "torch.utils._pytree")
"""Loggers that warn, when diffusers or peft import these packages, of kernels that this machine does not need."""


@cache
def libraries() -> tuple[Any, Any]:
    """`torch` and `diffusers`. The first call imports them and silences their logs and progress bars: events report
    progress. Raises `NotInstalledError` without them."""
    try:
        import torch

        for name in _NOISY_IMPORTS:
            logging.getLogger(name).setLevel(logging.ERROR)
        import transformers

        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        import diffusers
    except ImportError as error:
        what = f"sampling needs PyTorch and diffusers ({error})"
        raise NotInstalledError(what, cure='pip install "assetgen[gen]"') from error
    diffusers.utils.logging.set_verbosity(logging.CRITICAL)  # it also raises what it logs as an error
    diffusers.utils.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", "`FluxPosEmbed` is deprecated", FutureWarning)  # used by its own FLUX ControlNet
    return torch, diffusers


def resolve_device(name: str) -> str:
    """The torch device of this name; for "auto" the best of this machine: CUDA (or ROCm), MPS, CPU.

    Raises `InputError` for a device that this machine lacks.
    """
    torch, _ = libraries()
    available = _devices(torch)
    if name != "auto" and name not in available:
        raise InputError(f"there is no device '{name}' here", cure=f"Use auto, {', '.join(available)}")
    return available[0] if name == "auto" else name


def available_memory(torch_device: str) -> int:
    """Bytes of a CUDA device that are unused, or that this process holds and would free for another model."""
    torch, _ = libraries()
    return int(torch.cuda.mem_get_info(torch_device)[0] + torch.cuda.memory_reserved(torch_device))


def multiplies_fp8(torch_device: str) -> bool:
    """True for an NVIDIA GPU that multiplies matrices of 8-bit floats: Ada, Hopper and later."""
    torch, _ = libraries()
    nvidia = torch_device.startswith("cuda") and torch.version.hip is None
    return nvidia and bool(torch.cuda.get_device_capability(torch_device) >= _FP8_CAPABILITY)


def device_for(card: ModelCard, name: str = "auto") -> Device:
    """The device of this name (see `resolve_device`), with the dtype and batch size for the card."""
    torch, _ = libraries()
    torch_device = resolve_device(name)
    kind = torch_device.partition(":")[0]
    dtype = _dtype(torch, torch_device) if card.precision == "auto" else getattr(torch, card.precision)
    return Device(kind, torch_device, dtype, card.batch.get("cpu" if kind == "cpu" else "gpu", _DEFAULT_BATCH))


def _devices(torch: Any) -> list[str]:
    """The devices of this machine, best first."""
    cuda = ["cuda", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    return [
        *(cuda if torch.cuda.is_available() else ()),
        *(["mps"] if torch.backends.mps.is_available() else ()),
        "cpu",
    ]


def _dtype(torch: Any, torch_device: str) -> Any:
    if torch_device.startswith("cuda"):  # bfloat16 since Ampere
        return torch.bfloat16 if torch.cuda.get_device_capability(torch_device)[0] >= 8 else torch.float16
    fast = torch_device == "cpu" and has_fast_bfloat16()
    return torch.bfloat16 if fast else torch.float32
