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


def qwen_image_edit(levels: int = 3, **shape: Any) -> Any:
    """Qwen-Image with a processor of pictures, and an autoencoder of so many levels."""
    import diffusers

    tokenizer = qwen_tokenizer()
    return diffusers.QwenImageEditPlusPipeline(
        scheduler=scheduler(),
        vae=qwen_vae(levels=levels),
        text_encoder=qwen_text_encoder(tokenizer),
        tokenizer=tokenizer,
        processor=picture_processor("Qwen2VLProcessor", tokenizer, patch_size=4),
        transformer=qwen_transformer(**shape),
    )


def qwen_image_layered() -> Any:
    """An autoencoder with alpha, 6 latent channels (4 would be those of an image) and a factor of 16, and a transformer
    with positions in layers."""
    import diffusers

    tokenizer = qwen_tokenizer()
    return diffusers.QwenImageLayeredPipeline(
        scheduler=scheduler(),
        vae=qwen_vae(channels=4, levels=5, latents=6),
        text_encoder=qwen_text_encoder(tokenizer),
        tokenizer=tokenizer,
        processor=picture_processor("Qwen2VLProcessor", tokenizer, patch_size=4),
        transformer=qwen_transformer(latents=6, use_additional_t_cond=True, use_layer3d_rope=True),
    )


def qwen_image_21() -> Any:
    """Qwen3-VL, an autoencoder with alpha and a factor of 16, and a causal transformer on unpacked latents."""
    import diffusers
    import torch

    tokenizer = qwen_tokenizer()
    transformer = diffusers.QwenImage21Transformer2DModel(
        in_channels=4,
        out_channels=4,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        context_in_dim=WIDTH,
        axes_dims_rope=(4, 6, 6),
    )
    vae = diffusers.AutoencoderKLQwenImage21(
        base_dim=8,
        decoder_base_dim=8,
        z_dim=4,
        dim_mult=[1, 2, 2, 2, 2],
        num_res_blocks=1,
        latents_mean=[0.1, -0.1, 0.2, 0.0],
        latents_std=[0.5, 0.6, 0.7, 0.8],
    )
    torch.nn.init.normal_(vae.decoder.conv_out.weight, std=0.1)
    numbers = token_numbers(tokenizer)
    vision = {**VISION, "deepstack_visual_indexes": [0], "patch_size": 8, "num_position_embeddings": 64}
    shape = transformers_of("Qwen3VLConfig")(text_config=text_shape(tokenizer), vision_config=vision, **numbers)
    return diffusers.QwenImage21Pipeline(
        scheduler=scheduler(),
        vae=vae,
        text_encoder=transformers_of("Qwen3VLForConditionalGeneration")(shape),
        processor=picture_processor("Qwen3VLProcessor", tokenizer, patch_size=8),
        transformer=transformer,
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


def qwen_transformer(latents: int = 4, **shape: Any) -> Any:
    """With weights so large that each token of a prompt changes the image."""
    import diffusers
    import torch

    found = diffusers.QwenImageTransformer2DModel(
        patch_size=2,
        in_channels=4 * latents,
        out_channels=latents,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        axes_dims_rope=(4, 6, 6),
        **shape,
    )
    for weight in found.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.2)
    return found


def qwen_vae(channels: int = 3, levels: int = 3, latents: int = 4) -> Any:
    """Its latent distribution has almost no variance: some pipelines sample from it."""
    import diffusers
    import torch

    found = diffusers.AutoencoderKLQwenImage(
        base_dim=4,
        z_dim=latents,
        dim_mult=[1] + [2] * (levels - 1),
        num_res_blocks=1,
        temperal_downsample=[False] + [True] * (levels - 2),
        input_channels=channels,
        latents_mean=[0.1, -0.1, 0.2, 0.0, -0.2, 0.1][:latents],
        latents_std=[0.5, 0.6, 0.7, 0.8, 0.9, 1.0][:latents],
    )
    torch.nn.init.zeros_(found.quant_conv.weight[latents:])
    torch.nn.init.constant_(found.quant_conv.bias[latents:], -30.0)
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

    numbers = token_numbers(tokenizer)
    vision = {**VISION, "fullatt_block_indexes": [0], "patch_size": 4, "window_size": 16}
    return transformers.Qwen2_5_VLForConditionalGeneration(
        transformers.Qwen2_5_VLConfig(text_config=text_shape(tokenizer), vision_config=vision, **numbers)
    )


def token_numbers(tokenizer: Any) -> dict[str, int]:
    names = ("vision_start", "vision_end", "image", "video")
    return {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(token)
        for name, token in zip(names, SPECIAL_TOKENS[3:], strict=True)
    }


def picture_processor(kind: str, tokenizer: Any, patch_size: int) -> Any:
    """For pictures of up to 32 × 32 pixels, with a chat template."""
    from assetgen.diffusion.loading.processors import processor_class

    sizes = {"patch_size": patch_size, "merge_size": 2, "min_pixels": 64, "max_pixels": 32 * 32}
    found = processor_class(kind)(transformers_of("Qwen2VLImageProcessorPil")(**sizes), tokenizer)
    found.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n"
        "{% for part in message.content %}{{ part.text }}{% endfor %}<|im_end|>\n{% endfor %}"
    )
    return found


def transformers_of(name: str) -> Any:
    import transformers

    return getattr(transformers, name)


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
        "initializer_range": 0.3,  # otherwise a few tokens hardly change the image
        "pad_token_id": 0,
        "eos_token_id": 0,
    }


def krea2(distilled: bool = False) -> Any:
    """Two layers of Qwen3-VL, Qwen-Image's autoencoder, and a small transformer."""
    import diffusers
    import torch

    tokenizer = qwen_tokenizer()
    vision = {**VISION, "deepstack_visual_indexes": [0], "patch_size": 8, "num_position_embeddings": 64}
    shape = transformers_of("Qwen3VLConfig")(
        text_config=text_shape(tokenizer), vision_config=vision, **token_numbers(tokenizer)
    )
    transformer = diffusers.Krea2Transformer2DModel(
        in_channels=16,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        num_key_value_heads=1,
        intermediate_size=37,
        timestep_embed_dim=16,
        text_hidden_dim=WIDTH,
        num_text_layers=2,
        text_num_attention_heads=2,
        text_num_key_value_heads=2,
        text_intermediate_size=37,
        num_layerwise_text_blocks=1,
        num_refiner_text_blocks=1,
        axes_dims_rope=(4, 6, 6),
    )
    for weight in transformer.parameters():
        if weight.ndim > 1:  # the gates of its blocks are near zero when initialised
            torch.nn.init.normal_(weight, std=0.3)
    return diffusers.Krea2Pipeline(
        scheduler=scheduler(),
        vae=qwen_vae(),
        text_encoder=transformers_of("Qwen3VLModel")(shape),
        tokenizer=tokenizer,
        transformer=transformer,
        text_encoder_select_layers=(1, 2),
        is_distilled=distilled,
    )
