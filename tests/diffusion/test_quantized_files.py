"""GGUF files and files with scales, written with original tensor names by the conventions of their makers."""

import json
import runpy
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.memory import memory_needed
from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.loading.weight_headers import check_file, read_header
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.speed.offload import component_sizes
from assetgen.errors import InputError, NotInstalledError
from assetgen.events import ignore
from assetgen.images import Array
from assetgen.pack.locations import Folder
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob

pytestmark = [pytest.mark.model, pytest.mark.slow]
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
Tensors = dict[str, Any]
NAMES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("original_names.py"))))
FP8_MAX = 448.0
INT8_MAX = 127.0


@dataclass(frozen=True)
class Model:
    """A tiny Stable Diffusion 3 in diffusers layout, its transformer's tensors by their original names, the matrices of
    its blocks, and what it draws."""

    card: ModelCard
    tensors: Tensors
    matrices: Tensors
    image: Array
    size: int

    def with_network(self, tensors: Tensors, file: Path, metadata: dict[str, str] | None = None) -> ModelCard:
        from safetensors.torch import save_file

        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file, metadata)
        return self.with_file(file)

    def with_file(self, file: Path) -> ModelCard:
        config = str(self.card.weights.folder / "transformer")  # type: ignore[union-attr]
        return ModelCard.model_validate({**self.card.model_dump(), "network": {"file": file, "config": config}})


@pytest.fixture(scope="module")
def model(tiny_of: Find, job: Make) -> Model:
    """Read once: a process keeps one model in memory, and the tests load others."""
    card = tiny_of("sd3")
    pipeline = warm_model(card, (), (), ignore).pipeline
    tensors, size = dict(NAMES.sd3_weights(pipeline.transformer)), component_sizes(pipeline)["transformer"]
    return Model(card, tensors, weights_of(card), drawn(job(card)), size)


def is_matrix(name: str, tensor: Any) -> bool:
    return name.startswith("joint_blocks") and name.endswith(".weight") and tensor.ndim == 2


def scaled(tensors: Tensors, store: Callable[[str, Any], Tensors]) -> Tensors:
    """The tensors, where `store(layer, weight)` stores the matrices of the blocks."""
    found: Tensors = {}
    for name, tensor in tensors.items():
        layer = name.removesuffix(".weight")
        found |= store(layer, tensor) if is_matrix(name, tensor) else {name: tensor}
    return found


def fp8(weight: Any, scale: Any) -> Any:
    import torch

    return (weight / scale).clamp(-FP8_MAX, FP8_MAX).to(torch.float8_e4m3fn)


def comfy_of_2025(layer: str, weight: Any) -> Tensors:
    scale = weight.abs().max() / FP8_MAX
    stored = {f"{layer}.weight": fp8(weight, scale), f"{layer}.scale_weight": scale}
    return {**stored, f"{layer}.scale_input": scale * 0 + 1}


def comfy_of_2026(layer: str, weight: Any) -> Tensors:
    scale = weight.abs().max() / FP8_MAX
    kind = described({"format": "float8_e4m3fn"})
    return {f"{layer}.weight": fp8(weight, scale), f"{layer}.weight_scale": scale, f"{layer}.comfy_quant": kind}


def black_forest_labs(layer: str, weight: Any) -> Tensors:
    scale = weight.abs().amax(1) / FP8_MAX
    return {f"{layer}.weight": fp8(weight, scale[:, None]), f"{layer}.weight_scale": scale}


def comfy_int8(layer: str, weight: Any) -> Tensors:
    import torch

    scale = weight.abs().amax(1, keepdim=True) / INT8_MAX
    kind = described({"format": "int8_tensorwise"})
    stored = {f"{layer}.weight": (weight / scale).round().to(torch.int8), f"{layer}.weight_scale": scale}
    return {**stored, f"{layer}.comfy_quant": kind}


