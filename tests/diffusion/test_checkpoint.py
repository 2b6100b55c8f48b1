"""Models and networks in one file: tiny models with their own configuration, and detection of the published ones."""

import json
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.checkpoint import (
    detect_transformer,
    detect_whole,
    transformer_configuration,
    write_configuration,
)
from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.pack.schema import ModelCard
from assetgen.pack.weights import with_digests
from assetgen.parts import SourceJob

pytestmark = [pytest.mark.model, pytest.mark.slow]
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
NAMES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("original_names.py"))))
T5_WIDTH = 128
CLIP_PADDING, OPEN_CLIP_PADDING = "<|endoftext|>", "!"


@dataclass(frozen=True)
class Whole:
    """A tiny model: its networks, the file that holds them, and its configuration in diffusers layout."""

    family: str
    networks: dict[str, Any]
    file: Path
    config: Path

    def card(self, **fields: Any) -> ModelCard:
        return card_of({"file": self.file, "config": str(self.config)}, self.family, **fields)


def card_of(weights: dict[str, Any], family: str, **fields: Any) -> ModelCard:
    card = {"model": "single", "family": family, "weights": weights, "licence": "CC0-1.0", "native": (32, 32)}
    defaults = {"precision": "float32", "defaults": {"steps": 2, "guidance": 4.0}}
    return ModelCard.model_validate({**card, **defaults, **fields})


def vae(**options: Any) -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        block_out_channels=(32, 32),
        layers_per_block=1,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        **options,
    )


def flow_vae(factor: float, shift: float) -> Any:
    return vae(use_quant_conv=False, use_post_quant_conv=False, scaling_factor=factor, shift_factor=shift)


def t5() -> Any:
    import transformers

    sizes = {"vocab_size": 32128, "d_model": T5_WIDTH, "d_kv": 16, "d_ff": 64, "num_layers": 1, "num_heads": 2}
    return transformers.T5EncoderModel(transformers.T5Config(**sizes, feed_forward_proj="gated-gelu"))


def unet(**options: Any) -> Any:
    import diffusers

    downs, ups = ("DownBlock2D", "CrossAttnDownBlock2D"), ("CrossAttnUpBlock2D", "UpBlock2D")
    shape = {"layers_per_block": 1, "block_out_channels": (32, 64)}
    return diffusers.UNet2DConditionModel(**shape, down_block_types=downs, up_block_types=ups, **options)


def stable_diffusion() -> dict[str, Any]:
    import diffusers

    network = unet(cross_attention_dim=32, attention_head_dim=8)
    parts = {"unet": network, "vae": vae(), "text_encoder": NAMES.reader("CLIPTextModel")}
    return {**parts, "scheduler": diffusers.DDIMScheduler(steps_offset=1, clip_sample=False)}


def sdxl() -> dict[str, Any]:
    import diffusers

    options = {"addition_embed_type": "text_time", "addition_time_embed_dim": 32, "use_linear_projection": True}
    options |= {"projection_class_embeddings_input_dim": 6 * 32 + 64, "attention_head_dim": (1, 1)}
    second = NAMES.reader("CLIPTextModelWithProjection", 64, hidden_act="gelu")
    parts = {
        "unet": unet(cross_attention_dim=96, **options),
        "vae": vae(),
        "scheduler": diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
    }
    return {**parts, "text_encoder": NAMES.reader("CLIPTextModel"), "text_encoder_2": second}


def sd3(with_t5: bool = True) -> dict[str, Any]:
    import diffusers
    import torch

    clip = NAMES.reader("CLIPTextModelWithProjection", hidden_act="quick_gelu")
    torch.nn.init.eye_(clip.text_projection.weight)  # files leave it out
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=128,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        attention_head_dim=64,
        num_attention_heads=1,
        joint_attention_dim=T5_WIDTH,
        caption_projection_dim=64,
        pooled_projection_dim=32 + 64,
        pos_embed_max_size=24,
        dual_attention_layers=(0,),
        qk_norm="rms_norm",
    )
    for part in ("proj_out", "norm_out.linear"):
        torch.nn.init.normal_(transformer.get_submodule(part).weight, std=0.3)
    second = NAMES.reader("CLIPTextModelWithProjection", 64, hidden_act="gelu")
    parts = {"transformer": transformer, "vae": flow_vae(1.5305, 0.0609), "text_encoder": clip}
    parts |= {"text_encoder_2": second, "text_encoder_3": t5() if with_t5 else None}
    return {**parts, "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)}


def flux() -> dict[str, Any]:
    """As wide as the published model, because diffusers converts no other, with one block of each kind."""
    import diffusers
    import torch

    with torch.device("meta"):
        transformer = diffusers.FluxTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=128,
            num_attention_heads=24,
            joint_attention_dim=T5_WIDTH,
            pooled_projection_dim=32,
            guidance_embeds=True,
        )
    transformer = transformer.to(torch.float8_e4m3fn).to_empty(device="cpu")
    for weight in transformer.parameters():
        weight.data = torch.full_like(weight, 2**-9)
    parts = {"transformer": transformer, "vae": flow_vae(0.3611, 0.1159), "text_encoder": NAMES.reader("CLIPTextModel")}
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True)
    return {**parts, "text_encoder_2": t5(), "scheduler": scheduler}


