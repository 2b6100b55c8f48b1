"""Store the matrices of a model in fewer bits (`quantize:` of a model card), with torchao and bitsandbytes.

Quantized are the linear layers in the repeated blocks of the network and the text encoders, after LoRAs are fused. Each
is quantized on the device by itself, so that the device never holds a component in 16 bits. Activations stay in the
model's dtype: its weights are multiplied with their scales in every call.

With "fp8_dynamic" the network's activations are quantized as well, in every call, and multiplied in 8 bits. Each token
has a scale of its own, so images do not depend on the others of their batch. Text encoders, which run once, are stored
in "fp8".
"""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assetgen.diffusion.loading.memory import (
    PRECISIONS,
    QUANTIZED_COMPONENTS,
    MemoryNeeded,
    is_quantizable,
    memory_needed,
)
from assetgen.diffusion.loading.weight_files import stored_format
from assetgen.diffusion.speed.devices import available_memory, libraries, multiplies_fp8, resolve_device
from assetgen.errors import InputError, NotInstalledError
from assetgen.pack.schema import Lora, ModelCard, Quantization

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline
    from torch.nn import Linear, Module

_PACKAGES: dict[str, str] = {
    "int8": "torchao",
    "fp8": "torchao",
    "fp8_dynamic": "torchao",
    "nf4": "bitsandbytes",
}
_AUTOMATIC: tuple[Quantization, ...] = ("none", "int8", "nf4")
"""What "auto" chooses from, most precise first. "fp8" takes as many bits as "int8" and is less precise."""


def fitting_quantization(card: ModelCard, device: str = "auto") -> Quantization:
    """The number format of a model on this device: the card's, or with `auto` that of `choose_quantization`."""
    if card.quantize != "auto":
        return card.quantize
    needed, formats = memory_needed(card), automatic_formats(device)
    if needed is None or formats == ("none",):
        return "none"
    return choose_quantization(needed, available_memory(resolve_device(device)), formats)


def automatic_formats(device: str = "auto") -> tuple[Quantization, ...]:
    """What `quantize: auto` chooses from on this device, most precise first. CPUs and MPS share the main memory with
    everything else, so nothing is quantized there."""
    if not resolve_device(device).startswith("cuda"):
        return ("none",)
    return tuple(each for each in _AUTOMATIC if each == "none" or find_spec(_PACKAGES[each]))


def choose_quantization(
    needed: MemoryNeeded, free: int, installed: Collection[Quantization] = PRECISIONS
) -> Quantization:
    """The most precise number format in which a model fits whole into `free` bytes of device memory; where none does,
    the most precise in which each of its components fits; else "none", which is then offloaded by layer."""
    formats = [each for each in _AUTOMATIC if each in installed]
    whole = [each for each in formats if needed.resident_in(each) <= free]
    by_component = [each for each in formats if needed.offloaded_in(each) <= free]
    return (whole or by_component or ["none"])[0]


def quantize_pipeline(pipeline: DiffusionPipeline, precision: Quantization, device: str) -> None:
    """Quantize the network and the text encoders of a pipeline on a torch device, and move them back to RAM."""
    for name in QUANTIZED_COMPONENTS:
        network = pipeline.components.get(name)
        if network is not None and not _stored_in_fewer_bits(network):
            is_encoder = precision == "fp8_dynamic" and name.startswith("text_encoder")
            quantize_network(network, "fp8" if is_encoder else precision, device)
            network.to("cpu")


def check_quantizer(precision: Quantization | Literal["auto"], torch_device: str) -> None:
    """Raise `NotInstalledError` where the package for a number format is missing, and `InputError` for a device that
    cannot multiply in it."""
    if precision == "fp8_dynamic" and not multiplies_fp8(torch_device):
        what = "`quantize: fp8_dynamic` needs an NVIDIA GPU of compute capability 8.9 or more (RTX 40 series, L4, H100)"
        raise InputError(what, cure="Use `quantize: fp8`, which stores the weights alone in 8 bits, or `auto`")
    package = _PACKAGES.get(precision)
    if package and not find_spec(package):
        what = f"`quantize: {precision}` needs {package}, which is not installed"
        raise NotInstalledError(what, cure='pip install "assetgen[quant]"')


