"""Tiny models of Chroma, ERNIE-Image and SANA-Sprint, with random weights."""

from typing import Any

WIDTH = 32


def chroma(vae: Any, tokenizer: Any, text_encoder: Any) -> Any:
    """T5, and FLUX's transformer with modulation by an approximator."""
    import diffusers

    transformer = diffusers.ChromaTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=int(text_encoder.config.d_model),
        axes_dims_rope=(4, 4, 8),
        approximator_num_channels=8,
        approximator_hidden_dim=16,
        approximator_layers=1,
    )
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    return diffusers.ChromaPipeline(scheduler, vae, text_encoder, tokenizer, transformer)


def ernie_image(vae: Any, tokenizer: Any, text_encoder: Any) -> Any:
    """Mistral 3, and a transformer on the latents of FLUX.2's autoencoder."""
    import diffusers
    import torch

    transformer = diffusers.ErnieImageTransformer2DModel(
        hidden_size=2 * WIDTH,
        num_attention_heads=2,
        num_layers=2,
        ffn_hidden_size=37,
        in_channels=16,
        out_channels=16,
        text_in_dim=WIDTH,
        rope_axes_dim=(8, 12, 12),
    )
    for layer in (transformer.adaLN_modulation[-1], transformer.final_linear):
        torch.nn.init.normal_(layer.weight, std=0.3)  # zero when initialised
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    return diffusers.ErnieImagePipeline(transformer, vae, text_encoder, tokenizer, scheduler)


def sana_sprint(sana: Any) -> Any:
    """The parts of a tiny Sana, and a transformer with a guidance embedding and normalised queries and keys."""
    import diffusers

    shape = {name: value for name, value in sana.transformer.config.items() if name[0] != "_"}
    shape |= {"guidance_embeds": True, "qk_norm": "rms_norm_across_heads"}
    parts = {"tokenizer": sana.tokenizer, "text_encoder": sana.text_encoder, "vae": sana.vae}
    transformer = diffusers.SanaTransformer2DModel(**shape)
    return diffusers.SanaSprintPipeline(**parts, transformer=transformer, scheduler=diffusers.SCMScheduler())
