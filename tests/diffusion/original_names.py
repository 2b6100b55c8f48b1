"""Models under the names that their first makers gave their tensors, as one file holds them. Run by tests."""

import re
from pathlib import Path
from typing import Any

RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3"}
RESNET |= {"time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection"}
TOP = {"time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2"}
TOP |= {"conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2"}
TOP |= {"add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2"}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def unet_name(name: str, layers: int, attending: list[bool]) -> str:
    """A weight of a UNet by the name that its first makers gave it."""
    for ours, theirs in TOP.items():
        if name.startswith(f"{ours}."):
            return theirs + name[len(ours) :]
    if ".resnets." in name:
        for ours, theirs in RESNET.items():
            name = name.replace(f".{ours}.", f".{theirs}.")
    step = layers + 1
    name = re.sub(r"^down_blocks\.(\d+)\.(resnets|attentions)\.(\d+)", lambda m: _numbered("input", m, step, 1), name)
    name = re.sub(r"^up_blocks\.(\d+)\.(resnets|attentions)\.(\d+)", lambda m: _numbered("output", m, step, 0), name)
    downs, ups = r"^down_blocks\.(\d+)\.downsamplers\.0\.conv", r"^up_blocks\.(\d+)\.upsamplers\.0"
    name = re.sub(downs, lambda m: f"input_blocks.{step * (int(m[1]) + 1)}.0.op", name)
    name = re.sub(ups, lambda m: f"output_blocks.{step * int(m[1]) + layers}.{1 + attending[::-1][int(m[1])]}", name)
    name = re.sub(r"^mid_block\.attentions\.0", "middle_block.1", name)
    return re.sub(r"^mid_block\.resnets\.(\d)", lambda m: f"middle_block.{2 * int(m[1])}", name)


def _numbered(side: str, match: re.Match[str], step: int, first: int) -> str:
    return f"{side}_blocks.{step * int(match[1]) + int(match[3]) + first}.{int(match[2] == 'attentions')}"


def vae_name(name: str, blocks: int) -> str:
    if ".attentions." in name:
        for ours, theirs in ATTENTION.items():
            name = name.replace(f".{ours}.", f".{theirs}.")
    name = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = name.replace("mid_block.attentions.0", "mid.attn_1")
    name = re.sub(r"encoder\.down_blocks\.(\d)\.resnets\.", r"encoder.down.\1.block.", name)
    name = re.sub(r"encoder\.down_blocks\.(\d)\.downsamplers\.0", r"encoder.down.\1.downsample", name)
    name = re.sub(r"decoder\.up_blocks\.(\d)\.resnets\.", lambda m: f"decoder.up.{blocks - 1 - int(m[1])}.block.", name)
    ups = r"decoder\.up_blocks\.(\d)\.upsamplers\.0"
    return re.sub(ups, lambda m: f"decoder.up.{blocks - 1 - int(m[1])}.upsample", name)


def vae_weights(vae: Any) -> dict[str, Any]:
    blocks, made = len(vae.config.block_out_channels), {}
    for name, weight in vae.state_dict().items():
        old = vae_name(name, blocks)
        made[old] = weight[..., None, None] if ".attn_1." in old and weight.ndim == 2 else weight
    return made


def clip_weights(encoder: Any, stem: str) -> dict[str, Any]:
    names = {name.removeprefix("text_model."): weight for name, weight in encoder.state_dict().items()}
    return {f"{stem}.text_model.{name}": weight for name, weight in names.items()}


def open_clip_weights(encoder: Any, stem: str) -> dict[str, Any]:
    """The three projections of an attention are one in OpenCLIP, and that of the whole text lies on its side."""
    import torch

    state = {name.removeprefix("text_model."): weight for name, weight in encoder.state_dict().items()}
    found = {
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "text_projection": encoder.state_dict()["text_projection.weight"].T,
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
    }
    renamed = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    renamed |= {"self_attn.out_proj": "attn.out_proj"}
    for layer in range(encoder.config.num_hidden_layers):
        ours, theirs = f"encoder.layers.{layer}", f"transformer.resblocks.{layer}"
        for kind in ("weight", "bias"):
            whole = torch.cat([state[f"{ours}.self_attn.{side}_proj.{kind}"] for side in "qkv"])
            found[f"{theirs}.attn.in_proj_{kind}"] = whole
            found |= {f"{theirs}.{new}.{kind}": state[f"{ours}.{old}.{kind}"] for old, new in renamed.items()}
    return {f"{stem}.{name}": weight for name, weight in found.items()}


