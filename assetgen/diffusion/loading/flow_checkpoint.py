"""One file of a Stable Diffusion 3 or a FLUX.1, whole (as ComfyUI keeps them) or its transformer alone.

The shapes tell the configurations, as in `checkpoint`. FLUX's tensors are renamed here: diffusers does that for the
width of the published model alone.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from assetgen.diffusion.loading.checkpoint_config import HEAD, Layout, Shapes, clip, numbers, pad_of, vae

WHOLE = "model.diffusion_model."
"""Before the names of the transformer in files that hold more."""
CLIP_L, CLIP_G, T5 = (f"text_encoders.{name}.transformer" for name in ("clip_l", "clip_g", "t5xxl"))
AUTOENCODERS = ("first_stage_model", "vae")
FLUX_HEAD = 128
SPREAD = {"sd3": (1.5305, 0.0609), "flux": (0.3611, 0.1159)}  # factor and shift of their latents
SCHEDULER = {"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000}
DYNAMIC = {"base_image_seq_len": 256, "max_image_seq_len": 4096, "base_shift": 0.5, "max_shift": 1.15}
GUIDED = {**SCHEDULER, **DYNAMIC, "shift": 3.0, "use_dynamic_shifting": True}


def flow_layout(shapes: Shapes) -> Layout | None:
    """The layout of a file that holds a transformer, its autoencoder and its text encoders; None for others."""
    found = transformer_of(shapes)
    stem = next((stem for stem in AUTOENCODERS if f"{stem}.decoder.conv_in.weight" in shapes), None)
    if found is None or stem is None or f"{CLIP_L}.text_model.embeddings.position_embedding.weight" not in shapes:
        return None
    family, transformer = found
    texts = _sd3_texts(shapes) if family == "sd3" else _flux_texts(shapes)
    if texts is None:
        return None
    factor, shift = SPREAD[family]
    quantized = f"{stem}.quant_conv.weight" in shapes
    decoder = {"shift_factor": shift, "use_quant_conv": quantized, "use_post_quant_conv": quantized}
    attends = {"mid_block_add_attention": f"{stem}.decoder.mid.attn_1.q.weight" in shapes}
    guided = transformer.get("guidance_embeds")
    scheduler = GUIDED if guided else {**SCHEDULER, "shift": 1.0 if family == "flux" else 3.0}
    configs: dict[str, Mapping[str, Any]] = {
        "transformer/config.json": transformer,
        "vae/config.json": vae(shapes, stem, factor) | decoder | attends,
        "scheduler/scheduler_config.json": scheduler,
        **{f"{name}/config.json": config for name, config in texts.items()},
    }
    tokenizers = {
        name.replace("text_encoder", "tokenizer"): pad_of(config) if "hidden_act" in config else None
        for name, config in texts.items()
    }
    return Layout(family, {"model_index.json": _index(family, configs), **configs}, tokenizers)


def _index(family: str, configs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    index: dict[str, Any] = {"_class_name": "StableDiffusion3Pipeline" if family == "sd3" else "FluxPipeline"}
    if family == "sd3":
        index |= {"text_encoder_3": [None, None], "tokenizer_3": [None, None]}
    for file, config in configs.items():
        name = file.partition("/")[0]
        if "architectures" not in config:
            index[name] = ["diffusers", config["_class_name"]]
            continue
        index[name] = ["transformers", config["architectures"][0]]
        reader = "CLIPTokenizer" if "hidden_act" in config else "T5Tokenizer"
        index[name.replace("text_encoder", "tokenizer")] = ["transformers", reader]
    return index


def _sd3_texts(shapes: Shapes) -> dict[str, Any] | None:
    """Two CLIPs, and T5 where the file has it."""
    if f"{CLIP_G}.text_model.embeddings.position_embedding.weight" not in shapes:
        return None
    kind = "CLIPTextModelWithProjection"
    large = clip(shapes, f"{CLIP_G}.text_model", kind) | {"hidden_act": "gelu"}
    large["projection_dim"] = shapes[f"{CLIP_G}.text_projection.weight"][0]
    third = {"text_encoder_3": _t5(shapes)} if f"{T5}.shared.weight" in shapes else {}
    return {"text_encoder": clip(shapes, f"{CLIP_L}.text_model", kind), "text_encoder_2": large, **third}


def _flux_texts(shapes: Shapes) -> dict[str, Any] | None:
    if f"{T5}.shared.weight" not in shapes:
        return None
    return {"text_encoder": clip(shapes, f"{CLIP_L}.text_model"), "text_encoder_2": _t5(shapes)}


def _t5(shapes: Shapes) -> dict[str, Any]:
    """T5 v1.1, whose layers are gated."""
    first = f"{T5}.encoder.block.0.layer"
    tokens, width = shapes[f"{T5}.shared.weight"]
    buckets, heads = shapes[f"{first}.0.SelfAttention.relative_attention_bias.weight"]
    return {
        "model_type": "t5",
        "architectures": ["T5EncoderModel"],
        "vocab_size": tokens,
        "d_model": width,
        "d_kv": shapes[f"{first}.0.SelfAttention.q.weight"][0] // heads,
        "d_ff": shapes[f"{first}.1.DenseReluDense.wi_0.weight"][0],
        "num_layers": len(numbers(shapes, f"{T5}.encoder.block.#.")),
        "num_heads": heads,
        "relative_attention_num_buckets": buckets,
        "feed_forward_proj": "gated-gelu",
        "is_encoder_decoder": False,
        "use_cache": False,
        "tie_word_embeddings": False,
        "pad_token_id": 0,
        "eos_token_id": 1,
    }


def transformer_of(shapes: Shapes) -> tuple[str, dict[str, Any]] | None:
    """The family and the configuration of a transformer in the form of its makers, alone or among others."""
    own = {name.removeprefix(WHOLE): shape for name, shape in shapes.items()}
    if "joint_blocks.0.x_block.attn.qkv.weight" in own and "pos_embed" in own:
        return "sd3", _sd3(own)
    if "double_blocks.0.img_attn.qkv.weight" in own and "single_blocks.0.linear1.weight" in own:
        return "flux", _flux(own)
    return None


def _sd3(shapes: Shapes) -> dict[str, Any]:
    width, channels, patch, _ = shapes["x_embedder.proj.weight"]
    layers = numbers(shapes, "joint_blocks.#.")
    return {
        "_class_name": "SD3Transformer2DModel",
        "sample_size": 128,
        "patch_size": patch,
        "in_channels": channels,
        "out_channels": shapes["final_layer.linear.weight"][0] // patch**2,
        "num_layers": len(layers),
        "attention_head_dim": HEAD,
        "num_attention_heads": width // HEAD,
        "joint_attention_dim": shapes["context_embedder.weight"][1],
        "caption_projection_dim": width,
        "pooled_projection_dim": shapes["y_embedder.mlp.0.weight"][1],
        "pos_embed_max_size": math.isqrt(shapes["pos_embed"][1]),
        "dual_attention_layers": [n for n in layers if f"joint_blocks.{n}.x_block.attn2.qkv.weight" in shapes],
        "qk_norm": "rms_norm" if "joint_blocks.0.x_block.attn.ln_q.weight" in shapes else None,
    }


def _flux(shapes: Shapes) -> dict[str, Any]:
    width, entering = shapes["img_in.weight"]
    return {
        "_class_name": "FluxTransformer2DModel",
        "patch_size": 1,
        "in_channels": entering,
        "out_channels": shapes["final_layer.linear.weight"][0],
        "num_layers": len(numbers(shapes, "double_blocks.#.")),
        "num_single_layers": len(numbers(shapes, "single_blocks.#.")),
        "attention_head_dim": FLUX_HEAD,
        "num_attention_heads": width // FLUX_HEAD,
        "joint_attention_dim": shapes["txt_in.weight"][1],
        "pooled_projection_dim": shapes["vector_in.in_layer.weight"][1],
        "guidance_embeds": "guidance_in.in_layer.weight" in shapes,
    }


ENDS = {
    "time_in.in_layer": "time_text_embed.timestep_embedder.linear_1",
    "time_in.out_layer": "time_text_embed.timestep_embedder.linear_2",
    "vector_in.in_layer": "time_text_embed.text_embedder.linear_1",
    "vector_in.out_layer": "time_text_embed.text_embedder.linear_2",
    "guidance_in.in_layer": "time_text_embed.guidance_embedder.linear_1",
    "guidance_in.out_layer": "time_text_embed.guidance_embedder.linear_2",
    "txt_in": "context_embedder",
    "img_in": "x_embedder",
    "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": "norm_out.linear",
}
DOUBLE = {
    "img_mod.lin": ("norm1.linear",),
    "txt_mod.lin": ("norm1_context.linear",),
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "img_attn.norm.query_norm": ("attn.norm_q",),
    "img_attn.norm.key_norm": ("attn.norm_k",),
    "txt_attn.norm.query_norm": ("attn.norm_added_q",),
    "txt_attn.norm.key_norm": ("attn.norm_added_k",),
    "img_mlp.0": ("ff.net.0.proj",),
    "img_mlp.2": ("ff.net.2",),
    "txt_mlp.0": ("ff_context.net.0.proj",),
    "txt_mlp.2": ("ff_context.net.2",),
    "img_attn.proj": ("attn.to_out.0",),
    "txt_attn.proj": ("attn.to_add_out",),
}
SINGLE = {
    "modulation.lin": ("norm.linear",),
    "linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"),
    "norm.query_norm": ("attn.norm_q",),
    "norm.key_norm": ("attn.norm_k",),
    "linear2": ("proj_out",),
}
"""Names of FLUX's makers and of diffusers. Where theirs is one tensor and ours are several, the rows are shared out:
as many to each as the network is wide, and what is left to the last."""
BLOCKS = {"double_blocks": ("transformer_blocks", DOUBLE), "single_blocks": ("single_transformer_blocks", SINGLE)}


def flux_renamed(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors of FLUX's transformer by the names of diffusers, from those of a file of its makers."""
    own = {name.removeprefix(WHOLE): tensor for name, tensor in tensors.items()}
    width = own["img_in.weight"].shape[0]
    return {new: part for name, tensor in own.items() for new, part in _renamed(name, tensor, width)}


def _renamed(name: str, tensor: Any, width: int) -> Iterator[tuple[str, Any]]:
    stem, _, kind = name.rpartition(".")
    kind = "weight" if kind == "scale" else kind
    if stem == "final_layer.adaLN_modulation.1":  # shift and scale change places
        yield f"{ENDS[stem]}.{kind}", tensor.roll(len(tensor) // 2, 0)
    elif stem in ENDS:
        yield f"{ENDS[stem]}.{kind}", tensor
    else:
        block, _, rest = stem.partition(".")
        number, _, layer = rest.partition(".")
        ours, names = BLOCKS.get(block, ("", {}))
        parts = names.get(layer, ())
        sizes = [width] * (len(parts) - 1) if len(parts) > 1 else []
        if parts:
            for part, rows in zip(parts, tensor.split([*sizes, len(tensor) - sum(sizes)]), strict=True):
                yield f"{ours}.{number}.{part}.{kind}", rows