def int8_blocks(layer: str, weight: Any) -> Tensors:
    import torch

    rows, columns = (side // 8 for side in weight.shape)
    blocks = weight.reshape(rows, 8, columns, 8)
    scale = blocks.abs().amax((1, 3)) / INT8_MAX
    stored = (blocks / scale[:, None, :, None]).round().to(torch.int8).reshape(weight.shape)
    return {f"{layer}.weight": stored, f"{layer}.weight_scale": scale}


def nf4(layer: str, weight: Any) -> Tensors:
    from bitsandbytes.functional import quantize_4bit

    stored, state = quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    parts = state.as_dict(packed=True)
    return {f"{layer}.weight": stored, **{f"{layer}.weight.{name}": tensor for name, tensor in parts.items()}}


def nvfp4(layer: str, weight: Any) -> Tensors:
    from diffusers.quantizers.bfl.utils import quantize_nvfp4

    stored, scale, overall = quantize_nvfp4(weight)
    names = (f"{layer}.weight", f"{layer}.weight_scale", f"{layer}.weight_scale_2")
    return {**dict(zip(names, (stored, scale, overall), strict=True)), f"{layer}.input_scale": overall.clone()}


def described(form: dict[str, Any]) -> Any:
    import torch

    return torch.tensor(list(json.dumps(form).encode()), dtype=torch.uint8)


STORES = {
    "comfy_of_2025": (comfy_of_2025, 0.04),
    "comfy_of_2026": (comfy_of_2026, 0.04),
    "black_forest_labs": (black_forest_labs, 0.04),
    "comfy_int8": (comfy_int8, 0.01),
    "int8_blocks": (int8_blocks, 0.01),
    "nf4": (nf4, 0.12),
    "nvfp4": (nvfp4, 0.12),
}
"""How a matrix is stored, and the largest mean error of its numbers, as a share of their mean size."""


def drawn(job: SourceJob) -> Array:
    [images] = sample([job])
    return images["color"].astype(int)


def weights_of(card: ModelCard) -> Tensors:
    """The matrices of the loaded network's blocks, in 32 bits."""
    return {
        name: module.weight.float() * (module.weight_scale[:, None] if hasattr(module, "weight_scale") else 1)
        for name, module in warm_model(card, (), (), ignore).network.named_modules()
        if name.startswith("transformer_blocks") and getattr(getattr(module, "weight", None), "ndim", 0) == 2
    }


@pytest.mark.parametrize("name", STORES)
@pytest.mark.parametrize("quantize", ["none", "int8"])
def test_a_file_with_scales_has_the_weights_it_was_made_of(
    model: Model, job: Make, tmp_path: Path, name: str, quantize: str
) -> None:
    store, error = STORES[name]
    card = model.with_network(scaled(model.tensors, store), tmp_path / "it.safetensors")
    if quantize == "none":
        assert (loaded := weights_of(card)).keys() == model.matrices.keys()
        for layer, weight in model.matrices.items():
            assert (loaded[layer] - weight).abs().mean() < error * weight.abs().mean(), layer
    card = card.model_copy(update={"quantize": quantize})
    assert 0 < np.abs(drawn(job(card)) - model.image).mean() < 20


def test_a_scaled_fp8_file_stays_in_eight_bits(model: Model, tmp_path: Path) -> None:
    import torch

    card = model.with_network(scaled(model.tensors, comfy_of_2025), tmp_path / "it.safetensors")
    needed, network = memory_needed(card), warm_model(card, (), (), ignore).network
    assert network.transformer_blocks[0].attn.to_q.weight.dtype == torch.float8_e4m3fn
    size = component_sizes(warm_model(card, (), (), ignore).pipeline)["transformer"]
    assert size < 0.6 * model.size
    sixteen = ModelCard.model_validate({**card.model_dump(), "precision": "bfloat16"})
    size = component_sizes(warm_model(sixteen, (), (), ignore).pipeline)["transformer"]
    assert needed is not None
    assert needed.components["transformer"]["none"] == pytest.approx(size, rel=0.01)


def test_a_scaled_fp8_file_with_loras_takes_the_memory_of_sixteen_bits(model: Model, tmp_path: Path) -> None:
    lora = NAMES.written({"transformer.x.lora_A.weight": model.tensors["pos_embed"]}, tmp_path / "lora.safetensors")
    plain = model.with_network(scaled(model.tensors, comfy_of_2025), tmp_path / "it.safetensors")
    with_lora = ModelCard.model_validate({**plain.model_dump(), "loras": [{"file": lora}]})
    sixteen, eight, wanted = (memory_needed(card) for card in (with_lora, plain, model.card))
    assert sixteen is not None and eight is not None and wanted is not None
    assert sixteen.components["transformer"]["none"] == wanted.components["transformer"]["none"]
    assert eight.components["transformer"]["none"] < 0.6 * wanted.components["transformer"]["none"]


@pytest.mark.parametrize("ending", ["gguf", "safetensors"])
def test_quantized_networks_run_without_cuda_graphs_and_compiling(model: Model, tmp_path: Path, ending: str) -> None:
    if ending == "gguf":
        card = model.with_file(write_gguf(model.tensors, tmp_path / "it.gguf"))
    else:
        card = model.with_network(scaled(model.tensors, black_forest_labs), tmp_path / "it.safetensors")
    for each, allowed in ((card, False), (model.card, True)):
        warm = warm_model(each, (), (), ignore)
        assert (warm.cuda_graphs.allowed, warm.compiler.allowed) == (allowed, allowed)


@pytest.mark.parametrize("ending", ["gguf", "safetensors"])
def test_a_hub_repository_cannot_describe_a_quantized_file(model: Model, tmp_path: Path, ending: str) -> None:
    file = write_gguf(model.tensors, tmp_path / "it.gguf")
    if ending == "safetensors":
        file = NAMES.written(scaled(model.tensors, comfy_of_2025), tmp_path / "it.safetensors")
    described = {**model.card.model_dump(), "network": {"file": file, "config": "maker/model"}}
    with pytest.raises(InputError, match=r"stored in fewer bits.*Give the diffusers folder of such a model"):
        warm_model(ModelCard.model_validate(described), (), (), ignore)


def test_formats_in_the_metadata_of_a_file_are_read(model: Model, job: Make, tmp_path: Path) -> None:
    tensors = scaled(model.tensors, black_forest_labs)
    for form in ("float8_e4m3fn", {"format": "float8_e4m3fn"}):
        text = json.dumps({"format_version": "1.0", "layers": {"joint_blocks.0.x_block.attn.qkv": form}})
        card = model.with_network(tensors, tmp_path / "it.safetensors", {"_quantization_metadata": text})
        assert np.abs(drawn(job(card)) - model.image).mean() < 20


@pytest.mark.parametrize(
    "form", [{"format": "mxfp8"}, {"format": "nvfp4"}, {"format": "int8_tensorwise", "convrot": True}, ["x"]]
)
def test_a_format_that_is_not_known_is_one_sentence(model: Model, job: Make, tmp_path: Path, form: Any) -> None:
    layer = "joint_blocks.0.x_block.attn.qkv"
    tensors = {**scaled(model.tensors, comfy_int8), f"{layer}.comfy_quant": described(form)}
    with pytest.raises(InputError, match=r"not supported|is no object") as raised:
        drawn(job(model.with_network(tensors, tmp_path / "it.safetensors")))
    assert str(raised.value).count("\n") == 0


def test_integer_weights_without_scales_are_refused(model: Model, job: Make, tmp_path: Path) -> None:
    import torch

    tensors = scaled(model.tensors, lambda layer, weight: {f"{layer}.weight": weight.to(torch.int8)})
    with pytest.raises(InputError, match="their scales are not of a known kind"):
        drawn(job(model.with_network(tensors, tmp_path / "it.safetensors")))


def test_a_scale_that_does_not_fit_is_refused(model: Model, job: Make, tmp_path: Path) -> None:
    def store(layer: str, weight: Any) -> Tensors:
        stored = comfy_int8(layer, weight)
        return {**stored, f"{layer}.weight_scale": stored[f"{layer}.weight_scale"][:3]}

    with pytest.raises(InputError, match=r"has the shape \[3, 1\], which does not fit its weight"):
        drawn(job(model.with_network(scaled(model.tensors, store), tmp_path / "it.safetensors")))


def write_gguf(tensors: Tensors, file: Path, kind: str = "Q8_0") -> Path:
    """A GGUF file of matrices in this format, and other tensors in 32 bits, as its users' converters write them."""
    import gguf

    writer = gguf.GGUFWriter(str(file), "sd3")
    for name, tensor in tensors.items():
        array = tensor.float().numpy()
        quantizes = is_matrix(name, tensor) and tensor.shape[1] % 32 == 0
        number_format = gguf.GGMLQuantizationType[kind if quantizes else "F32"]
        writer.add_tensor(name, gguf.quants.quantize(array, number_format), raw_dtype=number_format)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


@pytest.mark.parametrize(("kind", "far"), [("Q8_0", 3), ("Q4_0", 20), ("BF16", 3)])
def test_a_gguf_file_draws_nearly_the_same(model: Model, job: Make, tmp_path: Path, kind: str, far: float) -> None:
    card = model.with_file(write_gguf(model.tensors, tmp_path / "it.gguf", kind))
    apart = np.abs(drawn(job(card)) - model.image).mean()
    assert apart < far
    assert type(warm_model(card, (), (), ignore).network.transformer_blocks[0].attn.to_q).__name__ == "GGUFLinear"


def test_text_encoders_beside_a_gguf_file_are_quantized(model: Model, job: Make, tmp_path: Path) -> None:
    card = model.with_file(write_gguf(model.tensors, tmp_path / "it.gguf")).model_copy(update={"quantize": "nf4"})
    drawn(job(card))
    needed, pipeline = memory_needed(card), warm_model(card, (), (), ignore).pipeline
    assert needed is not None
    for name, size in component_sizes(pipeline).items():
        assert needed.components[name]["nf4"] == pytest.approx(size, rel=0.02), name


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "pickle"])
def test_a_damaged_gguf_file_is_one_sentence(model: Model, tmp_path: Path, damage: str) -> None:
    file = write_gguf(model.tensors, tmp_path / "it.gguf")
    whole = file.read_bytes()
    other = {"empty": b"", "other": b"GGUF" + b"\xff" * 60, "pickle": b"\x80\x04."}
    file.write_bytes(other.get(damage, whole[:-200]))
    with pytest.raises(InputError, match=r"damaged, cut short or not GGUF") as raised:
        check_file(file)
    assert str(raised.value).count("\n") == 0


