"""The table of device memory in docs/gpu.md, computed from the published configurations on torch's meta device."""

import re
from pathlib import Path
from typing import Any

import pytest

from assetgen.diffusion.loading.memory import MemoryNeeded, is_quantizable, tensor_bytes, workspace_bytes
from assetgen.pack.schema import Quantization

pytestmark = [pytest.mark.model, pytest.mark.slow]
FORMATS: tuple[Quantization, ...] = ("none", "int8", "nf4")
QWEN3 = {"num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 151936}
VISION = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 3584}
QWEN25 = {"hidden_size": 3584, "num_hidden_layers": 28, "intermediate_size": 18944, "num_attention_heads": 28}
QWEN25 |= {"num_key_value_heads": 4, "vocab_size": 152064}
KLEIN_4B = {"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24, "joint_attention_dim": 7680}
KLEIN_9B = {"num_layers": 8, "num_single_layers": 24, "num_attention_heads": 32, "joint_attention_dim": 12288}


def qwen3(hidden_size: int, intermediate_size: int) -> Any:
    import transformers

    sizes = {"hidden_size": hidden_size, "intermediate_size": intermediate_size, "head_dim": 128}
    return transformers.Qwen3Model(transformers.Qwen3Config(**QWEN3, **sizes))


def model(name: str) -> tuple[Any, Any, Any]:
    """Network, text encoder and autoencoder; the configurations are the defaults of their classes unless given."""
    import diffusers
    import transformers

    if name == "Z-Image":
        down, up = ("DownEncoderBlock2D",) * 4, ("UpDecoderBlock2D",) * 4
        blocks = {"down_block_types": down, "up_block_types": up, "block_out_channels": (128, 256, 512, 512)}
        vae = diffusers.AutoencoderKL(**blocks, layers_per_block=2, latent_channels=16)
        return diffusers.ZImageTransformer2DModel(), qwen3(2560, 9728), vae
    if name == "Qwen-Image":
        config = transformers.Qwen2_5_VLConfig(text_config=QWEN25, vision_config=VISION, tie_word_embeddings=False)
        encoder = transformers.Qwen2_5_VLForConditionalGeneration(config)
        return diffusers.QwenImageTransformer2DModel(), encoder, diffusers.AutoencoderKLQwenImage()
    sizes, encoder = (KLEIN_4B, qwen3(2560, 9728)) if name.endswith("4B") else (KLEIN_9B, qwen3(4096, 12288))
    return diffusers.Flux2Transformer2DModel(**sizes, guidance_embeds=False), encoder, diffusers.AutoencoderKLFlux2()


def sizes_of(network: Any, *, quantized: bool) -> dict[Quantization, int]:
    shapes = {name: tuple(weight.shape) for name, weight in network.named_parameters()}

    def size(quantize: Quantization) -> int:
        return sum(
            tensor_bytes(shape, quantize if quantized and is_quantizable(name, shape) else "none")
            for name, shape in shapes.items()
        )

    return {quantize: size(quantize) for quantize in FORMATS}


@pytest.mark.parametrize("name", ["Z-Image", "FLUX.2 klein 4B", "FLUX.2 klein 9B", "Qwen-Image"])
def test_the_page_on_gpus_has_the_computed_memory(name: str) -> None:
    import torch

    with torch.device("meta"):
        network, encoder, vae = model(name)
    parts = {"transformer": sizes_of(network, quantized=True), "text_encoder": sizes_of(encoder, quantized=True)}
    needed = MemoryNeeded({**parts, "vae": sizes_of(vae, quantized=False)}, workspace_bytes(1024 * 1024))
    cells = [f"{needed.resident_in(each) / 1e9:.1f} / {needed.offloaded_in(each) / 1e9:.1f}" for each in FORMATS]
    page = (Path(__file__).parents[2] / "docs/gpu.md").read_text()
    [row] = re.findall(rf"^\| {re.escape(name)} \|(.*)\|$", page, re.MULTILINE)
    assert [cell.strip() for cell in row.split("|")] == cells
