"""Where a model's weights stay: on the device if they fit, else in main memory, and parts or layers come over."""

from pathlib import Path
from typing import Any, Literal

from assetgen.diffusion.speed.devices import Device, libraries

Stay = Literal["device", "parts", "layers"]
ROOM = 500_000_000
"""Bytes for the work of the networks and of the device's libraries, besides that of a picture."""
ROOM_A_PIXEL = 2700
"""Bytes a pixel while one picture is decoded: 2.8 GB for 1024² by the autoencoder of SDXL in bfloat16, measured."""


def stay(weights: dict[str, int], free: int, pixels: int, beside: int = 0) -> Stay:
    """Where weights (bytes by part) stay, with so many bytes free on the device, pictures of so many pixels, and so
    many bytes of control networks, which always are on the device."""
    room = free - ROOM - ROOM_A_PIXEL * pixels - beside
    if sum(weights.values()) <= room:
        return "device"
    return "parts" if max(weights.values()) <= room else "layers"


def settle(pipeline: Any, device: Device, pixels: int, beside: int) -> Stay:
    """Bring a pipeline of diffusers that was read into main memory to where it works; says where its weights stay.

    Where not all stays on the device, text encoder, network and autoencoder come over in turns, or layer by layer,
    which takes many times as long. MPS and CPUs have no memory of their own, so everything stays.
    """
    where: Stay = "device"
    if device.name == "cuda":
        where = stay(weights_of(pipeline), free_on(device), pixels, beside)
    match where:
        case "device":
            pipeline.to(device.place)
        case "parts":
            pipeline.enable_model_cpu_offload(device=device.place)
        case "layers":
            pipeline.enable_sequential_cpu_offload(device=device.place)
    return where


def takes(device: Device, size: int) -> bool:
    """Whether so many bytes of weights more leave the device room to work."""
    return device.name != "cuda" or size + ROOM <= free_on(device)


def free_on(device: Device) -> int:
    """Bytes of a CUDA device that nobody uses."""
    torch, _ = libraries()
    torch.cuda.empty_cache()
    return int(torch.cuda.mem_get_info(device.place)[0])


def size_of(place: Path) -> int:
    """Bytes of the weights in a folder, or of one file: those on the device may be fewer, of half the precision."""
    files = [place] if place.is_file() else place.rglob("*.safetensors")
    return sum(file.stat().st_size for file in files)


def weights_of(pipeline: Any) -> dict[str, int]:
    """The bytes of each network of a pipeline."""
    torch, _ = libraries()
    networks = {name: part for name, part in pipeline.components.items() if isinstance(part, torch.nn.Module)}
    return {
        name: sum(each.numel() * each.element_size() for each in (*network.parameters(), *network.buffers()))
        for name, network in networks.items()
    }
