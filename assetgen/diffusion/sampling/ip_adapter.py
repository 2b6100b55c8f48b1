"""The look of a picture as a control: IP-Adapters (Ye et al. 2023), which let a UNet attend to what CLIP sees in it.

Other controls stand beside the UNet; this one is worn by it: while it is on, the UNet listens for a picture in every
step, and afterwards it is as before.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assetgen.diffusion.families import Sight, Steering, Told
from assetgen.diffusion.loading.compatibility import error_summary
from assetgen.diffusion.loading.weight_files import DOWNLOAD_AGAIN, IMAGE_ENCODER, check_file, check_part
from assetgen.diffusion.speed.devices import Device
from assetgen.errors import InputError

MEAN = (0.48145466, 0.4578275, 0.40821073)  # of CLIP's training pictures (Radford et al. 2021)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
PARTS = ("image_proj", "ip_adapter")


@dataclass
class Style:
    """An adapter in memory: its weights by part, the CLIP that looks, and what listens while it is worn."""

    weights: dict[str, dict[str, Any]]
    encoder: Any
    listeners: list[Any] = field(default_factory=list)

    @property
    def sees_details(self) -> bool:
        """Whether it was trained on all of what CLIP sees, not only on the gist ("plus")."""
        return "proj.weight" not in self.weights["image_proj"]


def read_style(folder: Path, file: str | None, device: Device) -> Style:
    """An adapter from a folder that holds its .safetensors file (`file`, where there are several) and its CLIP."""
    from safetensors.torch import load_file
    from transformers import CLIPVisionModelWithProjection

    found = sorted(folder.glob(file or "*.safetensors"))
    if len(found) != 1:
        what = f"there {'are several' if found else 'is no'} .safetensors file in '{folder}'"
        raise InputError(what, cure="Name the adapter's as `adapter:` in the model's card" if found else DOWNLOAD_AGAIN)
    check_file(found[0])
    check_part(folder / IMAGE_ENCODER)
    parts: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    for name, tensor in load_file(found[0]).items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = tensor
    if not all(parts[part] for part in PARTS):
        raise InputError(f"'{found[0]}' is no IP-Adapter", cure="Give the .safetensors file of one")
    words = {"local_files_only": True, "use_safetensors": True, "dtype": device.dtype}
    encoder = CLIPVisionModelWithProjection.from_pretrained(str(folder / IMAGE_ENCODER), **words)
    return Style(parts, encoder.to(device.torch_device))


@contextmanager
def _worn(pipeline: Any, style: Style) -> Iterator[None]:
    unet = pipeline.unet
    before = unet.attn_processors
    try:
        _put_on(unet, style)
        yield
    finally:
        style.listeners = []
        unet.encoder_hid_proj = None
        unet.config.encoder_hid_dim_type = None
        unet.set_attn_processor(before)


def _put_on(unet: Any, style: Style) -> None:
    try:
        unet._load_ip_adapter_weights([style.weights])
    except (KeyError, ValueError, RuntimeError) as error:
        what = f"the IP-Adapter does not fit this model ({error_summary(error)})"
        raise InputError(what, cure="Use one made for it") from error
    style.listeners = [each for each in unet.attn_processors.values() if hasattr(each, "scale")]


def _see(pipeline: Any, style: Style, pictures: Any) -> Any:
    """What CLIP sees in the middle of pictures, and in nothing: `2B×…`, nothing first."""
    import torch
    from torch.nn import functional

    encoder, side = style.encoder, min(pictures.shape[-2:])
    top, left = ((length - side) // 2 for length in pictures.shape[-2:])
    size = (encoder.config.image_size,) * 2
    middle = pictures[:, :, top : top + side, left : left + side]
    seen = functional.interpolate(middle, size, mode="bicubic", antialias=True).clamp(0, 1)
    mean, deviation = (seen.new_tensor(values).reshape(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    given = ((seen - mean) / deviation).to(encoder.device, encoder.dtype)
    if style.sees_details:
        return torch.cat([encoder(each, output_hidden_states=True).hidden_states[-2] for each in (given * 0, given)])
    found = encoder(given).image_embeds
    return torch.cat([found * 0, found])


def _say(style: Style, entering: Any, time: Any, told: Told, sight: Sight) -> dict[str, Any]:
    """The same strength for all images of a batch."""
    for listener in style.listeners:
        listener.scale = [float(sight.strengths.reshape(-1)[0])]
    seen = sight.seen[-len(entering) :, None]
    return {"added_cond_kwargs": {**told.get("added_cond_kwargs", {}), "image_embeds": [seen]}}


STYLE = Steering("", _see, _say, read=read_style, worn=_worn)
