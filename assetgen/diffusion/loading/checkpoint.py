"""One file of weights, as Stable Diffusion's makers published them: its shapes tell the configuration of its networks.

diffusers would ask the hub for that; here it is read from the file's own header, so that no network is needed.
"""

import json
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assetgen.diffusion.loading.checkpoint_config import HEAD, Layout, Shapes, clip, numbers, open_clip, pad_of, vae
from assetgen.diffusion.loading.compatibility import OTHER_MODEL_CURE, check_complete, error_summary
from assetgen.diffusion.loading.flow_checkpoint import flow_layout, flux_renamed, transformer_of
from assetgen.diffusion.loading.tokenizers import save_tokenizer
from assetgen.diffusion.loading.weight_files import PIPELINE_FILE, read_header
from assetgen.errors import InputError

BROKEN = (LookupError, ValueError, RuntimeError, TypeError, AttributeError)
"""What else diffusers raises, by no rule, for tensors of another network."""
UNET = "model.diffusion_model"
VAE = "first_stage_model"
SCALES = (".scale_weight", ".weight_scale", ".scale_input", "scaled_fp8", ".absmax", ".quant_map")
"""How the names end of what ComfyUI and bitsandbytes keep beside quantized weights."""
PACKED = ("I8", "U8")  # types of numbers, in the words of safetensors
NOISE = {
    "_class_name": "DDIMScheduler",
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}
"""The noise that all of them were trained with."""


def read_whole(kind: Any, file: Path, family: str, **options: Any) -> Any:
    """A pipeline from one file that holds all of a model."""
    import diffusers

    with configuration(file, family) as folder:
        index = json.loads((folder / PIPELINE_FILE).read_text())
        options |= {name: None for name, origin in index.items() if origin == [None, None]}  # or they are missed
        if family == "flux":
            network = getattr(diffusers, index["transformer"][1])
            options["transformer"] = read_network(network, file, folder / "transformer", dtype=options["dtype"])
        pipeline = kind.from_single_file(str(file), config=str(folder), local_files_only=True, **options)
    for part in pipeline.components.values():
        if hasattr(part, "named_parameters"):
            check_complete(part, file)
    return pipeline


def read_network(kind: Any, file: Path, config: Path, *, dtype: Any) -> Any:
    """One network from a file that holds it, in the form of its makers or of diffusers, alone or among others.

    Where its shapes do not tell its configuration, that is the one in the folder `config`.
    """
    from diffusers.loaders.single_file_utils import SingleFileComponentError
    from safetensors.torch import load_file

    found, tensors = transformer_of(_shapes(file)), load_file(file)
    with TemporaryDirectory(prefix="assetgen-") as name:
        if found is not None and found[1]["_class_name"] == kind.__name__:
            config = Path(name)
            (config / "config.json").write_text(json.dumps(found[1]))
            tensors = flux_renamed(tensors) if found[0] == "flux" else tensors
        try:
            network = kind.from_single_file(tensors, config=str(config), local_files_only=True, dtype=dtype)
        except (SingleFileComponentError, *BROKEN) as error:
            what = f"'{file}' does not hold the {kind.__name__} that is wanted ({_why(kind, config, tensors, error)})"
            raise InputError(what, cure=OTHER_MODEL_CURE) from error
    check_complete(network, file)
    return network


def _why(kind: Any, config: Path, names: Container[str], error: Exception) -> str:
    """What is wrong with tensors by these names: which of diffusers' are missing, where they are of its form."""
    import torch

    with torch.device("meta"):
        wanted = list(kind.from_config(kind.load_config(str(config))).state_dict())
    lost = [name for name in wanted if name not in names]
    return f"it lacks '{lost[0]}'" if lost and len(lost) < len(wanted) else error_summary(error)


def _shapes(file: Path) -> Shapes:
    """The shape of every tensor. Raises `InputError` where numbers mean nothing without scales beside them."""
    entries = read_header(file)
    for name, entry in entries.items():
        if name.endswith(SCALES) or entry.get("dtype") in PACKED:
            what = f"the weights in '{file}' are quantized with scales beside them ('{name}'), which is not read here"
            raise InputError(what, cure="Use the same model in 16 bits, or in 8 bits without scales")
    return {name: entry["shape"] for name, entry in entries.items()}


@contextmanager
def configuration(file: Path, family: str) -> Iterator[Path]:
    """A folder in diffusers layout, without weights, that fits the file; it is gone afterwards."""
    shapes = _shapes(file)
    layout = layout_of(shapes) or flow_layout(shapes)
    if layout is None or layout.family != family:
        raise _not_whole(file, family, shapes, layout)
    with TemporaryDirectory(prefix="assetgen-") as name:
        folder = Path(name)
        for part, config in layout.configs.items():
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            (folder / part).write_text(json.dumps(config))
        for part, pad in layout.tokenizers.items():
            save_tokenizer(folder / part, pad)
        yield folder


