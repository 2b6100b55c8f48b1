"""One file of a Stable Diffusion 3 or a FLUX.1, and a transformer alone: tiny models, and the shapes of real ones."""

import runpy
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FunctionType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.flow_checkpoint import flow_layout, flux_renamed, transformer_of
from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.pack.schema import ModelCard
from assetgen.pack.weights import with_digests
from assetgen.parts import SourceJob

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
NAMES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("original_names.py"))))
NETWORKS = ("transformer", "vae", "text_encoder", "text_encoder_2", "text_encoder_3")
T5_WIDTH = 128


def t5() -> Any:
    import transformers

    sizes = {"vocab_size": 32128, "d_model": T5_WIDTH, "d_kv": 16, "d_ff": 64, "num_layers": 1, "num_heads": 2}
    return transformers.T5EncoderModel(transformers.T5Config(**sizes, feed_forward_proj="gated-gelu"))


def vae(**spread: float) -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        block_out_channels=(32, 32),
        layers_per_block=1,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        use_quant_conv=False,
        use_post_quant_conv=False,
        **spread,
    )


def sd3(reads_long: bool = True) -> Any:
    import diffusers
    import torch

    clip = NAMES.reader("CLIPTextModelWithProjection", hidden_act="quick_gelu")
    torch.nn.init.eye_(clip.text_projection.weight)  # its makers leave it out
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
    parts = {"text_encoder": clip, "text_encoder_2": NAMES.reader("CLIPTextModelWithProjection", 64, hidden_act="gelu")}
    parts |= {
        "text_encoder_3": t5() if reads_long else None,
        "tokenizer": None,
        "tokenizer_2": None,
        "tokenizer_3": None,
    }
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    pipe = diffusers.StableDiffusion3Pipeline
    return pipe(transformer, scheduler, vae(scaling_factor=1.5305, shift_factor=0.0609), **parts)


def flux(guided: bool = True) -> Any:
    import diffusers

    transformer = diffusers.FluxTransformer2DModel(
        in_channels=16,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=128,
        num_attention_heads=1,
        joint_attention_dim=T5_WIDTH,
        pooled_projection_dim=32,
        guidance_embeds=guided,
    )
    parts = {
        "text_encoder": NAMES.reader("CLIPTextModel"),
        "text_encoder_2": t5(),
        "tokenizer": None,
        "tokenizer_2": None,
    }
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0 if guided else 1.0, use_dynamic_shifting=guided)
    spread = vae(scaling_factor=0.3611, shift_factor=0.1159)
    return diffusers.FluxPipeline(scheduler=scheduler, vae=spread, transformer=transformer, **parts)


PIPELINES: dict[str, Callable[[], Any]] = {
    "sd3": sd3,
    "sd3 without T5": lambda: sd3(reads_long=False),
    "flux": flux,
    "flux without guidance": lambda: flux(guided=False),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Path]]:
    """Tiny models in memory and as one file each."""
    import torch

    torch.manual_seed(0)
    folder, made = tmp_path_factory.mktemp("files"), {name: make() for name, make in PIPELINES.items()}
    for pipeline in made.values():
        for part in ("proj_out", "norm_out.linear"):
            torch.nn.init.normal_(pipeline.transformer.get_submodule(part).weight, std=0.3)
    return {
        name: (pipeline, NAMES.written(NAMES.flow_checkpoint(pipeline), folder / f"{name}.safetensors"))
        for name, pipeline in made.items()
    }


def card_of(weights: dict[str, Any], name: str, **words: Any) -> ModelCard:
    card = {"model": "single", "family": name[:4].strip(), "weights": weights, "licence": "CC0-1.0", "native": (32, 32)}
    return ModelCard.model_validate(
        {**card, "precision": "float32", "defaults": {"steps": 2, "guidance": 4.0}, **words}
    )


@pytest.mark.parametrize("name", PIPELINES)
def test_a_single_file_is_the_model_that_was_written_and_draws(
    whole: dict[str, tuple[Any, Path]], job: Make, name: str
) -> None:
    theirs, file = whole[name]
    card = card_of({"file": file}, name)
    ours = warm_model(card, (), (), ignore).pipeline
    for part in NETWORKS:
        one, other = getattr(theirs, part, None), getattr(ours, part, None)
        assert (one is None) == (other is None)
        for key, weight in (one.state_dict() if one is not None else {}).items():
            assert (other.state_dict()[key] == weight).all(), (part, key)
    for told in ("shift", "use_dynamic_shifting"):
        assert ours.scheduler.config[told] == theirs.scheduler.config[told]
    assert ours.vae.config.shift_factor == theirs.vae.config.shift_factor
    [images] = sample([job(card, prompt="a red dragon")])
    assert images.size == (32, 32)
    assert np.ptp(images["color"]) > 0


