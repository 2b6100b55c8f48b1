"""Stable Diffusion 1 and 2 and models of their architecture, with epsilon or v-prediction as their scheduler sets.
Follows `StableDiffusionPipeline`, its ControlNet and Adapter variants, and `StableDiffusionInpaintPipeline`."""

from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds
from assetgen.diffusion.families._unet import unet_family
from assetgen.pack.schema import ImageSize


def stable_diffusion() -> Family:
    """One CLIP, one UNet. The safety checker is left out: it blackens harmless images and takes 1.2 GB."""
    pipeline_kwargs = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return unet_family("StableDiffusionPipeline", _network_kwargs, pipeline_kwargs)


def _network_kwargs(embeds: PromptEmbeds, size: ImageSize) -> Kwargs:
    return {"encoder_hidden_states": embeds["prompt_embeds"]}
