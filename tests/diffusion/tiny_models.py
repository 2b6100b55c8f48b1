"""Tiny models with random weights, in diffusers layout, with shapes like the real ones: `build(folder, name)`."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

LETTERS = [chr(code) for code in range(33, 127)]
WIDTH = 32
QWEN = runpy.run_path(str(Path(__file__).with_name("tiny_qwen.py")))
NEWER = runpy.run_path(str(Path(__file__).with_name("tiny_z_image_flux2.py")))
NEWEST = runpy.run_path(str(Path(__file__).with_name("tiny_chroma_ernie.py")))
"""Tests are not a package, so they cannot import a module in their folder."""


def build(folder: Path, name: str, **shape: Any) -> None:
    """Save the pipeline of this name as `folder/model`, with depth and canny ControlNets in `folder` where the family
    has them. `shape` overrides the UNet's configuration."""
    import torch

    torch.manual_seed(0)
    pipeline = PIPELINES[name](**shape)
    if hasattr(pipeline, "transformer"):
        for part, weight in pipeline.transformer.named_parameters():
            if weight.ndim > 1 and ("proj_out" in part or "norm_out" in part):
                torch.nn.init.normal_(weight, std=0.3)  # initialised so that the output is near zero
    pipeline.save_pretrained(folder / "model")
    for kind in ("depth", "canny") if name in CONTROLS and "time_cond_proj_dim" not in shape else ():
        # ControlNets cannot be made from a UNet with guidance embedding
        network = pipeline.transformer if hasattr(pipeline, "transformer") else pipeline.unet
        CONTROLS[name](network).save_pretrained(folder / kind)


def stable_diffusion(**shape: Any) -> Any:
    """3 latent channels, an autoencoder with a factor of 4."""
    import diffusers
    import transformers

    tokenizer, encoder = clip_encoder_pair(transformers.CLIPTextModel)
    off = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    parts = {"tokenizer": tokenizer, "text_encoder": encoder, "unet": unet(False, **shape), **off}
    return diffusers.StableDiffusionPipeline(vae=vae(channels=3), scheduler=solver(), **parts)


def sdxl(**shape: Any) -> Any:
    """Two text encoders, and a UNet with size conditioning."""
    import diffusers
    import transformers

    tokenizer, encoder = clip_encoder_pair(transformers.CLIPTextModel)
    parts = {"tokenizer": tokenizer, "text_encoder": encoder, "unet": unet(True, **shape), "vae": vae(channels=3)}
    parts |= {"tokenizer_2": tokenizer, "text_encoder_2": clip_encoder_pair()[1], "scheduler": solver()}
    return diffusers.StableDiffusionXLPipeline(**parts, add_watermarker=False)


def marigold(kind: str) -> Any:
    """An estimator: "depth", "normals", "appearance" or "lighting", for images of up to 64 pixels."""
    import diffusers
    import transformers

    linear = {"prediction_space": "linear", "up_to_scale": False}
    stack = {"prediction_space": "stack", "sub_target_names": ["roughness", "metallicity", None]}
    named = {"albedo": {"prediction_space": "srgb"}, "material": stack, "roughness": linear, "metallicity": linear}
    targets: dict[str, dict[str, Any]] = {
        "depth": {"scale_invariant": True, "shift_invariant": True},
        "normals": {"use_full_z_range": True},
        "appearance": {"target_properties": {"target_names": ["albedo", "material"], **named}},
        "lighting": {
            "target_properties": {"target_names": ["albedo", "shading"], "albedo": linear, "shading": linear},
        },
    }
    tokenizer, encoder = clip_encoder_pair(transformers.CLIPTextModel)
    name, predicts = {"depth": ("Depth", "depth"), "normals": ("Normals", "normals")}.get(kind, ("Intrinsics",) * 2)
    latents = 6 if name == "Intrinsics" else 3
    return getattr(diffusers, f"Marigold{name}Pipeline")(
        unet=unet(False, in_channels=3 + latents, out_channels=latents),
        vae=vae(channels=3),
        scheduler=diffusers.DDIMScheduler(
            prediction_type="v_prediction", timestep_spacing="trailing", clip_sample=False, set_alpha_to_one=False
        ),
        text_encoder=encoder,
        tokenizer=tokenizer,
        prediction_type=predicts.lower(),
        default_denoising_steps=2,
        default_processing_resolution=64,
        **targets[kind],
    )


def solver() -> Any:
    import diffusers

    return diffusers.DPMSolverMultistepScheduler(beta_schedule="scaled_linear", steps_offset=1)