TOKENIZERS = {
    "sd1": {"tokenizer": CLIP_PADDING},
    "sdxl": {"tokenizer": CLIP_PADDING, "tokenizer_2": OPEN_CLIP_PADDING},
    "sd3": {"tokenizer": CLIP_PADDING, "tokenizer_2": OPEN_CLIP_PADDING, "tokenizer_3": None},
    "flux": {"tokenizer": CLIP_PADDING, "tokenizer_2": None},
}
MODELS: dict[str, tuple[str, str, Callable[[], dict[str, Any]]]] = {
    "sd1": ("stable_diffusion", "StableDiffusionPipeline", stable_diffusion),
    "sdxl": ("sdxl", "StableDiffusionXLPipeline", sdxl),
    "sd3": ("sd3", "StableDiffusion3Pipeline", sd3),
    "sd3 without T5": ("sd3", "StableDiffusion3Pipeline", lambda: sd3(with_t5=False)),
}


def write(name: str, folder: Path, family: str, pipeline: str, networks: dict[str, Any]) -> Whole:
    parts = {part: config_of(network) for part, network in networks.items()}
    configuration = {"family": family, "pipeline": pipeline, "parts": parts, "tokenizers": TOKENIZERS[name.split()[0]]}
    (folder / "config").mkdir()
    write_configuration(configuration, folder / "config")
    return Whole(
        family, networks, NAMES.written(original(name, networks), folder / "it.safetensors"), folder / "config"
    )


def config_of(network: Any) -> dict[str, Any] | None:
    if network is None:
        return None
    if hasattr(network, "to_json_string"):
        return dict(json.loads(network.to_json_string()))
    return {**network.config.to_dict(), "architectures": [type(network).__name__]}


