"""One file of weights, without the hub and without a configuration: tiny models, and the shapes of real ones."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.checkpoint import layout_of
from assetgen.diffusion.load import warm_model
from assetgen.diffusion.sample import sample
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.registry import Job
from assetgen.spec import ModelCard

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")]
Make = Callable[..., Job]

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
    layers, blocks = unet.config.layers_per_block, len(vae.config.block_out_channels)
    made = {
        f"model.diffusion_model.{unet_name(name, layers, attending)}": weight
        for name, weight in unet.state_dict().items()
    }
    for name, weight in vae.state_dict().items():
        old = vae_name(name, blocks)
        flat = ".attn_1." in old and weight.ndim == 2
        made[f"first_stage_model.{old}"] = weight[..., None, None] if flat else weight
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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Path]]:
    """A tiny Stable Diffusion 1 and a tiny XL, in memory and as one file each."""
    import diffusers
    import torch

    torch.manual_seed(0)
    folder, shared = tmp_path_factory.mktemp("files"), {"layers_per_block": 1, "block_out_channels": (32, 64)}
    downs, ups = ("DownBlock2D", "CrossAttnDownBlock2D"), ("CrossAttnUpBlock2D", "UpBlock2D")
    told = {"addition_embed_type": "text_time", "addition_time_embed_dim": 32, "use_linear_projection": True}
    told |= {"projection_class_embeddings_input_dim": 6 * 32 + 64, "attention_head_dim": (1, 1)}
    unets = {
        "stable_diffusion": diffusers.UNet2DConditionModel(
            **shared, cross_attention_dim=32, attention_head_dim=8, down_block_types=downs, up_block_types=ups
        ),
        "sdxl": diffusers.UNet2DConditionModel(
            **shared, **told, cross_attention_dim=96, down_block_types=downs, up_block_types=ups
        ),
    }
    vae = diffusers.AutoencoderKL(
        block_out_channels=(32, 32),
        layers_per_block=1,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    )
    clip, open_clip = reader("CLIPTextModel"), reader("CLIPTextModelWithProjection", 64, hidden_act="gelu")
    one = clip_weights(clip, "cond_stage_model.transformer")
    two = clip_weights(clip, "conditioner.embedders.0.transformer")
    two |= open_clip_weights(open_clip, "conditioner.embedders.1.model")
    texts = {"stable_diffusion": one, "sdxl": two}
    return {
        name: (unet, written(checkpoint(unet, vae, texts[name]), folder / f"{name}.safetensors"))
        for name, unet in unets.items()
    }


def card_of(file: Path, family: str) -> ModelCard:
    words = {"model": "single", "family": family, "weights": {"file": file}, "licence": "CC0-1.0", "native": (32, 32)}
    return ModelCard.model_validate({**words, "precision": "float32", "defaults": {"steps": 2, "guidance": 4.0}})


@pytest.mark.parametrize("family", ["stable_diffusion", "sdxl"])
def test_a_single_file_is_the_model_that_was_written_and_draws(
    whole: dict[str, tuple[Any, Path]], job: Make, family: str
) -> None:
    unet, file = whole[family]
    card = card_of(file, family)
    pipeline = warm_model(card, (), (), ignore).pipeline
    for name, weight in unet.state_dict().items():
        assert (pipeline.unet.state_dict()[name] == weight).all(), name
    [images] = sample([job(card, prompt="a red dragon")])
    assert images.size == (32, 32)
    assert np.ptp(images["color"]) > 0


def test_its_words_are_numbered_as_clip_numbers_them(whole: dict[str, tuple[Any, Path]]) -> None:
    tokenizer = warm_model(card_of(whole["sdxl"][1], "sdxl"), (), (), ignore).pipeline.tokenizer
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]


def test_another_family_than_the_card_says_is_named(whole: dict[str, tuple[Any, Path]]) -> None:
    with pytest.raises(InputError, match=r"is not one file of a model of family 'sdxl'.*`family: stable_diffusion`"):
        warm_model(card_of(whole["stable_diffusion"][1], "sdxl"), (), (), ignore)


@pytest.mark.parametrize("family", ["stable_diffusion", "flux"])
def test_a_file_that_is_no_whole_model_wants_a_configuration(tmp_path: Path, family: str) -> None:
    import torch

    file = written({"double_blocks.0.img_attn.qkv.weight": torch.ones(1)}, tmp_path / "part.safetensors")
    with pytest.raises(InputError, match=r"Give the diffusers folder of such a model as `config:`"):
        warm_model(card_of(file, family), (), (), ignore)


XL = {
    "layers_per_block": 2,
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "attention_head_dim": [5, 10, 20],
}
XL |= {"block_out_channels": [320, 640, 1280], "transformer_layers_per_block": [1, 2, 10]}
XL |= {"down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"]}
XL |= {"up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"]}
XL |= {"addition_embed_type": "text_time", "addition_time_embed_dim": 256}
XL |= {"projection_class_embeddings_input_dim": 2816}
TWO = {"cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20], "use_linear_projection": True}
REAL: dict[str, dict[str, Any]] = {
    "1": {"cross_attention_dim": 768, "attention_head_dim": 8},
    "2": TWO,
    "xl": XL,
}
"""What the published configurations say beside the defaults of diffusers."""


@pytest.mark.parametrize("kind", REAL)
def test_the_shapes_of_real_models_give_their_published_configuration(
    kind: str,
) -> None:
    import diffusers
    import torch

    with torch.device("meta"):
        unet = diffusers.UNet2DConditionModel(**REAL[kind])
        vae = diffusers.AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            layers_per_block=2,
            latent_channels=4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
        )
        clip = reader("CLIPTextModel") if kind != "2" else None
        large = reader("CLIPTextModelWithProjection", 64, hidden_act="gelu") if kind != "1" else None
    texts: dict[str, Any] = {}
    if clip is not None:
        stems = {"1": "cond_stage_model.transformer", "xl": "conditioner.embedders.0.transformer"}
        texts |= clip_weights(clip, stems[kind])
    if large is not None:
        stem = {"2": "cond_stage_model.model", "xl": "conditioner.embedders.1.model"}[kind]
        texts |= open_clip_weights(large, stem)
    if kind == "xl":
        texts["conditioner.embedders.1.model.text_projection"] = torch.ones(1280, 1280, device="meta")
    layout = layout_of({name: list(weight.shape) for name, weight in checkpoint(unet, vae, texts).items()})
    assert layout is not None
    told, noise = layout.configs["unet/config.json"], layout.configs["scheduler/scheduler_config.json"]
    with torch.device("meta"):
        again = diffusers.UNet2DConditionModel.from_config(told)
    assert {name: list(weight.shape) for name, weight in again.state_dict().items()} == {
        name: list(weight.shape) for name, weight in unet.state_dict().items()
    }
    assert all(told[name] == value for name, value in REAL[kind].items())
    assert noise.get("prediction_type", "epsilon") == ("v_prediction" if kind == "2" else "epsilon")
