"""Stable Diffusion 1 and 2, and every model of that shape: they predict noise or velocity as their scheduler says."""

from typing import Any

from assetgen.diffusion.families import Family, Texts
from assetgen.diffusion.families._unet import unet_family


def stable_diffusion() -> Family:
    """One text encoder, one UNet. Their safety checker is left out: it blackens dragons, and costs 1.2 GB."""
    options = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return unet_family("StableDiffusionPipeline", _told, options)


def _told(texts: Texts, size: tuple[int, int]) -> dict[str, Any]:
    return {"encoder_hidden_states": texts["prompt_embeds"]}
