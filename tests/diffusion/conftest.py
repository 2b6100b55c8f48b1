"""Tiny models with random weights, in diffusers layout: shapes like the real ones, a tenth of a second an image."""

import runpy
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assetgen.registry import Job
from assetgen.spec import ModelCard

WIDTH = 32
VAE_BLOCKS = 3
TRANSFORMERS = runpy.run_path(str(Path(__file__).with_name("tiny_transformers.py")))
FAMILIES = ("stable_diffusion", "sdxl", *TRANSFORMERS["PIPELINES"])
"""Every family, and those of its models that are called in another way."""


@pytest.fixture(autouse=True)
def _one_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tiny layers lose far more to the coming and going of threads than they gain."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(threads if "mini" in request.fixturenames else 1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """Stable Diffusion's shape: 3 latent channels, a VAE factor of 4, a depth and a canny ControlNet."""
    return _card(_build(tmp_path_factory.mktemp("tiny"), xl=False), "stable_diffusion")


@pytest.fixture(scope="session")
def tiny_xl(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """SDXL's shape: two text encoders, and a UNet that is told sizes."""
    return _card(_build(tmp_path_factory.mktemp("tiny_xl"), xl=True), "sdxl")


@pytest.fixture(scope="session")
def tiny_unet(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ModelCard]:
    """`tiny_unet(xl=…, …)`: Stable Diffusion's shape with other words for its UNet."""

    def make(xl: bool = False, **shape: Any) -> ModelCard:
        return _card(_build(tmp_path_factory.mktemp("odd"), xl, **shape), "sdxl" if xl else "stable_diffusion")

    return make


@pytest.fixture(scope="session")
def tiny_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ModelCard]:
    """`tiny_of(name)`: the card of one of `FAMILIES`."""

    @cache
    def find(name: str) -> ModelCard:
        folder = tmp_path_factory.mktemp(f"tiny_{name}_")
        family = name.partition("_")[0] if name in TRANSFORMERS["PIPELINES"] else name
        if name in TRANSFORMERS["PIPELINES"]:
            TRANSFORMERS["build"](folder, name)
        else:
            _build(folder, xl=name == "sdxl")
        return _card(folder, family)

    return find


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that ask for `each` run with every family."""
    if "each" in metafunc.fixturenames:
        metafunc.parametrize("each", FAMILIES, indirect=True)


@pytest.fixture
def each(request: pytest.FixtureRequest, tiny_of: Callable[[str], ModelCard]) -> ModelCard:
    """One family after the other."""
    return tiny_of(request.param)


def _card(folder: Path, family: str) -> ModelCard:
    kinds = [kind for kind in ("depth", "canny") if (folder / kind).exists()]
    networks = {kind: {"weights": {"folder": folder / kind}, "licence": "CC0-1.0"} for kind in kinds}
    return ModelCard.model_validate(
        {
            "model": folder.name.rstrip("_0123456789"),
            "family": family,
            "weights": {"folder": folder / "model"},
            "licence": "CC0-1.0",
            "native": (32, 32),
            "controls": networks,
            "precision": "float32",
            "defaults": {"steps": 2, "guidance": 4.0},
        }
    )


def _build(folder: Path, xl: bool, **shape: Any) -> Path:
    import diffusers
    import torch

    torch.manual_seed(0)
    tokenizer, text_encoder = _reader("CLIPTextModel")
    unet = _unet(xl, **shape)
    parts: dict[str, Any] = {
        "vae": _vae(),
        "unet": unet,
        "tokenizer": tokenizer,
        "text_encoder": text_encoder,
        "scheduler": diffusers.DPMSolverMultistepScheduler(beta_schedule="scaled_linear", steps_offset=1),
    }
    if xl:
        parts |= {"tokenizer_2": tokenizer, "text_encoder_2": _reader("CLIPTextModelWithProjection")[1]}
        diffusers.StableDiffusionXLPipeline(**parts, add_watermarker=False).save_pretrained(folder / "model")
    else:
        off = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        diffusers.StableDiffusionPipeline(**parts, **off).save_pretrained(folder / "model")
    for kind in () if "time_cond_proj_dim" in shape else ("depth", "canny"):  # none can be made from such a UNet
        network = diffusers.ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(16, 16, 16))
        for last in (*network.controlnet_down_blocks, network.controlnet_mid_block):
            torch.nn.init.normal_(last.weight, std=1.0)  # zeros in a new one
        torch.nn.init.normal_(network.controlnet_cond_embedding.conv_out.weight, std=20.0)
        network.save_pretrained(folder / kind)
    return folder


def _reader(kind: str) -> tuple[Any, Any]:
    """A tokenizer that reads letter by letter, and a CLIP text encoder for 16 of them."""
    import transformers

    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    shape = transformers.CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        max_position_embeddings=16,
        projection_dim=WIDTH,
        bos_token_id=len(words) - 2,
        eos_token_id=len(words) - 1,
        pad_token_id=len(words) - 1,
    )
    tokenizer = transformers.CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=16)
    return tokenizer, getattr(transformers, kind)(shape)


def _unet(xl: bool, **shape: Any) -> Any:
    import diffusers

    told: dict[str, Any] = {"cross_attention_dim": WIDTH}
    if xl:
        told = {"cross_attention_dim": 2 * WIDTH, "addition_embed_type": "text_time", "addition_time_embed_dim": 8}
        told |= {"projection_class_embeddings_input_dim": 6 * 8 + WIDTH, "use_linear_projection": True}
    blocks = {
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    }
    return diffusers.UNet2DConditionModel(
        sample_size=8,
        out_channels=3,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
        **{"in_channels": 3, **blocks, **told, **shape},
    )


def _vae() -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        block_out_channels=(16,) * VAE_BLOCKS,
        latent_channels=3,
        norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * VAE_BLOCKS,
        up_block_types=("UpDecoderBlock2D",) * VAE_BLOCKS,
        mid_block_add_attention=False,
        sample_size=32,
        scaling_factor=4.0,  # its latents then spread about as far as the noise
    )


@pytest.fixture(scope="session")
def job() -> Callable[..., Job]:
    """`job(card, word=…, context=…)`: the words checked as YAML ones are."""
    from assetgen.registry import Context, load

    params = load("source", "diffusion").params

    def make(card: ModelCard, context: Context | None = None, **words: Any) -> Job:
        valid = params.model_validate({"model": card, "prompt": "a cat", **words})
        return Job(context or Context(asset="it"), {key: getattr(valid, key) for key in params.model_fields})

    return make
