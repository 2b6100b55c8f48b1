"""Memory computed from file headers, compared with what loaded models allocate."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.diffusion.loading.memory import DECODE_BYTES_PER_PIXEL, WORKSPACE_BYTES, is_quantizable, memory_needed
from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.speed.offload import component_sizes
from assetgen.events import ignore
from assetgen.pack.schema import ModelCard

pytestmark = pytest.mark.model
Find = Callable[[str], ModelCard]


def test_sizes_of_components_are_those_of_the_loaded_model(each: ModelCard) -> None:
    needed = memory_needed(each)
    assert needed is not None
    loaded = component_sizes(warm_model(each, (), (), ignore).pipeline)
    assert needed.components.keys() == loaded.keys()
    for name, size in loaded.items():
        assert needed.components[name]["none"] == pytest.approx(size, rel=0.01), name


def test_what_one_image_takes_is_added_to_the_weights(tiny: ModelCard) -> None:
    needed = memory_needed(tiny)
    assert needed is not None
    image = WORKSPACE_BYTES + DECODE_BYTES_PER_PIXEL * 32 * 32
    sizes = [each["none"] for each in needed.components.values()]
    assert (needed.resident, needed.offloaded) == (sum(sizes) + image, max(sizes) + image)
    assert needed.quantized < needed.resident


def test_weights_that_are_not_here_need_an_unknown_amount(tiny: ModelCard, tmp_path: Path) -> None:
    moved = {**tiny.model_dump(), "weights": {"folder": tmp_path / "nothing"}}
    assert memory_needed(ModelCard.model_validate(moved)) is None


def test_weights_that_are_not_whole_need_an_unknown_amount(tiny: ModelCard, tmp_path: Path) -> None:
    shutil.copytree(tiny.weights.folder, tmp_path / "model")  # type: ignore[union-attr]
    (tmp_path / "model/unet/diffusion_pytorch_model.safetensors").unlink()
    moved = {**tiny.model_dump(), "weights": {"folder": tmp_path / "model"}}
    assert memory_needed(ModelCard.model_validate(moved)) is None


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("transformer_blocks.0.attn.to_q.weight", (64, 64), True),
        ("model.layers.3.mlp.up_proj.weight", (64, 32), True),
        ("transformer_blocks.0.attn.to_q.bias", (64,), False),
        ("transformer_blocks.0.norm1.weight", (64,), False),
        ("proj_out.weight", (64, 64), False),
        ("t_embedder.mlp.0.weight", (64, 64), False),
        ("single_blocks.0.linear1.weight", (64, 64), True),
        ("layers.0.adaLN_modulation.0.weight", (64, 64), True),
        ("embed_tokens.weight", (1000, 64), False),
        ("encoder.block.0.layer.1.DenseReluDense.wo.weight", (64, 64), False),
        ("down_blocks.0.resnets.0.conv1.weight", (64, 64, 3, 3), False),
    ],
)
def test_matrices_in_blocks_are_quantized(name: str, shape: tuple[int, ...], expected: bool) -> None:
    assert is_quantizable(name, shape) == expected
