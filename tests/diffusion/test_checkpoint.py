"""One file of weights, without the hub and without a configuration: tiny models, and the shapes of real ones."""

import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.checkpoint import layout_of
from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]

NAMES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("original_names.py"))))


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
    clip, open_clip = NAMES.reader("CLIPTextModel"), NAMES.reader("CLIPTextModelWithProjection", 64, hidden_act="gelu")
    one = NAMES.clip_weights(clip, "cond_stage_model.transformer")
    two = NAMES.clip_weights(clip, "conditioner.embedders.0.transformer")
    two |= NAMES.open_clip_weights(open_clip, "conditioner.embedders.1.model")
    texts = {"stable_diffusion": one, "sdxl": two}
    return {
        name: (unet, NAMES.written(NAMES.checkpoint(unet, vae, texts[name]), folder / f"{name}.safetensors"))
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

    file = NAMES.written({"double_blocks.0.img_attn.qkv.weight": torch.ones(1)}, tmp_path / "part.safetensors")
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
        clip = NAMES.reader("CLIPTextModel") if kind != "2" else None
        large = NAMES.reader("CLIPTextModelWithProjection", 64, hidden_act="gelu") if kind != "1" else None
    texts: dict[str, Any] = {}
    if clip is not None:
        stems = {"1": "cond_stage_model.transformer", "xl": "conditioner.embedders.0.transformer"}
        texts |= NAMES.clip_weights(clip, stems[kind])
    if large is not None:
        stem = {"2": "cond_stage_model.model", "xl": "conditioner.embedders.1.model"}[kind]
        texts |= NAMES.open_clip_weights(large, stem)
    if kind == "xl":
        texts["conditioner.embedders.1.model.text_projection"] = torch.ones(1280, 1280, device="meta")
    layout = layout_of({name: list(weight.shape) for name, weight in NAMES.checkpoint(unet, vae, texts).items()})
    assert layout is not None
    told, noise = layout.configs["unet/config.json"], layout.configs["scheduler/scheduler_config.json"]
    with torch.device("meta"):
        again = diffusers.UNet2DConditionModel.from_config(told)
    assert {name: list(weight.shape) for name, weight in again.state_dict().items()} == {
        name: list(weight.shape) for name, weight in unet.state_dict().items()
    }
    assert all(told[name] == value for name, value in REAL[kind].items())
    assert noise.get("prediction_type", "epsilon") == ("v_prediction" if kind == "2" else "epsilon")