def checkpoint(unet: Any, vae: Any, texts: dict[str, Any]) -> dict[str, Any]:
    """All of a model under the names that its first makers gave it."""
    attending = ["CrossAttn" in kind for kind in unet.config.down_block_types]
    layers = unet.config.layers_per_block
    made = {
        f"model.diffusion_model.{unet_name(name, layers, attending)}": weight
        for name, weight in unet.state_dict().items()
    }
    made |= {f"first_stage_model.{name}": weight for name, weight in vae_weights(vae).items()}
    return made | texts


def written(weights: dict[str, Any], file: Path) -> Path:
    from safetensors.torch import save_file

    save_file({name: weight.clone().contiguous() for name, weight in weights.items()}, file)
    return file


def reader(kind: str, width: int = 32, **shape: Any) -> Any:
    """A text encoder for the whole vocabulary of CLIP."""
    import transformers

    sizes = {"vocab_size": 49408, "hidden_size": width, "intermediate_size": 37, "num_attention_heads": 1}
    ends = {"bos_token_id": 49406, "eos_token_id": 49407, "pad_token_id": 1}
    config = transformers.CLIPTextConfig(**sizes, **ends, num_hidden_layers=2, projection_dim=width, **shape)
    return getattr(transformers, kind)(config)


SD3_ENDS = {
    "pos_embed.proj": "x_embedder.proj",
    "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
    "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
    "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
    "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
    "context_embedder": "context_embedder",
    "proj_out": "final_layer.linear",
}
SD3_BLOCK = {
    "x_block.attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "x_block.attn2.qkv": ("attn2.to_q", "attn2.to_k", "attn2.to_v"),
    "context_block.attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "x_block.attn.ln_q": ("attn.norm_q",),
    "x_block.attn.ln_k": ("attn.norm_k",),
    "x_block.attn2.ln_q": ("attn2.norm_q",),
    "x_block.attn2.ln_k": ("attn2.norm_k",),
    "context_block.attn.ln_q": ("attn.norm_added_q",),
    "context_block.attn.ln_k": ("attn.norm_added_k",),
    "x_block.attn.proj": ("attn.to_out.0",),
    "x_block.attn2.proj": ("attn2.to_out.0",),
    "context_block.attn.proj": ("attn.to_add_out",),
    "x_block.adaLN_modulation.1": ("norm1.linear",),
    "context_block.adaLN_modulation.1": ("norm1_context.linear",),
    "x_block.mlp.fc1": ("ff.net.0.proj",),
    "x_block.mlp.fc2": ("ff.net.2",),
    "context_block.mlp.fc1": ("ff_context.net.0.proj",),
    "context_block.mlp.fc2": ("ff_context.net.2",),
}