@pytest.mark.parametrize("name", ["sd3", "flux"])
def test_a_file_in_eight_bits_is_read_in_the_precision_of_its_card(
    whole: dict[str, tuple[Any, Path]], tmp_path: Path, name: str
) -> None:
    import torch

    small = {key: tensor.to(torch.float8_e4m3fn) for key, tensor in NAMES.flow_checkpoint(whole[name][0]).items()}
    file = NAMES.written(small, tmp_path / "small.safetensors")
    ours = warm_model(card_of({"file": file}, name), (), (), ignore).pipeline.transformer.state_dict()
    for key, weight in whole[name][0].transformer.state_dict().items():
        assert ours[key].dtype == torch.float32
        assert ((ours[key] - weight).abs() <= weight.abs() / 8 + 2**-9).all(), key


@pytest.mark.parametrize("scale", ["double_blocks.0.img_attn.qkv.scale_weight", "scaled_fp8", "img_in.weight.absmax"])
def test_weights_that_mean_nothing_without_scales_are_refused(
    whole: dict[str, tuple[Any, Path]], tmp_path: Path, scale: str
) -> None:
    import torch

    made = {**NAMES.flow_checkpoint(whole["flux"][0]), f"model.diffusion_model.{scale}": torch.ones(1)}
    file = NAMES.written(made, tmp_path / "scaled.safetensors")
    with pytest.raises(InputError, match=r"quantized with scales beside them .*Use the same model in 16 bits"):
        warm_model(card_of({"file": file}, "flux"), (), (), ignore)


def test_its_words_are_numbered_as_t5_and_clip_number_them(whole: dict[str, tuple[Any, Path]]) -> None:
    pipeline = warm_model(card_of({"file": whole["flux"][1]}, "flux"), (), (), ignore).pipeline
    assert pipeline.tokenizer_2("a photo of a cat").input_ids == [3, 9, 1202, 13, 3, 9, 1712, 1]
    assert pipeline.tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]


def narrowed(code: CodeType) -> CodeType:
    """The same with the width of the tiny FLUX for that of the published one."""
    return code.replace(co_consts=tuple(128 if each == 3072 else each for each in code.co_consts))


@pytest.mark.parametrize("name", ["flux", "flux without guidance"])
def test_names_of_flux_become_those_that_diffusers_gives_the_published_model(
    whole: dict[str, tuple[Any, Path]], name: str
) -> None:
    from diffusers.loaders.single_file_utils import convert_flux_transformer_checkpoint_to_diffusers as theirs

    weights = NAMES.flux_weights(whole[name][0].transformer)
    converted = FunctionType(narrowed(theirs.__code__), theirs.__globals__)(dict(weights))
    ours = flux_renamed(weights)
    assert ours.keys() == converted.keys()
    assert all((ours[key] == converted[key]).all() for key in ours)


@pytest.fixture
def folder(whole: dict[str, tuple[Any, Path]], tmp_path: Path) -> Callable[[str], Path]:
    """`folder(name)`: a model in diffusers layout whose own transformer was taken away."""

    def make(name: str) -> Path:
        ours = warm_model(card_of({"file": whole[name][1]}, name), (), (), ignore).pipeline
        ours.save_pretrained(tmp_path / "base")
        (tmp_path / "base/transformer/diffusion_pytorch_model.safetensors").unlink()
        return tmp_path / "base"

    return make


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sd3", "flux"])
@pytest.mark.parametrize("form", ["makers", "diffusers"])
def test_a_transformer_alone_stands_in_for_the_one_of_a_model(
    whole: dict[str, tuple[Any, Path]], folder: Callable[[str], Path], job: Make, tmp_path: Path, name: str, form: str
) -> None:
    theirs = whole[name][0].transformer
    made = {"sd3": NAMES.sd3_weights, "flux": NAMES.flux_weights}[name](theirs)
    file = NAMES.written(made if form == "makers" else theirs.state_dict(), tmp_path / "alone.safetensors")
    card = card_of({"folder": folder(name)}, name, network={"file": file})
    ours = warm_model(card, (), (), ignore).pipeline.transformer
    assert all((ours.state_dict()[key] == weight).all() for key, weight in theirs.state_dict().items())
    assert next(sample([job(card)])).size == (32, 32)


def test_a_unet_alone_stands_in_too_and_enters_keys_by_content(tiny_of: Find, job: Make, tmp_path: Path) -> None:
    card = tiny_of("sdxl")
    unet = warm_model(card, (), (), ignore).pipeline.unet
    own = {name: weight * 0.5 if "to_v" in name else weight for name, weight in unet.state_dict().items()}
    words = {**card.model_dump(), "network": {"file": NAMES.written(own, tmp_path / "unet.safetensors")}}
    other = ModelCard.model_validate(words)
    plain, changed = (next(sample([job(each)]))["color"].astype(int) for each in (card, other))
    assert np.abs(plain - changed).max() > 1
    first = with_digests(other).identity
    NAMES.written(unet.state_dict(), tmp_path / "unet.safetensors")
    assert with_digests(other).identity != first
    assert "network" not in with_digests(card).identity


