"""Where a model's weights stay: on the device if they fit, else in main memory, and parts or layers come over."""

from typing import Any, Literal

from assetgen.diffusion.devices import Device, libraries

Stay = Literal["device", "parts", "layers"]
ROOM = 500_000_000
"""Bytes for the work of the networks and of the device's libraries, besides that of a picture."""
ROOM_A_PIXEL = 2700
"""Bytes a pixel while one picture is decoded: 2.8 GB for 1024² by the autoencoder of SDXL in bfloat16, measured."""


def stay(weights: dict[str, int], free: int, pixels: int) -> Stay:
    """Where weights (bytes by part) stay, with so many bytes free on the device and pictures of so many pixels."""
    room = free - ROOM - ROOM_A_PIXEL * pixels
    if sum(weights.values()) <= room:
        return "device"
    return "parts" if max(weights.values()) <= room else "layers"


def settle(pipeline: Any, device: Device, pixels: int) -> Stay:
    """Bring a pipeline of diffusers that was read into main memory to where it works; says where its weights stay.

    Where not all stays on the device, text encoder, network and autoencoder come over in turns, or layer by layer,
    which takes many times as long. MPS and CPUs have no memory of their own, so everything stays.
    """
    torch, _ = libraries()
    where: Stay = "device"
    if device.name == "cuda":
        torch.cuda.empty_cache()
        free, _ = torch.cuda.mem_get_info(device.place)
        where = stay(weights_of(pipeline), free, pixels)
    match where:
        case "device":
            pipeline.to(device.place)
        case "parts":
            pipeline.enable_model_cpu_offload(device=device.place)
        case "layers":
            pipeline.enable_sequential_cpu_offload(device=device.place)
    return where


def weights_of(pipeline: Any) -> dict[str, int]:
    """The bytes of each network of a pipeline."""
    torch, _ = libraries()
    networks = {name: part for name, part in pipeline.components.items() if isinstance(part, torch.nn.Module)}
    return {
        name: sum(each.numel() * each.element_size() for each in (*network.parameters(), *network.buffers()))
        for name, network in networks.items()
    }