def _not_whole(file: Path, family: str, shapes: Shapes, layout: Layout | None) -> InputError:
    what = f"'{file}' is not one file of a model of family '{family}' that is known here"
    if layout is not None:
        return InputError(what, cure=f"Its card should say `family: {layout.family}`")
    if found := transformer_of(shapes):
        what = f"'{file}' holds the transformer of a model of family '{found[0]}' and not all of it"
        return InputError(what, cure="Name it as `network:`, and such a model in diffusers layout as `weights:`")
    return InputError(what, cure="Give the diffusers folder of such a model as `config:`")


def layout_of(shapes: Shapes) -> Layout | None:
    """The layout of a file that holds all of a Stable Diffusion 1, 2 or XL; None for others."""
    if f"{UNET}.input_blocks.0.0.weight" not in shapes or f"{VAE}.decoder.conv_in.weight" not in shapes:
        return None
    if "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight" in shapes:
        text = {"text_encoder": clip(shapes, "cond_stage_model.transformer.text_model")}
        return _whole(shapes, "stable_diffusion", {"attention_head_dim": 8}, text, {})
    if "cond_stage_model.model.positional_embedding" in shapes:
        # its last layer was left out in training, and the file holds it nevertheless
        text = {"text_encoder": open_clip(shapes, "cond_stage_model.model", skipped=1)}
        told = {"attention_head_dim": _heads(shapes), "use_linear_projection": True}
        return _whole(shapes, "stable_diffusion", told, text, {"prediction_type": "v_prediction"})
    return _xl(shapes) if "conditioner.embedders.1.model.positional_embedding" in shapes else None


def _xl(shapes: Shapes) -> Layout:
    text = {
        "text_encoder": clip(shapes, "conditioner.embedders.0.transformer.text_model"),
        "text_encoder_2": open_clip(shapes, "conditioner.embedders.1.model", skipped=0),
    }
    sizes = shapes[f"{UNET}.label_emb.0.0.weight"][1]
    pooled = shapes["conditioner.embedders.1.model.text_projection"][1]
    told = {"attention_head_dim": _heads(shapes), "use_linear_projection": True}
    told |= {"addition_embed_type": "text_time", "addition_time_embed_dim": (sizes - pooled) // 6}
    told |= {"projection_class_embeddings_input_dim": sizes}
    return _whole(shapes, "sdxl", told, text, {"timestep_spacing": "leading"})


def _whole(shapes: Shapes, family: str, told: dict[str, Any], texts: dict[str, Any], noise: dict[str, Any]) -> Layout:
    xl = family == "sdxl"
    index: dict[str, Any] = {"_class_name": "StableDiffusionXLPipeline" if xl else "StableDiffusionPipeline"}
    index |= {"unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
    index |= {"scheduler": ["diffusers", NOISE["_class_name"]]}
    for name, config in texts.items():
        index[name] = ["transformers", config["architectures"][0]]
        index[name.replace("text_encoder", "tokenizer")] = ["transformers", "CLIPTokenizer"]
    if xl:
        index |= {"force_zeros_for_empty_prompt": True}
    configs = {
        "model_index.json": index,
        "unet/config.json": _unet(shapes) | told,
        "vae/config.json": vae(shapes, VAE, 0.13025 if xl else 0.18215),
        "scheduler/scheduler_config.json": NOISE | noise,
        **{f"{name}/config.json": config for name, config in texts.items()},
    }
    tokenizers = {name.replace("text_encoder", "tokenizer"): pad_of(config) for name, config in texts.items()}
    return Layout(family, configs, tokenizers)


def _unet(shapes: Shapes) -> dict[str, Any]:
    """Its blocks in order: some layers each, of one width, then a layer that halves the picture."""
    blocks: list[dict[str, Any]] = [{"layers": 0, "depth": 0}]
    for number in numbers(shapes, f"{UNET}.input_blocks.#.")[1:]:
        stem = f"{UNET}.input_blocks.{number}"
        if f"{stem}.0.op.weight" in shapes:
            blocks.append({"layers": 0, "depth": 0})
            continue
        blocks[-1]["layers"] += 1
        blocks[-1]["width"] = shapes[f"{stem}.0.out_layers.3.weight"][0]
        blocks[-1]["depth"] = len(numbers(shapes, f"{stem}.1.transformer_blocks.#."))
    attending = [bool(block["depth"]) for block in blocks]
    first = f"{UNET}.middle_block.1.transformer_blocks.0.attn2.to_k.weight"
    return {
        "_class_name": "UNet2DConditionModel",
        "in_channels": shapes[f"{UNET}.input_blocks.0.0.weight"][1],
        "out_channels": shapes[f"{UNET}.out.2.weight"][0],
        "block_out_channels": [block["width"] for block in blocks],
        "layers_per_block": blocks[0]["layers"],
        "transformer_layers_per_block": [max(block["depth"], 1) for block in blocks],
        "down_block_types": ["CrossAttnDownBlock2D" if attends else "DownBlock2D" for attends in attending],
        "up_block_types": ["CrossAttnUpBlock2D" if attends else "UpBlock2D" for attends in attending[::-1]],
        "cross_attention_dim": shapes[first][1],
    }


def _heads(shapes: Shapes) -> list[int]:
    return [max(width // HEAD, 1) for width in _unet(shapes)["block_out_channels"]]
