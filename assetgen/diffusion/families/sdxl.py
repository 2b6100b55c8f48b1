"""Stable Diffusion XL, and every model of that shape: Turbo, Lightning, LCM."""

from typing import Any

from assetgen.diffusion.families import Family, Texts
from assetgen.diffusion.families._unet import unet_family


def sdxl() -> Family:
    """Two text encoders, one UNet. The invisible watermark is off: it would depend on what else is installed."""
    return unet_family("StableDiffusionXLPipeline", _told, {"add_watermarker": False})


def _told(texts: Texts, size: tuple[int, int]) -> dict[str, Any]:
    """Besides the words it is told the size of the picture, and that nothing was cut off (paper, section 2.2)."""
    words, summary = texts["prompt_embeds"], texts["pooled_prompt_embeds"]
    width, height = size
    place = words.new_tensor([[height, width, 0, 0, height, width]]).expand(len(words), -1)
    return {"encoder_hidden_states": words, "added_cond_kwargs": {"text_embeds": summary, "time_ids": place}}
