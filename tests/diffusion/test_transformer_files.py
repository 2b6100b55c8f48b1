"""Transformers of Z-Image and FLUX.2 and ControlNets of Z-Image in one file, with the tensor names of their publishers
and ComfyUI."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assetgen.diffusion.loading.checkpoint import detect_controlnet, detect_transformer
from assetgen.diffusion.loading.models import warm_model
from assetgen.events import ignore
from assetgen.pack.schema import ModelCard

pytestmark = [pytest.mark.model, pytest.mark.slow]
Find = Callable[[str], ModelCard]
Z_IMAGE = {
    "all_final_layer.2-1.": "final_layer.",
    "all_x_embedder.2-1.": "x_embedder.",
    ".attention.to_out.0.": ".attention.out.",
    ".attention.norm_k.": ".attention.k_norm.",
    ".attention.norm_q.": ".attention.q_norm.",
}
FLUX2 = {
    "x_embedder.": "img_in.",
    "context_embedder.": "txt_in.",
    "time_guidance_embed.timestep_embedder.linear_1.": "time_in.in_layer.",
    "time_guidance_embed.timestep_embedder.linear_2.": "time_in.out_layer.",
    "modulation_img.linear.": "modulation_img.lin.",
    "modulation_txt.linear.": "modulation_txt.lin.",
    "single_stream_modulation.linear.": "single_stream_modulation.lin.",
    "proj_out.": "final_layer.linear.",
    "transformer_blocks.": "double_blocks.",
    "attn.norm_q.weight": "img_attn.norm.query_norm.scale",
    "attn.norm_k.weight": "img_attn.norm.key_norm.scale",
    "attn.norm_added_q.weight": "txt_attn.norm.query_norm.scale",
    "attn.norm_added_k.weight": "txt_attn.norm.key_norm.scale",
    "attn.to_out.0.": "img_attn.proj.",
    "attn.to_add_out.": "txt_attn.proj.",
    "ff.linear_in.": "img_mlp.0.",
    "ff.linear_out.": "img_mlp.2.",
    "ff_context.linear_in.": "txt_mlp.0.",
    "ff_context.linear_out.": "txt_mlp.2.",
}
FLUX2_SINGLE = {
    "single_transformer_blocks.": "single_blocks.",
    "attn.to_qkv_mlp_proj.": "linear1.",
    "attn.to_out.": "linear2.",
    "attn.norm_q.weight": "norm.query_norm.scale",
    "attn.norm_k.weight": "norm.key_norm.scale",
}


def renamed(name: str, names: dict[str, str]) -> str:
    for ours, theirs in names.items():
        name = name.replace(ours, theirs)
    return name


def z_image_weights(network: Any) -> dict[str, Any]:
    import torch

    state, made = network.state_dict(), {}
    for name, weight in state.items():
        if ".attention.to_q." in name:
            parts = [state[name.replace("to_q", part)] for part in ("to_q", "to_k", "to_v")]
            made[renamed(name.replace("to_q", "qkv"), Z_IMAGE)] = torch.cat(parts)
        elif ".attention.to_k." not in name and ".attention.to_v." not in name:
            made[renamed(name, Z_IMAGE)] = weight
    return made


def flux2_weights(network: Any) -> dict[str, Any]:
    """With the two halves of the last modulation swapped."""
    import torch

    state, made = network.state_dict(), {}
    for name, weight in state.items():
        if name == "norm_out.linear.weight":
            made["final_layer.adaLN_modulation.1.weight"] = torch.cat(weight.chunk(2)[::-1])
        elif name.startswith("single_transformer_blocks."):
            made[renamed(name, FLUX2_SINGLE)] = weight
        elif ".attn.to_q." in name or ".attn.add_q_proj." in name:
            first, stream = ("to_q", "img") if ".to_q." in name else ("add_q_proj", "txt")
            parts = [state[name.replace(first, first.replace("q", part))] for part in "qkv"]
            made[renamed(name.replace(f"attn.{first}", f"{stream}_attn.qkv"), FLUX2)] = torch.cat(parts)
        elif not any(f".attn.{part}." in name for part in ("to_k", "to_v", "add_k_proj", "add_v_proj")):
            made[renamed(name, FLUX2)] = weight
    return made


@pytest.mark.parametrize("prefix", ["", "model.diffusion_model."])
@pytest.mark.parametrize(("name", "rename"), [("z_image", z_image_weights), ("flux2", flux2_weights)])
def test_a_transformer_in_original_names_is_loaded_as_it_was_saved(
    tiny_of: Find, tmp_path: Path, name: str, rename: Callable[[Any], dict[str, Any]], prefix: str
) -> None:
    from safetensors.torch import save_file

    card = tiny_of(name)
    saved = warm_model(card, (), (), ignore).pipeline.transformer
    tensors = {f"{prefix}{key}": tensor.contiguous() for key, tensor in rename(saved).items()}
    save_file(tensors, tmp_path / "transformer.safetensors")
    network = {"file": tmp_path / "transformer.safetensors", "config": str(card.weights.folder / "transformer")}  # type: ignore[union-attr]
    alone = ModelCard.model_validate({**card.model_dump(), "network": network})
    loaded = warm_model(alone, (), (), ignore).pipeline.transformer.state_dict()
    assert loaded.keys() == saved.state_dict().keys()
    assert all(bool((loaded[key] == tensor).all()) for key, tensor in saved.state_dict().items())


@pytest.mark.parametrize(
    ("kind", "shape", "rename"),
    [
        ("ZImageTransformer2DModel", {"axes_lens": [1536, 512, 512]}, z_image_weights),
        ("Flux2Transformer2DModel", {"num_layers": 8, "num_single_layers": 48}, flux2_weights),
        (
            "Flux2Transformer2DModel",
            {
                "num_layers": 5,
                "num_single_layers": 20,
                "num_attention_heads": 24,
                "joint_attention_dim": 7680,
                "guidance_embeds": False,
            },
            flux2_weights,
        ),
        (
            "Flux2Transformer2DModel",
            {
                "num_layers": 8,
                "num_single_layers": 24,
                "num_attention_heads": 32,
                "joint_attention_dim": 12288,
                "guidance_embeds": False,
            },
            flux2_weights,
        ),
    ],
    ids=["z_image", "dev", "klein_4b", "klein_9b"],
)
def test_a_published_transformer_is_detected(
    kind: str, shape: dict[str, Any], rename: Callable[[Any], dict[str, Any]]
) -> None:
    """By its tensors alone, which are never allocated."""
    import diffusers
    import torch

    with torch.device("meta"):
        network = getattr(diffusers, kind)(**shape)
    found = detect_transformer({key: list(tensor.shape) for key, tensor in rename(network).items()})
    assert found is not None
    config = found["parts"]["transformer"]
    with torch.device("meta"):
        made = getattr(diffusers, config["_class_name"]).from_config(config)
    shapes = {key: tensor.shape for key, tensor in network.state_dict().items()}
    assert {key: tensor.shape for key, tensor in made.state_dict().items()} == shapes


UNION = {"control_layers_places": list(range(0, 30, 2)), "control_refiner_layers_places": [0, 1], "control_in_dim": 33}
CONTROLNETS = {
    "1.0": {"control_layers_places": list(range(0, 30, 5)), "control_in_dim": 16},
    "2.0": {**UNION, "add_control_noise_refiner": "control_layers"},
    "2.1": {**UNION, "add_control_noise_refiner": "control_noise_refiner"},
}


@pytest.mark.parametrize("version", CONTROLNETS)
def test_a_published_controlnet_of_z_image_is_detected(version: str) -> None:
    import diffusers
    import torch

    with torch.device("meta"):
        network = diffusers.ZImageControlNetModel(**CONTROLNETS[version])
        shapes = {key: list(tensor.shape) for key, tensor in network.state_dict().items()}
        found = detect_controlnet(shapes)
        assert found is not None
        made = diffusers.ZImageControlNetModel.from_config(found["parts"]["controlnet"])
    assert {key: list(tensor.shape) for key, tensor in made.state_dict().items()} == shapes
    assert all(made.config[key] == value for key, value in CONTROLNETS[version].items())


def test_a_controlnet_of_z_image_in_one_file_is_loaded_as_it_was_saved(tiny_of: Find, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    card = tiny_of("z_image")
    state = warm_model(card, (), ["depth"], ignore).controls["depth"].state_dict()
    saved = {key: tensor for key, tensor in state.items() if key.startswith("control_")}  # others are the transformer's
    own = card.controls["depth"].weights.folder  # type: ignore[union-attr]
    save_file(saved, tmp_path / "control.safetensors")
    weights = {"file": tmp_path / "control.safetensors", "config": str(own)}
    alone = {**card.model_dump(), "controls": {"depth": {"weights": weights, "licence": "CC0-1.0"}}}
    loaded = warm_model(ModelCard.model_validate(alone), (), ["depth"], ignore).controls["depth"].state_dict()
    assert all(bool((loaded[key] == tensor).all()) for key, tensor in saved.items())
