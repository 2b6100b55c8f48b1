"""Tiny models of Z-Image and FLUX.2, with random weights and tokenizers with one token per letter."""

from typing import Any

LETTERS = [chr(code) for code in range(33, 127)]
WIDTH = 32


def z_image(vae: Any) -> Any:
    """Qwen3, and a transformer that takes lists of images and prompts."""
    import diffusers
    import torch

    tokenizer, encoder = qwen3_pair(layers=2)
    transformer = diffusers.ZImageTransformer2DModel(
        in_channels=4,
        dim=WIDTH,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=WIDTH,
        axes_dims=[4, 6, 6],
        axes_lens=[2048, 64, 64],
    )
    for token in (transformer.x_pad_token, transformer.cap_pad_token):
        torch.nn.init.normal_(token)  # created without values
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    return diffusers.ZImagePipeline(scheduler, vae, encoder, tokenizer, transformer)


def flux2(distilled: bool = True, dev: bool = False) -> Any:
    """Qwen3 (klein, `distilled` or not) or Mistral (`dev`), an autoencoder with BatchNorm, and a small transformer."""
    import diffusers
    import torch

    tokenizer, encoder = mistral3_pair() if dev else qwen3_pair(layers=28)
    transformer = diffusers.Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * WIDTH,
        timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=dev,
    )
    for name, weight in transformer.named_parameters():
        if weight.ndim > 1 and "blocks" in name:
            torch.nn.init.normal_(weight, std=0.5)  # otherwise a reference picture hardly changes the image
    parts = {"vae": flux2_vae(), "tokenizer": tokenizer, "text_encoder": encoder, "transformer": transformer}
    parts["scheduler"] = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True)
    if dev:
        return diffusers.Flux2Pipeline(**parts)
    return diffusers.Flux2KleinPipeline(**parts, is_distilled=distilled)


def z_image_control(network: Any, channels: int = 4) -> Any:
    """A random ControlNet for Z-Image; with 9 `channels` also for inpainting."""
    import diffusers
    import torch

    control = diffusers.ZImageControlNetModel(
        control_layers_places=[0],
        control_refiner_layers_places=[0],
        control_in_dim=channels,
        add_control_noise_refiner="control_noise_refiner",
        dim=WIDTH,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
    )
    for name, weight in control.named_parameters():
        if "before_proj" in name or "after_proj" in name:
            torch.nn.init.normal_(weight, std=0.5)  # zero when initialised
    return control


def flux2_vae() -> Any:
    """An autoencoder with a scale factor of 4 and, with its patches, of 8. Its latent distribution has almost no
    variance, and its BatchNorm layer has statistics."""
    import diffusers
    import torch

    found = diffusers.AutoencoderKLFlux2(
        block_out_channels=(16,) * 3,
        latent_channels=4,
        norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        mid_block_add_attention=False,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    torch.nn.init.zeros_(found.encoder.conv_out.weight[4:])
    torch.nn.init.constant_(found.encoder.conv_out.bias[4:], -30.0)
    torch.nn.init.normal_(found.bn.running_mean, std=0.1)
    torch.nn.init.constant_(found.bn.running_var, 1 / 16)  # gives latents about the variance of the noise
    return found


def qwen3_pair(layers: int) -> tuple[Any, Any]:
    """A tokenizer with one token per letter and a chat template, and Qwen3 with so many layers."""
    import transformers

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocabulary = {token: number for number, token in enumerate([*LETTERS, "Ġ", "Ċ", *special])}
    tokens = {"pad_token": special[0], "eos_token": special[2], "additional_special_tokens": [special[1]]}
    tokenizer = transformers.Qwen2Tokenizer(vocab=vocabulary, merges=[], **tokens)
    tokenizer.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
        "{% endfor %}<|im_start|>assistant\n{% if not enable_thinking %}<think>\n</think>{% endif %}"
    )
    shape = transformers.Qwen3Config(
        vocab_size=len(vocabulary),
        hidden_size=WIDTH,
        intermediate_size=37,
        num_hidden_layers=layers,
        num_attention_heads=1,
        num_key_value_heads=1,
        head_dim=8,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
    )
    return tokenizer, transformers.Qwen3ForCausalLM(shape)


def mistral3_pair() -> tuple[Any, Any]:
    """A tokenizer with one token per letter and a chat template, in place of Pixtral's processor, which needs
    torchvision, and Mistral 3 with 31 layers."""
    import transformers
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    special = ["<unk>", "<s>", "</s>", "<pad>", "[IMG]", "[INST]", "[/INST]"]
    vocabulary = {token: number for number, token in enumerate([*special, " ", *LETTERS])}
    letters = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    letters.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    letters.add_special_tokens(special)
    tokens = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=letters, **tokens)
    # without the system message: beside its letters, those of a prompt hardly change the image
    tokenizer.chat_template = "[INST]{{ messages[-1]['content'][0]['text'] }}[/INST]"
    width = {"hidden_size": WIDTH, "intermediate_size": 37, "num_attention_heads": 1, "head_dim": 8}
    text = {"model_type": "mistral", "vocab_size": len(vocabulary), "num_hidden_layers": 31, **width}
    vision = {"model_type": "pixtral", "num_hidden_layers": 1, "image_size": 32, "patch_size": 16, **width}
    shape = transformers.Mistral3Config(
        text_config={**text, "num_key_value_heads": 1, "max_position_embeddings": 1024},
        vision_config=vision,
        image_token_index=vocabulary["[IMG]"],
    )
    return tokenizer, transformers.Mistral3ForConditionalGeneration(shape)
