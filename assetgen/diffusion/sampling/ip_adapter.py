"""IP-Adapters (Ye et al. 2023): the UNet attends to the CLIP embedding of an image, which sets the style.

Other controls are networks beside the UNet. An IP-Adapter adds attention layers to the UNet itself: `_installed` adds
them for one batch and restores the UNet afterwards. Follows `StableDiffusionPipeline.prepare_ip_adapter_image_embeds`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assetgen.diffusion._private_apis import load_ip_adapter_weights
from assetgen.diffusion.families import ControlAdapter, ControlInput, Kwargs
from assetgen.diffusion.loading.compatibility import error_summary
from assetgen.diffusion.loading.weight_files import IMAGE_ENCODER, check_part
from assetgen.diffusion.loading.weight_headers import DOWNLOAD_AGAIN, check_file
from assetgen.diffusion.speed.devices import Device
from assetgen.errors import InputError

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor
    from transformers import PreTrainedModel

_CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
_CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Of the RGB values in CLIP's training images (Radford et al. 2021)."""
_WEIGHT_GROUPS = ("image_proj", "ip_adapter")


@dataclass
class IPAdapter:
    """An IP-Adapter in memory: weights by group, its CLIP image encoder, and, while installed, its attention layers."""

    weights: dict[str, dict[str, Tensor]]
    image_encoder: PreTrainedModel
    processors: list[Any] = field(default_factory=list)

    @property
    def is_plus(self) -> bool:
        """True if it was trained on CLIP's hidden states ("plus"), not on the pooled image embedding."""
        return "proj.weight" not in self.weights["image_proj"]


def load_ip_adapter(folder: Path, file: str | None, device: Device) -> IPAdapter:
    """An IP-Adapter from a folder with its .safetensors file (named `file` if there are several) and its image encoder.

    Raises `InputError` for a missing, ambiguous or foreign file.
    """
    from safetensors.torch import load_file
    from transformers import CLIPVisionModelWithProjection

    found = sorted(folder.glob(file or "*.safetensors"))
    if len(found) != 1:
        what = f"there {'are several' if found else 'is no'} .safetensors file in '{folder}'"
        raise InputError(what, cure="Name the adapter's as `adapter:` in the model's card" if found else DOWNLOAD_AGAIN)
    check_file(found[0])
    check_part(folder / IMAGE_ENCODER)
    weights: dict[str, dict[str, Tensor]] = {group: {} for group in _WEIGHT_GROUPS}
    for name, tensor in load_file(found[0]).items():
        group, _, rest = name.partition(".")
        weights.setdefault(group, {})[rest] = tensor
    if not all(weights[group] for group in _WEIGHT_GROUPS):
        raise InputError(f"'{found[0]}' is not an IP-Adapter", cure="Give the .safetensors file of one")
    options = {"local_files_only": True, "use_safetensors": True, "dtype": device.dtype}
    encoder = CLIPVisionModelWithProjection.from_pretrained(str(folder / IMAGE_ENCODER), **options)
    return IPAdapter(weights, encoder.to(device.torch_device))


@contextmanager
def _installed(pipeline: DiffusionPipeline, adapter: IPAdapter) -> Iterator[None]:
    unet = pipeline.unet
    before = unet.attn_processors
    try:
        _install(unet, adapter)
        yield
    finally:
        adapter.processors = []
        unet.encoder_hid_proj = None
        unet.config.encoder_hid_dim_type = None
        unet.set_attn_processor(before)


def _install(unet: ModelMixin, adapter: IPAdapter) -> None:
    try:
        load_ip_adapter_weights(unet, adapter.weights)
    except (KeyError, ValueError, RuntimeError) as error:
        what = f"the IP-Adapter does not fit this model ({error_summary(error)})"
        raise InputError(what, cure="Use one made for it") from error
    adapter.processors = [processor for processor in unet.attn_processors.values() if hasattr(processor, "scale")]


def _image_embeds(pipeline: DiffusionPipeline, adapter: IPAdapter, images: Tensor) -> Tensor:
    """CLIP embeddings of the central squares of images `B×3×H×W`: `2B×…`, the negative ones (zeros) first."""
    import torch
    from torch.nn import functional

    encoder, side = adapter.image_encoder, min(images.shape[-2:])
    top, left = ((length - side) // 2 for length in images.shape[-2:])
    size = (encoder.config.image_size,) * 2
    square = images[:, :, top : top + side, left : left + side]
    resized = functional.interpolate(square, size, mode="bicubic", antialias=True).clamp(0, 1)
    mean, std = (resized.new_tensor(values).reshape(1, 3, 1, 1) for values in (_CLIP_MEAN, _CLIP_STD))
    pixels = ((resized - mean) / std).to(encoder.device, encoder.dtype)
    if adapter.is_plus:
        return torch.cat([encoder(each, output_hidden_states=True).hidden_states[-2] for each in (pixels * 0, pixels)])
    embeds = encoder(pixels).image_embeds
    return torch.cat([embeds * 0, embeds])


def _added_cond(adapter: IPAdapter, latents: Tensor, timestep: Tensor, kwargs: Kwargs, control: ControlInput) -> Kwargs:
    """The image embeddings as `added_cond_kwargs`; the scale of the first image applies to the batch."""
    for processor in adapter.processors:
        processor.scale = [float(control.conditioning_scale.reshape(-1)[0])]
    embeds = control.cond[-len(latents) :, None]
    return {"added_cond_kwargs": {**kwargs.get("added_cond_kwargs", {}), "image_embeds": [embeds]}}


IP_ADAPTER = ControlAdapter("", _image_embeds, _added_cond, load=load_ip_adapter, install=_installed)
