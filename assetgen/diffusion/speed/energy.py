"""Energy measured while sampling: NVML's counter for CUDA devices, RAPL's for CPUs. Without a counter it is unknown.

A counter covers the whole device, so other programs on it count too.
"""

from functools import cache
from pathlib import Path
from typing import Any

from assetgen.diffusion.speed.devices import Device, libraries

_RAPL = Path("/sys/class/powercap")
_PACKAGES = "intel-rapl:[0-9]*/energy_uj"
"""Energy of each CPU package in microjoules (Linux kernel, `power/powercap`); also on AMD. Only root may read it on
most systems."""


class EnergyMeter:
    """Energy used by a device since the meter was created."""

    def __init__(self, device: Device, rapl: Path = _RAPL) -> None:
        self.device, self.rapl = device, rapl
        self.started = self._counter()

    def joules(self) -> float:
        """Joules since the start; 0 without a readable counter, or if the counter wrapped around."""
        if self.started is None:
            return 0.0
        now = self._counter()
        return max(0.0, now - self.started) if now is not None else 0.0

    def _counter(self) -> float | None:
        match self.device.name:
            case "cuda":
                return _nvml_joules(self.device.torch_device)
            case "cpu":
                return _rapl_joules(self.rapl)
        return None


def _nvml_joules(torch_device: str) -> float | None:
    try:
        import pynvml
    except ImportError:  # nvidia-ml-py is optional
        return None
    try:
        return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(_nvml_handle(torch_device))) / 1000
    except (pynvml.NVMLError, AttributeError):  # no driver, or a GPU without the counter (before Volta)
        return None


@cache
def _nvml_handle(torch_device: str) -> Any:
    """By UUID: torch may number devices differently (`CUDA_VISIBLE_DEVICES`)."""
    import pynvml

    torch, _ = libraries()
    pynvml.nvmlInit()
    return pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(torch_device).uuid}")


def _rapl_joules(folder: Path) -> float | None:
    """The sum of all packages; a subdomain (`intel-rapl:0:0`) is part of its package."""
    try:
        counters = [int(file.read_text()) for file in folder.glob(_PACKAGES) if file.parent.name.count(":") == 1]
    except (OSError, ValueError):
        return None
    return sum(counters) / 1e6 if counters else None