def unet(xl: bool, **shape: Any) -> Any:
    import diffusers

    conditioning: dict[str, Any] = {"cross_attention_dim": WIDTH}
    if xl:
        conditioning = {
            "cross_attention_dim": 2 * WIDTH,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
        }
        conditioning |= {"projection_class_embeddings_input_dim": 6 * 8 + WIDTH, "use_linear_projection": True}
    blocks = {
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    }
    return diffusers.UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
        **{"in_channels": 3, "out_channels": 3, **blocks, **conditioning, **shape},
    )


def sd3() -> Any:
    """Two CLIPs, T5, and a transformer for up to 12 × 12 patches."""
    import diffusers

    (one, clip), (other, clip_2), (t5, t5_encoder) = clip_encoder_pair(), clip_encoder_pair(), t5_encoder_pair()
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=8,
        patch_size=2,
        in_channels=4,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=2 * WIDTH,
        caption_projection_dim=WIDTH,
        pooled_projection_dim=2 * WIDTH,
        out_channels=4,
        pos_embed_max_size=12,
    )
    return diffusers.StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=vae(shift=0.1),
        text_encoder=clip,
        tokenizer=one,
        text_encoder_2=clip_2,
        tokenizer_2=other,
        text_encoder_3=t5_encoder,
        tokenizer_3=t5,
    )


def flux(fill: bool = False, distilled: bool = True) -> Any:
    """CLIP, T5, and a small transformer; with inpainting channels (`fill`), with a guidance embedding (`distilled`)."""
    import diffusers
    import transformers

    (clip, clip_encoder), (t5, t5_encoder) = clip_encoder_pair(transformers.CLIPTextModel), t5_encoder_pair(2 * WIDTH)
    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1,
        in_channels=4 * (4 + (4 + 16 if fill else 0)),
        out_channels=16,
        num_layers=2,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=2 * WIDTH,
        pooled_projection_dim=WIDTH,
        guidance_embeds=distilled,
        axes_dims_rope=(4, 4, 8),
    )
    return diffusers.FluxPipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=distilled),
        vae=vae(shift=0.1),
        text_encoder=clip_encoder,
        tokenizer=clip,
        text_encoder_2=t5_encoder,
        tokenizer_2=t5,
    )


def pixart() -> Any:
    """T5, and a transformer that also predicts variances."""
    import diffusers

    t5, t5_encoder = t5_encoder_pair(WIDTH)
    transformer = diffusers.PixArtTransformer2DModel(
        sample_size=8,
        num_layers=2,
        patch_size=2,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_channels=WIDTH,
        in_channels=4,
        cross_attention_dim=WIDTH,
        out_channels=8,
        use_additional_conditions=False,
    )
    scheduler = diffusers.DPMSolverMultistepScheduler(beta_schedule="linear")
    return diffusers.PixArtSigmaPipeline(t5, t5_encoder, vae(), transformer, scheduler)


def sana() -> Any:
    """Gemma, a deep-compression autoencoder, and a transformer without position embeddings."""
    import diffusers
    import transformers

    vocabulary = ["<pad>", "<eos>", "<bos>", "<unk>", "▁", *LETTERS]
    tokenizer = transformers.GemmaTokenizer(vocab={token: number for number, token in enumerate(vocabulary)}, merges=[])
    shape = transformers.Gemma2Config(
        vocab_size=len(vocabulary),
        hidden_size=WIDTH,
        intermediate_size=37,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=4,
        head_dim=8,
        max_position_embeddings=2048,
    )
    vae = diffusers.AutoencoderDC(
        in_channels=3,
        latent_channels=4,
        attention_head_dim=2,
        encoder_block_types=("ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "EfficientViTBlock"),
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        encoder_qkv_multiscales=((), (5,)),
        decoder_qkv_multiscales=((), (5,)),
        encoder_layers_per_block=(1, 1),
        decoder_layers_per_block=(1, 1),
        downsample_block_type="conv",
        upsample_block_type="interpolate",
        decoder_norm_types="rms_norm",
        decoder_act_fns="silu",
        scaling_factor=0.41407,
    )
    transformer = diffusers.SanaTransformer2DModel(
        patch_size=1,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        num_attention_heads=4,
        attention_head_dim=8,
        num_cross_attention_heads=4,
        cross_attention_head_dim=8,
        cross_attention_dim=WIDTH,
        caption_channels=WIDTH,
        sample_size=16,
    )
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    return diffusers.SanaPipeline(tokenizer, transformers.Gemma2Model(shape), vae, transformer, scheduler)


def ernie_image() -> Any:
    """Mistral 3, FLUX.2's autoencoder, and a transformer."""
    tokenizer, encoder = NEWER["mistral3_pair"]()
    return NEWEST["ernie_image"](NEWER["flux2_vae"](), tokenizer, encoder.model)


def unet_control(network: Any) -> Any:
    """A ControlNet whose last layers, zero when initialised, are random."""
    import diffusers
    import torch

    control = diffusers.ControlNetModel.from_unet(network, conditioning_embedding_out_channels=(16, 16, 16))
    for last in (*control.controlnet_down_blocks, control.controlnet_mid_block):
        torch.nn.init.normal_(last.weight, std=1.0)
    torch.nn.init.normal_(control.controlnet_cond_embedding.conv_out.weight, std=20.0)
    return control


def sd3_control(network: Any) -> Any:
    """A random ControlNet for SD3."""
    import diffusers
    import torch

    control = diffusers.SD3ControlNetModel.from_transformer(network, num_layers=1, num_extra_conditioning_channels=0)
    for last in (*control.controlnet_blocks, control.pos_embed_input.proj):
        torch.nn.init.normal_(last.weight, std=0.5)
    return control


def flux_control(network: Any) -> Any:
    """A random ControlNet for FLUX."""
    import diffusers
    import torch

    control = diffusers.FluxControlNetModel.from_transformer(
        network, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2
    )
    for last in (*control.controlnet_blocks, *control.controlnet_single_blocks, control.controlnet_x_embedder):
        torch.nn.init.normal_(last.weight, std=0.5)
    return control


def clip_encoder_pair(kind: Any = None) -> tuple[Any, Any]:
    """A tokenizer with one token per letter, and a CLIP text encoder for 16 tokens."""
    import transformers

    tokens = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    shape = transformers.CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=WIDTH,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        max_position_embeddings=16,
        projection_dim=WIDTH,
        bos_token_id=len(tokens) - 2,
        eos_token_id=len(tokens) - 1,
        pad_token_id=len(tokens) - 1,
    )
    tokenizer = transformers.CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=16)
    return tokenizer, (kind or transformers.CLIPTextModelWithProjection)(shape)