def test_a_transformer_alone_is_no_whole_model(whole: dict[str, tuple[Any, Path]], tmp_path: Path) -> None:
    file = NAMES.written(NAMES.flux_weights(whole["flux"][0].transformer), tmp_path / "alone.safetensors")
    with pytest.raises(InputError, match=r"holds the transformer of a model of family 'flux'.* Name it as `network:`"):
        warm_model(card_of({"file": file}, "flux"), (), (), ignore)


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("sd3", "final_layer.linear.bias"),
        ("sd3", "0.context_block.mlp.fc1.bias"),
        ("sd3", "decoder.conv_in.bias"),
        ("sd3", "clip_g.transformer.text_projection.weight"),
        ("flux", "final_layer.linear.bias"),
        ("flux", "0.img_mlp.0.bias"),
        ("flux", "vae.decoder.mid.block_1.conv1.weight"),
        ("flux", "text_model.final_layer_norm.weight"),
        ("flux", "0.layer.0.SelfAttention.k.weight"),
        ("flux", "t5xxl.transformer.shared.weight"),
    ],
)
def test_a_file_that_lacks_something_is_one_sentence(
    whole: dict[str, tuple[Any, Path]], tmp_path: Path, name: str, lost: str
) -> None:
    from safetensors.torch import load_file

    rest = {key: tensor for key, tensor in load_file(whole[name][1]).items() if not key.endswith(lost)}
    assert len(rest) < len(load_file(whole[name][1]))
    file = NAMES.written(rest, tmp_path / "part.safetensors")
    with pytest.raises(InputError) as told:
        warm_model(card_of({"file": file}, name), (), (), ignore)
    assert str(told.value).count("\n") == 0


@pytest.mark.parametrize("form", ["lora", "cut", "pickle", "missing"])
def test_what_is_no_network_is_one_sentence(tiny_of: Find, tmp_path: Path, form: str) -> None:
    import torch

    file = tmp_path / ("x.pt" if form == "pickle" else "x.safetensors")
    if form != "missing":
        NAMES.written({"unet.a.lora_A.weight": torch.ones(2, 2)}, file)
    if form == "cut":
        file.write_bytes(file.read_bytes()[:-4])
    words = {**tiny_of("sdxl").model_dump(), "network": {"file": file}}
    with pytest.raises(InputError) as told:
        warm_model(ModelCard.model_validate(words), (), (), ignore)
    assert (str(told.value).count("\n"), file.name in str(told.value) or "'tiny_sdxl'" in str(told.value)) == (0, True)


FLUX = {"in_channels": 64, "num_layers": 19, "num_single_layers": 38, "attention_head_dim": 128}
FLUX |= {"num_attention_heads": 24, "joint_attention_dim": 4096, "pooled_projection_dim": 768}
SD3 = {"patch_size": 2, "in_channels": 16, "num_layers": 24, "attention_head_dim": 64, "num_attention_heads": 24}
SD3 |= {"joint_attention_dim": 4096, "caption_projection_dim": 1536, "pooled_projection_dim": 2048, "out_channels": 16}
SD3 |= {"pos_embed_max_size": 192, "sample_size": 128}
LARGE = {"num_layers": 38, "num_attention_heads": 38, "caption_projection_dim": 2432, "qk_norm": "rms_norm"}
MEDIUM = {"pos_embed_max_size": 384, "dual_attention_layers": list(range(13)), "qk_norm": "rms_norm"}
REAL: dict[str, tuple[str, dict[str, Any]]] = {
    "flux dev": ("FluxTransformer2DModel", {**FLUX, "guidance_embeds": True}),
    "flux schnell": ("FluxTransformer2DModel", {**FLUX, "guidance_embeds": False}),
    "flux fill": ("FluxTransformer2DModel", {**FLUX, "in_channels": 384, "out_channels": 64, "guidance_embeds": True}),
    "sd3 medium": ("SD3Transformer2DModel", SD3),
    "sd35 large": ("SD3Transformer2DModel", {**SD3, **LARGE}),
    "sd35 medium": ("SD3Transformer2DModel", {**SD3, **MEDIUM}),
}
"""What the published configurations say."""


@pytest.mark.parametrize("name", REAL)
def test_the_shapes_of_real_transformers_give_their_published_configuration(name: str) -> None:
    import diffusers
    import torch

    kind, said = REAL[name]
    with torch.device("meta"):
        network = getattr(diffusers, kind)(**said)
    names = NAMES.flux_weights(network) if kind.startswith("Flux") else NAMES.sd3_weights(network)
    found = transformer_of({key: list(tensor.shape) for key, tensor in names.items()})
    assert found is not None
    assert (found[1]["_class_name"], {key: found[1].get(key) for key in said}) == (kind, said)


def test_files_of_other_models_have_no_such_layout() -> None:
    assert flow_layout({}) is None
    assert flow_layout({"model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3]}) is None