def check_stored_format(folder: Path) -> None:
    """Raise an error for the folder of one network whose weights are quantized and cannot be loaded here."""
    method = stored_format(folder)
    if method is None:
        return
    if method not in _PACKAGES.values():
        what = f"the weights in '{folder}' are quantized by '{method}', which is not supported"
        raise InputError(what, cure="Use the model in 16 bits, as GGUF, or quantized by bitsandbytes or torchao")
    if not find_spec(method):
        what = f"the weights in '{folder}' are quantized by {method}, which is not installed"
        raise NotInstalledError(what, cure='pip install "assetgen[quant]"')
    torch, _ = libraries()
    if method == "bitsandbytes" and not torch.cuda.is_available():
        what = f"the weights in '{folder}' are quantized by bitsandbytes, which diffusers loads on a GPU only"
        raise InputError(what, cure="Use the model in 16 bits, with `quantize: nf4`")


def is_quantized(pipeline: DiffusionPipeline, precision: Quantization | Literal["auto"]) -> bool:
    """True if a pipeline that was loaded with `quantize: PRECISION` multiplies weights in fewer bits with activations
    in 16, perhaps as its files store them."""
    return precision not in ("none", "fp8_dynamic") or any(map(_stored_in_fewer_bits, pipeline.components.values()))


def _stored_in_fewer_bits(component: Any) -> bool:
    return getattr(component, "hf_quantizer", None) is not None


def check_fusable(pipeline: DiffusionPipeline, loras: Collection[Lora]) -> None:
    """Raise `InputError` for LoRAs on weights that were loaded in fewer bits: they cannot be fused."""
    for name, part in pipeline.components.items() if loras else ():
        if _stored_in_fewer_bits(part):
            what = f"the {name} of this model is stored in fewer bits, and LoRAs cannot be fused into it"
            raise InputError(what, cure="Use its weights in 16 bits, with `quantize:`; or remove the LoRAs")


def quantize_network(network: Module, precision: Quantization, device: str) -> None:
    """Quantize the matrices in the repeated blocks of one network, in place."""
    torch, _ = libraries()
    kept = set(getattr(network, "_keep_in_fp32_modules", None) or ())
    for name, layer in list(network.named_modules()):
        if type(layer) is not torch.nn.Linear or not is_quantizable(f"{name}.weight", layer.weight.shape):
            continue
        if kept.isdisjoint(name.split(".")):
            parent, _, child = name.rpartition(".")
            setattr(network.get_submodule(parent), child, _quantized(layer.to(device), precision))


def _quantized(layer: Linear, precision: Quantization) -> Any:
    """A linear layer in a number format, on the layer's device."""
    if precision == "nf4":
        return _in_nf4(layer)
    from torchao.quantization import quantize_

    quantize_(layer, torchao_config(precision))
    return layer


def torchao_config(precision: Quantization) -> Any:
    """torchao's configuration for a number format. Its kernels are torch's own, whatever else is installed."""
    from torchao.quantization import (
        Float8DynamicActivationFloat8WeightConfig,
        Float8WeightOnlyConfig,
        Int8WeightOnlyConfig,
        PerRow,
    )
    from torchao.quantization.quantize_.common import KernelPreference

    match precision:
        case "int8":
            return Int8WeightOnlyConfig()
        case "fp8":
            return Float8WeightOnlyConfig()
    return Float8DynamicActivationFloat8WeightConfig(
        granularity=PerRow(), kernel_preference=KernelPreference.TORCH, set_inductor_config=False
    )


def _in_nf4(layer: Linear) -> Any:
    from bitsandbytes.nn import Linear4bit, Params4bit

    weight, has_bias = layer.weight, layer.bias is not None
    options = {"quant_type": "nf4", "compress_statistics": True}
    found = Linear4bit(
        layer.in_features, layer.out_features, has_bias, compute_dtype=weight.dtype, device="meta", **options
    )
    found.weight = Params4bit(weight.data, requires_grad=False, **options).to(weight.device)
    found.bias = layer.bias
    return found