def original(name: str, networks: dict[str, Any]) -> dict[str, Any]:
    """The tensors of a model by their original names."""
    if name == "sd1":
        texts = NAMES.clip_weights(networks["text_encoder"], "cond_stage_model.transformer")
        return dict(NAMES.checkpoint(networks["unet"], networks["vae"], texts))
    if name == "sdxl":
        texts = NAMES.clip_weights(networks["text_encoder"], "conditioner.embedders.0.transformer")
        texts |= NAMES.open_clip_weights(networks["text_encoder_2"], "conditioner.embedders.1.model")
        return dict(NAMES.checkpoint(networks["unet"], networks["vae"], texts))
    return dict(NAMES.flow_checkpoint(SimpleNamespace(**networks)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Whole]:
    """Tiny models in memory and as one file each."""
    import torch

    torch.manual_seed(0)
    return {
        name: write(name, tmp_path_factory.mktemp("whole"), family, pipeline, make())
        for name, (family, pipeline, make) in MODELS.items()
    }


@pytest.mark.parametrize("name", MODELS)
def test_a_single_file_is_loaded_as_it_was_saved_and_draws(whole: dict[str, Whole], job: Make, name: str) -> None:
    saved, card = whole[name], whole[name].card()
    pipeline = warm_model(card, (), (), ignore).pipeline
    for part, network in saved.networks.items():
        loaded = getattr(pipeline, part)
        assert (network is None) == (loaded is None)
        for key, weight in network.state_dict().items() if hasattr(network, "state_dict") else ():
            assert (loaded.state_dict()[key] == weight).all(), (part, key)
    assert pipeline.vae.config.shift_factor == saved.networks["vae"].config.shift_factor
    [images] = sample([job(card, prompt="a red dragon")])
    assert images.size == (32, 32)
    assert np.ptp(images["color"]) > 0


@pytest.mark.slow
def test_a_flux_in_eight_bits_is_loaded_and_draws(job: Make, tmp_path: Path) -> None:
    import torch

    saved = write("flux", tmp_path, "flux", "FluxPipeline", flux())
    card = saved.card(precision="bfloat16")
    transformer = warm_model(card, (), (), ignore).pipeline.transformer
    assert all(bool((weight == 2**-9).all()) and weight.dtype == torch.bfloat16 for weight in transformer.parameters())
    assert next(sample([job(card, prompt="a red dragon", steps=1)])).size == (32, 32)


def test_a_file_in_eight_bits_is_loaded_in_the_precision_of_its_card(whole: dict[str, Whole], tmp_path: Path) -> None:
    import torch

    saved = whole["sd3"]
    small = {key: tensor.to(torch.float8_e4m3fn) for key, tensor in original("sd3", saved.networks).items()}
    file = NAMES.written(small, tmp_path / "small.safetensors")
    card = card_of({"file": file, "config": str(saved.config)}, "sd3")
    loaded = warm_model(card, (), (), ignore).pipeline.transformer.state_dict()
    for key, weight in saved.networks["transformer"].state_dict().items():
        assert loaded[key].dtype == torch.float32
        assert ((loaded[key] - weight).abs() <= weight.abs() / 8 + 2**-9).all(), key


def test_a_whole_model_in_scaled_fp8_is_loaded_in_the_precision_of_its_card(
    whole: dict[str, Whole], tmp_path: Path
) -> None:
    import torch

    saved, tensors = whole["sd3"], original("sd3", whole["sd3"].networks)
    stem = "model.diffusion_model."
    for name in [name for name in tensors if name.startswith(f"{stem}joint_blocks") and tensors[name].ndim == 2]:
        scale = tensors[name].abs().max() / 448
        tensors[f"{name.removesuffix('weight')}scale_weight"] = scale
        tensors[name] = (tensors[name] / scale).to(torch.float8_e4m3fn)
    file = NAMES.written({**tensors, f"{stem}scaled_fp8": torch.zeros(2)}, tmp_path / "scaled.safetensors")
    loaded = warm_model(card_of({"file": file, "config": str(saved.config)}, "sd3"), (), (), ignore).pipeline
    for key, weight in saved.networks["transformer"].state_dict().items():
        assert ((loaded.transformer.state_dict()[key] - weight).abs() <= weight.abs() / 15 + 2**-9).all(), key


def test_tokenizers_of_a_configuration_number_tokens_as_clip_and_t5_do(whole: dict[str, Whole]) -> None:
    pipeline = warm_model(whole["sd3"].card(), (), (), ignore).pipeline
    assert pipeline.tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert pipeline.tokenizer_3("a photo of a cat").input_ids == [3, 9, 1202, 13, 3, 9, 1712, 1]


def test_a_card_of_another_family_names_the_right_one(whole: dict[str, Whole]) -> None:
    with pytest.raises(InputError, match=r"is not a single-file model of family 'sdxl'.*`family: stable_diffusion`"):
        warm_model(card_of({"file": whole["sd1"].file}, "sdxl"), (), (), ignore)


@pytest.mark.parametrize("name", ["sd1", "sd3"])
def test_a_model_of_unpublished_size_is_refused_without_its_configuration(whole: dict[str, Whole], name: str) -> None:
    with pytest.raises(InputError, match="could not be loaded"):
        warm_model(card_of({"file": whole[name].file}, whole[name].family), (), (), ignore)


@pytest.mark.parametrize("family", ["stable_diffusion", "flux"])
def test_a_file_without_a_whole_model_needs_a_configuration(tmp_path: Path, family: str) -> None:
    import torch

    file = NAMES.written({"double_blocks.0.img_attn.qkv.weight": torch.ones(1)}, tmp_path / "part.safetensors")
    with pytest.raises(InputError, match=r"Give the diffusers folder of such a model as `config:`"):
        warm_model(card_of({"file": file}, family), (), (), ignore)


@pytest.mark.parametrize(
    "lost",
    [
        "final_layer.linear.bias",
        "0.context_block.mlp.fc1.bias",
        "decoder.conv_in.bias",
        "clip_g.transformer.text_projection.weight",
        "text_model.final_layer_norm.weight",
        "0.layer.0.SelfAttention.k.weight",
    ],
)
def test_a_file_that_lacks_a_tensor_is_one_sentence(whole: dict[str, Whole], tmp_path: Path, lost: str) -> None:
    tensors = original("sd3", whole["sd3"].networks)
    rest = {key: tensor for key, tensor in tensors.items() if not key.endswith(lost)}
    assert len(rest) < len(tensors)
    file = NAMES.written(rest, tmp_path / "part.safetensors")
    with pytest.raises(InputError) as raised:
        warm_model(card_of({"file": file, "config": str(whole["sd3"].config)}, "sd3"), (), (), ignore)
    assert str(raised.value).count("\n") == 0


@pytest.fixture
def base(whole: dict[str, Whole], tmp_path: Path) -> Path:
    """A Stable Diffusion 3 in diffusers layout without the weights of its transformer."""
    pipeline = warm_model(whole["sd3"].card(), (), (), ignore).pipeline
    pipeline.save_pretrained(tmp_path / "base")
    (tmp_path / "base/transformer/diffusion_pytorch_model.safetensors").unlink()
    return tmp_path / "base"


@pytest.mark.parametrize("names", ["original", "diffusers"])
def test_a_transformer_alone_replaces_that_of_a_model(
    whole: dict[str, Whole], base: Path, job: Make, tmp_path: Path, names: str
) -> None:
    saved = whole["sd3"].networks["transformer"]
    tensors = NAMES.sd3_weights(saved) if names == "original" else saved.state_dict()
    network: dict[str, Any] = {"file": NAMES.written(tensors, tmp_path / "alone.safetensors")}
    if names == "original":
        network["config"] = str(base / "transformer")
    card = card_of({"folder": base}, "sd3", network=network)
    loaded = warm_model(card, (), (), ignore).pipeline.transformer.state_dict()
    assert all((loaded[key] == weight).all() for key, weight in saved.state_dict().items())
    assert next(sample([job(card)])).size == (32, 32)


def test_a_unet_alone_replaces_that_of_a_model_and_enters_keys_by_content(
    tiny_of: Find, job: Make, tmp_path: Path
) -> None:
    card = tiny_of("sdxl")
    unet = warm_model(card, (), (), ignore).pipeline.unet
    own = {name: weight * 0.5 if "to_v" in name else weight for name, weight in unet.state_dict().items()}
    network = {"file": NAMES.written(own, tmp_path / "unet.safetensors")}
    other = ModelCard.model_validate({**card.model_dump(), "network": network})
    plain, changed = (next(sample([job(each)]))["color"].astype(int) for each in (card, other))
    assert np.abs(plain - changed).max() > 1
    first = with_digests(other).identity
    NAMES.written(unet.state_dict(), tmp_path / "unet.safetensors")
    assert with_digests(other).identity != first
    assert "network" not in with_digests(card).identity


def test_a_transformer_alone_is_not_a_whole_model(whole: dict[str, Whole], tmp_path: Path) -> None:
    file = NAMES.written(NAMES.sd3_weights(whole["sd3"].networks["transformer"]), tmp_path / "alone.safetensors")
    with pytest.raises(InputError, match=r"only the transformer of a model of family 'sd3'.* Name it as `network:`"):
        warm_model(card_of({"file": file}, "sd3"), (), (), ignore)


@pytest.mark.parametrize("form", ["lora", "cut", "pickle", "missing"])
def test_a_file_without_a_network_is_one_sentence(tiny_of: Find, tmp_path: Path, form: str) -> None:
    import torch

    file = tmp_path / ("x.pt" if form == "pickle" else "x.safetensors")
    if form != "missing":
        NAMES.written({"unet.a.lora_A.weight": torch.ones(2, 2)}, file)
    if form == "cut":
        file.write_bytes(file.read_bytes()[:-4])
    card = {**tiny_of("sdxl").model_dump(), "network": {"file": file}}
    with pytest.raises(InputError) as raised:
        warm_model(ModelCard.model_validate(card), (), (), ignore)
    assert str(raised.value).count("\n") == 0
    assert file.name in str(raised.value) or "'tiny_sdxl'" in str(raised.value)


UNET1 = {"in_channels": 4, "cross_attention_dim": 768, "attention_head_dim": 8}
UNET2 = {"in_channels": 4, "cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20]}
XL = {"in_channels": 4, "cross_attention_dim": 2048, "attention_head_dim": [5, 10, 20]}
XL |= {"transformer_layers_per_block": [1, 2, 10], "projection_class_embeddings_input_dim": 2816}
UNETS = {
    "sd1": ("stable_diffusion", UNET1, "epsilon"),
    "sd1 inpainting": ("stable_diffusion", {**UNET1, "in_channels": 9}, "epsilon"),
    "sd2": ("stable_diffusion", UNET2, "v_prediction"),
    "sd2 inpainting": ("stable_diffusion", {**UNET2, "in_channels": 9}, "epsilon"),
    "sdxl": ("sdxl", XL, "epsilon"),
    "sdxl inpainting": ("sdxl", {**XL, "in_channels": 9}, "epsilon"),
}
"""Family, options of the UNet and prediction of the published models."""
TEXT_KEYS = {
    "sd1": "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight",
    "sd2": "cond_stage_model.model.positional_embedding",
    "sdxl": "conditioner.embedders.1.model.positional_embedding",
}


@pytest.mark.parametrize("name", UNETS)
def test_a_published_unet_model_is_detected(name: str) -> None:
    import diffusers
    import torch

    family, options, prediction = UNETS[name]
    version, _, inpainting = name.partition(" ")
    shapes = {TEXT_KEYS[version]: [77, 768], "first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3]}
    found = detect_whole(
        {**shapes, "model.diffusion_model.input_blocks.0.0.weight": [320, 9 if inpainting else 4, 3, 3]}
    )
    assert found is not None
    config = found["parts"]["unet"]
    assert (found["family"], {key: config[key] for key in options}) == (family, options)
    assert found["parts"]["scheduler"].get("prediction_type", "epsilon") == prediction
    with torch.device("meta"):
        assert diffusers.UNet2DConditionModel.from_config(config).config.sample_size is None


FLUX = {"in_channels": 64, "num_layers": 19, "num_single_layers": 38, "guidance_embeds": True}
SD3 = {"num_layers": 24, "pos_embed_max_size": 192, "caption_projection_dim": 1536, "qk_norm": None}
LARGE = {"num_layers": 38, "num_attention_heads": 38, "caption_projection_dim": 2432, "qk_norm": "rms_norm"}
MEDIUM = {"pos_embed_max_size": 384, "dual_attention_layers": list(range(13)), "qk_norm": "rms_norm"}
TRANSFORMERS = {
    "flux dev": ("FluxTransformer2DModel", FLUX),
    "flux schnell": ("FluxTransformer2DModel", {**FLUX, "guidance_embeds": False}),
    "flux fill": ("FluxTransformer2DModel", {**FLUX, "in_channels": 384, "out_channels": 64}),
    "sd3 medium": ("SD3Transformer2DModel", SD3),
    "sd3.5 large": ("SD3Transformer2DModel", {**SD3, **LARGE}),
    "sd3.5 medium": ("SD3Transformer2DModel", {**SD3, **MEDIUM}),
}
"""Class and options of the published transformers."""
SIZES: dict[str, dict[str, Any]] = {
    "Flux": {"attention_head_dim": 128, "num_attention_heads": 24, "joint_attention_dim": 4096},
    "SD3": {"patch_size": 2, "in_channels": 16, "out_channels": 16, "attention_head_dim": 64, "sample_size": 128},
}
SIZES["Flux"] |= {"pooled_projection_dim": 768}
SIZES["SD3"] |= {"num_attention_heads": 24, "joint_attention_dim": 4096, "pooled_projection_dim": 2048}


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_published_transformer_is_detected_and_its_tensors_fit(name: str) -> None:
    import diffusers
    import torch
    from diffusers.loaders import single_file_utils

    kind, options = TRANSFORMERS[name]
    with torch.device("meta"):
        published = getattr(diffusers, kind)(**{**SIZES[kind.partition("Transf")[0]], **options})
    tensors = NAMES.flux_weights(published) if kind.startswith("Flux") else NAMES.sd3_weights(published)
    found = detect_transformer({key: list(tensor.shape) for key, tensor in tensors.items()})
    assert found is not None
    config = found["parts"]["transformer"]
    assert (config["_class_name"], {key: config[key] for key in options}) == (kind, options)
    if kind.startswith("Flux"):
        converted = single_file_utils.convert_flux_transformer_checkpoint_to_diffusers(dict(tensors))
    else:
        converted = single_file_utils.convert_sd3_transformer_checkpoint_to_diffusers(dict(tensors))
    with torch.device("meta"):
        expected = getattr(diffusers, kind).from_config(config).state_dict()
    assert {key: tensor.shape for key, tensor in converted.items()} == {
        key: tensor.shape for key, tensor in expected.items()
    }


def test_a_transformer_of_another_class_has_no_published_configuration(whole: dict[str, Whole]) -> None:
    with transformer_configuration(whole["sd3"].file, "SD3Transformer2DModel") as folder:
        assert folder is not None
        assert json.loads((folder / "config.json").read_text())["dual_attention_layers"] == list(range(13))
    with transformer_configuration(whole["sd3"].file, "FluxTransformer2DModel") as folder:
        assert folder is None


def test_files_of_other_models_are_not_detected() -> None:
    assert detect_whole({}) is None
    assert detect_whole({"model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3]}) is None
