"""The GPU, its driver, and the memory of this machine."""

from dataclasses import dataclass

from assetgen.diffusion.speed.devices import available_memory, libraries, resolve_device


@dataclass(frozen=True)
class Gpu:
    """A GPU that PyTorch can use: its name, bytes of memory in all and free, and the version of its driver."""

    name: str
    memory: int
    free: int
    driver: str


def gpu_in_use() -> Gpu | None:
    """The GPU that builds use by default; None without one. On Apple's, memory is the share of RAM it should use."""
    torch, _ = libraries()
    device = resolve_device("auto")
    if device == "mps":
        size = int(torch.mps.recommended_max_memory())
        return Gpu("Apple GPU", size, size, "")
    if not device.startswith("cuda"):
        return None
    properties = torch.cuda.get_device_properties(device)
    return Gpu(properties.name, int(properties.total_memory), available_memory(device), nvidia_driver())


def nvidia_driver() -> str:
    """The version of the NVIDIA driver, whether PyTorch can use it or not; "" without one."""
    try:
        import pynvml
    except ImportError:  # nvidia-ml-py is optional
        return ""
    try:
        pynvml.nvmlInit()
        return str(pynvml.nvmlSystemGetDriverVersion())
    except pynvml.NVMLError:
        return ""


def ram_bytes() -> int:
    """Bytes of RAM of this machine. `accelerate` requires psutil."""
    import psutil

    return int(psutil.virtual_memory().total)