def swapped(tensor: Any) -> Any:
    """Scale and shift the other way round."""
    return tensor.roll(len(tensor) // 2, 0)


def joined(state: dict[str, Any], stem: str, layers: tuple[str, ...], kind: str) -> Any:
    import torch

    found = [state[f"{stem}.{layer}.{kind}"] for layer in layers if f"{stem}.{layer}.{kind}" in state]
    return torch.cat(found) if found else None


def sd3_weights(transformer: Any) -> dict[str, Any]:
    state, kinds = transformer.state_dict(), ("weight", "bias")
    made = {f"{new}.{kind}": state[f"{old}.{kind}"] for old, new in SD3_ENDS.items() for kind in kinds}
    made["pos_embed"] = state["pos_embed.pos_embed"]
    last = transformer.config.num_layers - 1
    for kind in kinds:
        made[f"final_layer.adaLN_modulation.1.{kind}"] = swapped(state[f"norm_out.linear.{kind}"])
        for number in range(last + 1):
            for new, old in SD3_BLOCK.items():
                if (tensor := joined(state, f"transformer_blocks.{number}", old, kind)) is not None:
                    turned = number == last and new == "context_block.adaLN_modulation.1"
                    made[f"joint_blocks.{number}.{new}.{kind}"] = swapped(tensor) if turned else tensor
    return made


FLUX_ENDS = {
    "time_text_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_text_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "time_text_embed.text_embedder.linear_1": "vector_in.in_layer",
    "time_text_embed.text_embedder.linear_2": "vector_in.out_layer",
    "time_text_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
    "time_text_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
    "context_embedder": "txt_in",
    "x_embedder": "img_in",
    "proj_out": "final_layer.linear",
}
FLUX_DOUBLE = {
    "img_mod.lin": ("norm1.linear",),
    "txt_mod.lin": ("norm1_context.linear",),
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "img_attn.proj": ("attn.to_out.0",),
    "txt_attn.proj": ("attn.to_add_out",),
    "img_mlp.0": ("ff.net.0.proj",),
    "img_mlp.2": ("ff.net.2",),
    "txt_mlp.0": ("ff_context.net.0.proj",),
    "txt_mlp.2": ("ff_context.net.2",),
}
FLUX_SINGLE = {
    "modulation.lin": ("norm.linear",),
    "linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"),
    "linear2": ("proj_out",),
}
SCALES = {
    "transformer_blocks": {
        "img_attn.norm.query_norm": "attn.norm_q",
        "img_attn.norm.key_norm": "attn.norm_k",
        "txt_attn.norm.query_norm": "attn.norm_added_q",
        "txt_attn.norm.key_norm": "attn.norm_added_k",
    },
    "single_transformer_blocks": {"norm.query_norm": "attn.norm_q", "norm.key_norm": "attn.norm_k"},
}


def flux_weights(transformer: Any) -> dict[str, Any]:
    state, kinds = transformer.state_dict(), ("weight", "bias")
    ends = [(old, new, kind) for old, new in FLUX_ENDS.items() for kind in kinds if f"{old}.{kind}" in state]
    made = {f"{new}.{kind}": state[f"{old}.{kind}"] for old, new, kind in ends}
    for kind in kinds:
        made[f"final_layer.adaLN_modulation.1.{kind}"] = swapped(state[f"norm_out.linear.{kind}"])
    blocks = [("double_blocks", "transformer_blocks", FLUX_DOUBLE, transformer.config.num_layers)]
    blocks += [("single_blocks", "single_transformer_blocks", FLUX_SINGLE, transformer.config.num_single_layers)]
    for theirs, ours, names, count in blocks:
        for number in range(count):
            stem, place = f"{ours}.{number}", f"{theirs}.{number}"
            for new, old in names.items():
                made |= {f"{place}.{new}.{kind}": joined(state, stem, old, kind) for kind in kinds}
            made |= {f"{place}.{new}.scale": state[f"{stem}.{old}.weight"] for new, old in SCALES[ours].items()}
    return made


def flow_checkpoint(pipeline: Any) -> dict[str, Any]:
    """All of a Stable Diffusion 3 or a FLUX.1, as ComfyUI keeps it."""
    sd3 = hasattr(pipeline, "text_encoder_3")
    names = sd3_weights(pipeline.transformer) if sd3 else flux_weights(pipeline.transformer)
    made = {f"model.diffusion_model.{name}": tensor for name, tensor in names.items()}
    stem = "first_stage_model" if sd3 else "vae"
    for name, tensor in vae_weights(pipeline.vae).items():
        made[f"{stem}.{name}"] = tensor
    made |= clip_weights(pipeline.text_encoder, "text_encoders.clip_l.transformer")
    if sd3:
        made |= clip_weights(pipeline.text_encoder_2, "text_encoders.clip_g.transformer")
        del made["text_encoders.clip_l.transformer.text_model.text_projection.weight"]
        projection = made.pop("text_encoders.clip_g.transformer.text_model.text_projection.weight")
        made["text_encoders.clip_g.transformer.text_projection.weight"] = projection
    t5 = pipeline.text_encoder_3 if sd3 else pipeline.text_encoder_2
    words = t5.state_dict() if t5 is not None else {}
    return made | {f"text_encoders.t5xxl.transformer.{name}": tensor for name, tensor in words.items()}
