"""Tiny models of the Qwen-Image families, with random weights and a tokenizer with one token per letter."""

from typing import Any

WIDTH = 32
SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
VISION = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": WIDTH}
LATENTS = {"latents_mean": [0.1, -0.1, 0.2, 0.0], "latents_std": [0.5, 0.6, 0.7, 0.8]}


def qwen_image() -> Any:
    """Qwen2.5-VL, an autoencoder of videos with a factor of 4, and a transformer on packed latents."""
    import diffusers

    tokenizer = qwen_tokenizer()
    return diffusers.QwenImagePipeline(
        scheduler=scheduler(),
        vae=qwen_vae(),
        text_encoder=qwen_text_encoder(tokenizer),
        tokenizer=tokenizer,
        transformer=qwen_transformer(),
    )


def qwen_image_control(network: Any) -> Any:
    """A random ControlNet for Qwen-Image."""
    import diffusers
    import torch

    control = diffusers.QwenImageControlNetModel.from_transformer(
        network, num_layers=1, attention_head_dim=16, num_attention_heads=2
    )
    for last in (*control.controlnet_blocks, control.controlnet_x_embedder):
        torch.nn.init.normal_(last.weight, std=0.5)
    return control


def scheduler() -> Any:
    import diffusers

    return diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)


def qwen_transformer(**shape: Any) -> Any:
    import diffusers

    return diffusers.QwenImageTransformer2DModel(
        patch_size=2,
        in_channels=16,
        out_channels=4,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        axes_dims_rope=(4, 6, 6),
        **shape,
    )


def qwen_vae(channels: int = 3) -> Any:
    """Its latent distribution has almost no variance: some pipelines sample from it."""
    import diffusers
    import torch

    found = diffusers.AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 2, 2],
        num_res_blocks=1,
        temperal_downsample=[False, True],
        input_channels=channels,
        **LATENTS,
    )
    torch.nn.init.zeros_(found.quant_conv.weight[4:])
    torch.nn.init.constant_(found.quant_conv.bias[4:], -30.0)
    torch.nn.init.normal_(found.decoder.conv_out.weight, std=0.1)
    return found


def qwen_tokenizer() -> Any:
    """One token per byte, as printable letters in the order of GPT-2's vocabulary."""
    import transformers
    from tokenizers.pre_tokenizers import ByteLevel

    tokens = [*sorted(ByteLevel.alphabet()), *SPECIAL_TOKENS]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return transformers.Qwen2Tokenizer(vocab=vocabulary, merges=[], additional_special_tokens=list(SPECIAL_TOKENS[1:]))


def qwen_text_encoder(tokenizer: Any) -> Any:
    import transformers

    numbers = {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(token)
        for name, token in zip(("vision_start", "vision_end", "image", "video"), SPECIAL_TOKENS[3:], strict=True)
    }
    vision = {**VISION, "fullatt_block_indexes": [0], "patch_size": 4, "window_size": 16}
    return transformers.Qwen2_5_VLForConditionalGeneration(
        transformers.Qwen2_5_VLConfig(text_config=text_shape(tokenizer), vision_config=vision, **numbers)
    )


def text_shape(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": 37,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 4096,
        "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e6},
        "bos_token_id": 0,
        "pad_token_id": 0,
        "eos_token_id": 0,
    }