def test_the_header_of_a_gguf_file_has_the_shapes_of_torch(model: Model, tmp_path: Path) -> None:
    header = read_header(write_gguf(model.tensors, tmp_path / "it.gguf"))
    assert {name: tuple(entry["shape"]) for name, entry in header.items()} == {
        name: tuple(tensor.shape) for name, tensor in model.tensors.items()
    }


def test_a_gguf_file_is_no_whole_model(model: Model, job: Make, tmp_path: Path) -> None:
    file = write_gguf(model.tensors, tmp_path / "it.gguf")
    folder = str(model.card.weights.folder)  # type: ignore[union-attr]
    card = ModelCard.model_validate({**model.card.model_dump(), "weights": {"file": file, "config": folder}})
    with pytest.raises(InputError, match=r"holds no whole model.* Name it as `network:`"):
        drawn(job(card))


def test_loras_cannot_be_fused_into_a_gguf_file(model: Model, job: Make, tmp_path: Path) -> None:
    lora = NAMES.written({"transformer.x.lora_A.weight": model.tensors["pos_embed"]}, tmp_path / "lora.safetensors")
    card = model.with_file(write_gguf(model.tensors, tmp_path / "it.gguf"))
    with pytest.raises(InputError, match="LoRAs cannot be fused into it"):
        drawn(job(ModelCard.model_validate({**card.model_dump(), "loras": [{"file": lora}]})))


