"""Models with random weights and the real configurations of Stable Diffusion 1.5 and XL: real speed, images of noise.

Parameter counts are checked: 859.5 M for the UNet of 1.5 and 361.3 M
for its ControlNet, 2567.5 M and 1251.0 M for XL.
"""

from pathlib import Path
from typing import Any

TOKENIZER = Path(__file__).parents[2] / "assetgen/weights/mini/tokenizer"
CARD = """model: {name}
family: {family}
weights: {{folder: {folder}}}
licence: CC0-1.0
native: [{side}, {side}]
scheduler: {{name: DPMSolverMultistepScheduler, options: {{algorithm_type: dpmsolver++}}}}
defaults: {{steps: {steps}, guidance: 7.5}}
batch: {{gpu: {batch}, cpu: 2}}
controls: {{depth: {{weights: {{folder: {folder}/controlnet}}, licence: CC0-1.0}}}}
"""
WIDE = {"block_out_channels": (320, 640, 1280, 1280), "cross_attention_dim": 768, "attention_head_dim": 8}
XL = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
UP_OF_XL = ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D")
MILLIONS = {"sd15": (859.5, 361.3), "sdxl": (2567.5, 1251.0)}


def write(name: str, folder: Path, *, steps: int, batch: int, tiny: bool = False) -> None:
    """Write model `name` (sd15 or sdxl) below `folder/NAME`, and its card `folder/models/NAME_random.yaml`.

    `tiny` keeps the structure but makes it narrow enough for a CPU.
    """
    import torch

    model_folder, xl = folder / name, name == "sdxl"
    words, side = dict(XL if xl else WIDE), 1024 if xl else 512
    if tiny:
        words["block_out_channels"], side = tuple(32 for _ in words["block_out_channels"]), 64
        words["attention_head_dim"] = 4
        words |= {"transformer_layers_per_block": 1} if xl else {}
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.device(device):
        _pipeline(words, xl, model_folder, tiny)
    family = "sdxl" if xl else "stable_diffusion"
    card = CARD.format(name=f"{name}_random", family=family, folder=f"../{name}", side=side, steps=steps, batch=batch)
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models" / f"{name}_random.yaml").write_text(card)


def _pipeline(words: dict[str, Any], xl: bool, model_folder: Path, tiny: bool) -> None:
    import diffusers
    import torch
    from diffusers import AutoencoderKL, ControlNetModel, DPMSolverMultistepScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    unet = UNet2DConditionModel(sample_size=128 if xl else 64, **words, **({"up_block_types": UP_OF_XL} if xl else {}))
    control = ControlNetModel.from_unet(unet)
    if not tiny:
        found = tuple(sum(part.numel() for part in network.parameters()) / 1e6 for network in (unet, control))
        assert [round(count, 1) for count in found] == list(MILLIONS["sdxl" if xl else "sd15"]), found
    channels = (32, 32, 32, 32) if tiny else (128, 256, 512, 512)
    vae = AutoencoderKL(
        block_out_channels=channels,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        sample_size=1024 if xl else 512,
        scaling_factor=0.13025 if xl else 0.18215,
        force_upcast=False,
    )
    layers = 2 if tiny else 12
    small = CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_hidden_layers=layers, num_attention_heads=12)
    parts: dict[str, Any] = {"unet": unet, "vae": vae, "scheduler": DPMSolverMultistepScheduler(steps_offset=1)}
    parts["tokenizer"] = CLIPTokenizer.from_pretrained(TOKENIZER)
    parts["text_encoder"] = CLIPTextModel(small)
    if xl:
        large = CLIPTextConfig(
            hidden_size=1280,
            intermediate_size=5120,
            num_hidden_layers=2 if tiny else 32,
            num_attention_heads=20,
            projection_dim=1280,
        )
        parts |= {"tokenizer_2": parts["tokenizer"], "text_encoder_2": CLIPTextModelWithProjection(large)}
        made = diffusers.StableDiffusionXLPipeline(**parts, add_watermarker=False)
    else:
        none = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        made = diffusers.StableDiffusionPipeline(**parts, **none)
    kept = torch.float32 if tiny else torch.float16
    made.to(dtype=kept).save_pretrained(model_folder)
    control.to(dtype=kept).save_pretrained(model_folder / "controlnet")
