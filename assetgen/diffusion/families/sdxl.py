"""Stable Diffusion XL and models of its architecture (Turbo, Lightning, LCM). Follows `StableDiffusionXLPipeline`, its
ControlNet, ControlNet-Union and Adapter variants, and `StableDiffusionXLInpaintPipeline`."""

from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds
from assetgen.diffusion.families._unet import unet_family
from assetgen.pack.schema import ImageSize


def sdxl() -> Family:
    """Two CLIPs, one UNet. The invisible watermark is off: it would depend on which packages are installed."""
    return unet_family("StableDiffusionXLPipeline", _network_kwargs, {"add_watermarker": False})


def _network_kwargs(embeds: PromptEmbeds, size: ImageSize) -> Kwargs:
    """With `time_ids`: original size, crop offset and target size (paper, section 2.2), for an uncropped image."""
    prompt_embeds, (width, height) = embeds["prompt_embeds"], size
    time_ids = prompt_embeds.new_tensor([[height, width, 0, 0, height, width]]).expand(len(prompt_embeds), -1)
    added = {"text_embeds": embeds["pooled_prompt_embeds"], "time_ids": time_ids}
    return {"encoder_hidden_states": prompt_embeds, "added_cond_kwargs": added}
