"""Qwen-Image and Qwen-Image-2512. Follows `QwenImagePipeline`, its img2img and inpaint variants, and
`QwenImageControlNetPipeline`."""

from assetgen.diffusion.families import Family
from assetgen.diffusion.families._qwen import qwen_family


def qwen_image() -> Family:
    """Qwen2.5-VL as text encoder, and one transformer with rotary positions, trained with flow matching."""
    return qwen_family("QwenImagePipeline")