def stored(card: ModelCard, folder: Path, **config: Any) -> ModelCard:
    """A copy of a model whose transformer's configuration says that it is quantized."""
    import shutil

    shutil.copytree(card.weights.folder, folder)  # type: ignore[union-attr]
    file = folder / "transformer/config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "quantization_config": config}))
    return ModelCard.model_validate({**card.model_dump(), "weights": {"folder": folder}})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, r"loads on a GPU only.*`quantize: nf4`"),
        ({"load_in_4bit": True}, "loads on a GPU only"),
        ({"quant_method": "sdnq"}, "quantized by 'sdnq', which is not supported"),
    ],
)
def test_a_folder_in_a_format_that_does_not_load_here_is_one_sentence(
    model: Model, job: Make, tmp_path: Path, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        drawn(job(stored(model.card, tmp_path / "it", **config)))


def test_a_folder_quantized_by_torchao_is_loaded(model: Model, job: Make, tmp_path: Path) -> None:
    import diffusers
    from torchao.quantization import Int8WeightOnlyConfig

    folder = Path(model.card.weights.folder)  # type: ignore[union-attr]
    options = {"quantization_config": diffusers.TorchAoConfig(Int8WeightOnlyConfig())}
    quantized = diffusers.SD3Transformer2DModel.from_pretrained(str(folder / "transformer"), **options)
    card = stored(model.card, tmp_path / "it")
    quantized.save_pretrained(tmp_path / "it/transformer")
    assert np.abs(drawn(job(card)) - model.image).mean() < 5
    sixteen = ModelCard.model_validate({**card.model_dump(), "precision": "bfloat16"})
    needed = memory_needed(sixteen)
    size = component_sizes(warm_model(sixteen, (), (), ignore).pipeline)["transformer"]
    assert needed is not None
    assert needed.components["transformer"]["none"] == pytest.approx(size, rel=0.02)


def test_a_gguf_file_without_its_package_names_the_install_command(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    file = write_gguf(model.tensors, tmp_path / "it.gguf")
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(NotInstalledError, match=r"needs the package gguf.*assetgen\[quant\]"):
        check_file(file)


def test_networks_in_int8_load_from_diffusers_folders(tiny_of: Find, job: Make, tmp_path: Path) -> None:
    card = tiny_of("stable_diffusion")
    expected = drawn(job(card))
    shutil.copytree(card.weights.folder, tmp_path / "model")  # type: ignore[union-attr]
    store = runpy.run_path(str(Path(__file__).parents[1] / "bench/int8_weights.py"))["store_int8"]
    for part in ("unet", "vae"):
        store(tmp_path / "model" / part, tmp_path / "model" / part)
    stored = card.model_copy(update={"weights": Folder(folder=tmp_path / "model"), "digest": None})
    alone = card.model_copy(update={"network": Folder(folder=tmp_path / "model/unet")})
    for each in (stored, alone):
        assert 0 < np.abs(drawn(job(each)) - expected).mean() < 4