def t5_encoder_pair(width: int = 2 * WIDTH) -> tuple[Any, Any]:
    """A tokenizer with one token per letter, and a T5 encoder for 512 tokens."""
    import transformers

    scores = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((letter, -3.0) for letter in LETTERS)]
    tokenizer = transformers.T5Tokenizer(vocab=scores, extra_ids=0, model_max_length=512)
    shape = transformers.T5Config(
        vocab_size=len(scores),
        d_model=width,
        d_kv=8,
        d_ff=37,
        num_layers=1,
        num_heads=4,
        pad_token_id=0,
        eos_token_id=1,
    )
    return tokenizer, transformers.T5EncoderModel(shape)


def vae(shift: float | None = None, channels: int = 4) -> Any:
    """An autoencoder with a scale factor of 4; with a shift its latent distribution has almost no variance."""
    import diffusers
    import torch

    found = diffusers.AutoencoderKL(
        block_out_channels=(16,) * 3,
        latent_channels=channels,
        norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        mid_block_add_attention=False,
        sample_size=32,
        scaling_factor=4.0,  # gives latents about the variance of the noise
        shift_factor=shift,
        use_quant_conv=shift is None,
        use_post_quant_conv=shift is None,
    )
    if shift is not None:
        torch.nn.init.zeros_(found.encoder.conv_out.weight[4:])
        torch.nn.init.constant_(found.encoder.conv_out.bias[4:], -30.0)
    return found


PIPELINES: dict[str, Callable[..., Any]] = {
    "stable_diffusion": stable_diffusion,
    "sdxl": sdxl,
    "sd3": sd3,
    "flux": flux,
    "flux_schnell": lambda: flux(distilled=False),
    "flux_fill": lambda: flux(fill=True),
    "pixart": pixart,
    "sana": sana,
    "qwen_image": QWEN["qwen_image"],
    "qwen_image_edit": QWEN["qwen_image_edit"],
    "qwen_image_21": QWEN["qwen_image_21"],
    "krea2": QWEN["krea2"],
    "z_image": lambda: NEWER["z_image"](vae(shift=0.1)),
    "flux2": NEWER["flux2"],
    "flux2_base": lambda: NEWER["flux2"](distilled=False),
    "flux2_dev": lambda: NEWER["flux2"](dev=True),
    "chroma": lambda: NEWEST["chroma"](vae(shift=0.1), *t5_encoder_pair()),
    "sana_sprint": lambda: NEWEST["sana_sprint"](sana()),
    "ernie_image": ernie_image,
}
CONTROLS: dict[str, Callable[[Any], Any]] = {
    "stable_diffusion": unet_control,
    "sdxl": unet_control,
    "sd3": sd3_control,
    "flux": flux_control,
    "qwen_image": QWEN["qwen_image_control"],
    "z_image": NEWER["z_image_control"],
}
