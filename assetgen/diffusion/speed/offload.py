"""Weights stay on the device if they fit; otherwise they are offloaded to RAM by component or by layer."""

from pathlib import Path
from typing import Any, Literal

from assetgen.diffusion.loading.memory import WORKSPACE_BYTES, workspace_bytes
from assetgen.diffusion.speed.devices import Device, libraries

Placement = Literal["device", "parts", "layers"]
"""All weights on the device, offloaded by component ("parts"), or offloaded by layer."""


def choose_placement(components: dict[str, int], free: int, pixels: int, controls: int = 0) -> Placement:
    """The placement for components of these sizes, with `free` bytes on the device and images of `pixels` pixels.

    `controls` are the bytes of control networks, which always stay on the device.
    """
    available = free - workspace_bytes(pixels) - controls
    if sum(components.values()) <= available:
        return "device"
    return "parts" if max(components.values()) <= available else "layers"


def apply_placement(pipeline: Any, device: Device, pixels: int, controls: int) -> Placement:
    """Move a pipeline from RAM to the device, or set up offloading; returns the placement.

    Offloaded components are moved to the device in turn, a text encoder only to encode prompts. Offloading by layer
    copies all weights in every step, and takes many times as long. MPS and CPUs
    share the main memory, so everything stays.
    """
    placement: Placement = "device"
    if device.name == "cuda":
        placement = choose_placement(component_sizes(pipeline), free_memory(device), pixels, controls)
    match placement:
        case "device":
            pipeline.to(device.torch_device)
        case "parts":
            pipeline.enable_model_cpu_offload(device=device.torch_device)
        case "layers":
            offload_layers(pipeline, device)
    return placement


def offload_layers(pipeline: Any, device: Device) -> None:
    """Keep all weights in RAM, and copy each layer to the device while the one before it runs (group offloading with a
    CUDA stream). Weights of bitsandbytes, whose scales are no parameters, are copied one layer at a time instead."""
    torch, _ = libraries()
    networks = [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]
    if any(hasattr(weight, "quant_state") for network in networks for weight in network.parameters()):
        pipeline.enable_sequential_cpu_offload(device=device.torch_device)
        return
    pipeline.enable_group_offload(
        onload_device=torch.device(device.torch_device),
        offload_type="leaf_level",
        use_stream=device.name == "cuda",
    )


def has_room(device: Device, size: int) -> bool:
    """True if `size` more bytes of weights leave the device enough workspace."""
    return device.name != "cuda" or size + WORKSPACE_BYTES <= free_memory(device)


def free_memory(device: Device) -> int:
    """Unused bytes of a CUDA device."""
    torch, _ = libraries()
    torch.cuda.empty_cache()
    return int(torch.cuda.mem_get_info(device.torch_device)[0])


def weights_size(path: Path) -> int:
    """Bytes of the weight files in a folder, or of one file. On the device they may take half, in 16 bits."""
    files = [path] if path.is_file() else path.rglob("*.safetensors")
    return sum(file.stat().st_size for file in files)


def component_sizes(pipeline: Any) -> dict[str, int]:
    """Bytes of each network of a pipeline, by component name."""
    torch, _ = libraries()
    networks = {name: part for name, part in pipeline.components.items() if isinstance(part, torch.nn.Module)}
    return {
        name: sum(map(_tensor_size, (*network.parameters(), *network.buffers()))) for name, network in networks.items()
    }


def _tensor_size(tensor: Any) -> int:
    """Bytes of a tensor; of a quantized one with its scales, which torchao and bitsandbytes keep in further tensors."""
    if hasattr(tensor, "__tensor_flatten__"):  # torchao
        names, _ = tensor.__tensor_flatten__()
        return sum(_tensor_size(getattr(tensor, name)) for name in names)
    state = getattr(tensor, "quant_state", None)  # bitsandbytes
    scales = [state.absmax, *([state.state2.absmax] if state.nested else [])] if state is not None else []
    return sum(each.numel() * each.element_size() for each in (tensor.detach(), *scales))
