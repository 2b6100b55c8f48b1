"""Load models and networks from one file, as ComfyUI and model publishers distribute them.

diffusers converts the tensors (`from_single_file`), but downloads the configuration from the hub. Those of the
published models are therefore shipped in `configurations/`, and chosen by a few tensor names and shapes.
"""

import json
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assetgen.diffusion._private_apis import single_file_tensors
from assetgen.diffusion.loading.compatibility import OTHER_MODEL_CURE, check_complete, error_summary
from assetgen.diffusion.loading.quantized_files import load_fp8, load_tensors, logical_shapes, runs_in_fp8
from assetgen.diffusion.loading.tokenizers import save_tokenizer
from assetgen.diffusion.loading.weight_files import PIPELINE_FILE
from assetgen.diffusion.loading.weight_headers import GGUF, read_header
from assetgen.errors import InputError

_CONFIGURATIONS = Path(__file__).parent / "configurations"
_CONVERSION_ERRORS = (LookupError, ValueError, RuntimeError, TypeError, AttributeError)
"""What diffusers raises for tensors of another network, beside its own errors."""
_UNET_INPUT = "model.diffusion_model.input_blocks.0.0.weight"
_INPAINTING_CHANNELS = 9  # latents, mask, masked image
_TRANSFORMER_PREFIX = "model.diffusion_model."
_VAE_DECODERS = ("first_stage_model.decoder.conv_in.weight", "vae.decoder.conv_in.weight")
_TEXT_ENCODERS = {
    "sd1": ("cond_stage_model.transformer.text_model.embeddings.position_embedding.weight",),
    "sd2": ("cond_stage_model.model.positional_embedding",),
    "sdxl": ("conditioner.embedders.1.model.positional_embedding",),
    "sd3": tuple(
        f"text_encoders.{name}.transformer.text_model.embeddings.position_embedding.weight"
        for name in ("clip_l", "clip_g")
    ),
    "flux": (
        "text_encoders.clip_l.transformer.text_model.embeddings.position_embedding.weight",
        "text_encoders.t5xxl.transformer.shared.weight",
    ),
}
"""A tensor of each text encoder, by configuration."""
_OPTIONAL_T5 = "text_encoders.t5xxl.transformer.shared.weight"
"""Files of Stable Diffusion 3 may leave T5 out."""
_FLUX_FILL_CHANNELS = 384
_FLUX2_TENSOR = "double_stream_modulation_img.lin.weight"
_FLUX2_VARIANTS = {4096: "klein_9b", 6144: "dev"}
"""By the width of the transformer; klein 4B has 3072."""

Shapes = Mapping[str, list[int]]
"""Tensor shapes by tensor name."""
Configuration = dict[str, Any]
"""`family`, `pipeline` (a diffusers class), `parts` (a component's configuration, None for a missing one), `tokenizers`
(the padding token of CLIP's, None for T5's), and `options` of the pipeline."""


def read_whole(kind: Any, file: Path, config: Path, **options: Any) -> Any:
    """A pipeline of the diffusers class `kind` from one file; `config` is a diffusers folder without weights."""
    if file.suffix == GGUF:
        what = f"'{file}' is a GGUF file, which holds no whole model"
        raise InputError(what, cure="Name it as `network:`, and such a model in diffusers layout as `weights:`")
    tensors = load_tensors(file, options["dtype"])
    index = json.loads((config / PIPELINE_FILE).read_text())
    options |= {name: None for name, origin in index.items() if origin == [None, None]}  # diffusers requires them
    with single_file_tensors(tensors):
        pipeline = kind.from_single_file(str(file), config=str(config), local_files_only=True, **options)
    for part in pipeline.components.values():
        if hasattr(part, "named_parameters"):
            check_complete(part, file)
    return pipeline


def read_network(kind: Any, file: Path, config: Path, *, dtype: Any, keep_fp8: bool = False) -> Any:
    """One network from a file, with original or diffusers tensor names, alone or in a whole model; `config` is the
    folder with its `config.json`. Scaled fp8 weights stay in 8 bits with `keep_fp8`, those of GGUF files always."""
    from diffusers import BFLQuantizationConfig, GGUFQuantizationConfig
    from diffusers.loaders.single_file_utils import SingleFileComponentError

    source: Any = str(file)
    options: dict[str, Any] = {"config": str(config), "local_files_only": True, "dtype": dtype}
    if file.suffix == GGUF:
        options["quantization_config"] = GGUFQuantizationConfig(compute_dtype=dtype)
    elif keep_fp8 and runs_in_fp8(read_header(file)):
        source, options["quantization_config"] = load_fp8(file), BFLQuantizationConfig(compute_dtype=dtype)
    else:
        source = load_tensors(file, dtype)
    if f"{_TRANSFORMER_PREFIX}{_FLUX2_TENSOR}" in source:  # diffusers removes the prefix for other transformers only
        stem = _TRANSFORMER_PREFIX
        source = {name.removeprefix(stem): each for name, each in source.items() if name.startswith(stem)}
    try:
        network = kind.from_single_file(source, **options)
    except (SingleFileComponentError, *_CONVERSION_ERRORS) as error:
        what = f"'{file}' is not a {kind.__name__} for this model ({_mismatch(kind, config, read_header(file), error)})"
        raise InputError(what, cure=OTHER_MODEL_CURE) from error
    check_complete(network, file)
    return network


def _mismatch(kind: Any, config: Path, names: Container[str], error: Exception) -> str:
    """The first missing tensor, if the file has diffusers names; otherwise the error of diffusers."""
    import torch

    with torch.device("meta"):
        expected = list(kind.from_config(kind.load_config(str(config))).state_dict())
    missing = [name for name in expected if name not in names]
    return f"it lacks '{missing[0]}'" if missing and len(missing) < len(expected) else error_summary(error)


@contextmanager
def whole_model_configuration(file: Path, family: str) -> Iterator[Path]:
    """Context with a diffusers folder, without weights, for a file of a whole published model."""
    shapes = logical_shapes(file)
    found = detect_whole(shapes)
    if found is None or found["family"] != family:
        raise _not_whole(file, family, shapes, found)
    with TemporaryDirectory(prefix="assetgen-") as folder:
        write_configuration(found, Path(folder))
        yield Path(folder)


@contextmanager
def transformer_configuration(file: Path, kind: str) -> Iterator[Path | None]:
    """Context with the folder of a `config.json` for the published transformer in a file; None where it is unknown or
    not of the diffusers class `kind`."""
    found = detect_transformer(logical_shapes(file))
    config = found["parts"]["transformer"] if found else None
    with _configuration_folder(config if config and config["_class_name"] == kind else None) as folder:
        yield folder


@contextmanager
def controlnet_configuration(file: Path) -> Iterator[Path | None]:
    """Context with the folder of a `config.json` for the published ControlNet in a file; None where it is unknown."""
    found = detect_controlnet(logical_shapes(file))
    with _configuration_folder(found["parts"]["controlnet"] if found else None) as folder:
        yield folder


@contextmanager
def _configuration_folder(config: Mapping[str, Any] | None) -> Iterator[Path | None]:
    """Context with the folder of a `config.json`; None without a configuration."""
    if config is None:
        yield None
        return
    with TemporaryDirectory(prefix="assetgen-") as folder:
        (Path(folder) / "config.json").write_text(json.dumps(config))
        yield Path(folder)


def _not_whole(file: Path, family: str, shapes: Shapes, found: Configuration | None) -> InputError:
    what = f"'{file}' is not a single-file model of family '{family}' known to assetgen"
    if found is not None:
        return InputError(what, cure=f"Its card should say `family: {found['family']}`")
    if transformer := detect_transformer(shapes):
        what = f"'{file}' holds only the transformer of a model of family '{transformer['family']}'"
        return InputError(what, cure="Name it as `network:`, and such a model in diffusers layout as `weights:`")
    return InputError(what, cure="Give the diffusers folder of such a model as `config:`")


def detect_whole(shapes: Shapes) -> Configuration | None:
    """The configuration of a published model whose networks are all in one file; None for others."""
    if not any(name in shapes for name in _VAE_DECODERS):
        return None
    if _UNET_INPUT in shapes:
        name = next((name for name in ("sd1", "sd2", "sdxl") if _TEXT_ENCODERS[name][0] in shapes), None)
        variant = "inpainting" if shapes[_UNET_INPUT][1] == _INPAINTING_CHANNELS else None
        return _configuration(name, variant) if name else None
    found = detect_transformer(shapes)
    encoders = _TEXT_ENCODERS.get(found["family"]) if found else None
    if found is None or encoders is None or not all(name in shapes for name in encoders):
        return None
    if found["family"] == "sd3" and _OPTIONAL_T5 not in shapes:
        found["parts"]["text_encoder_3"] = None
    return found


def detect_transformer(shapes: Shapes) -> Configuration | None:
    """The configuration of a published model whose transformer is in a file, alone or among others."""
    shapes = {name.removeprefix(_TRANSFORMER_PREFIX): shape for name, shape in shapes.items()}
    if "joint_blocks.0.x_block.attn.qkv.weight" in shapes:
        medium = "3.5_medium" if "joint_blocks.0.x_block.attn2.qkv.weight" in shapes else None
        large = "joint_blocks.37.x_block.attn.qkv.weight" in shapes
        return _configuration("sd3", "3.5_large" if large else medium)
    if "layers.0.attention.qkv.weight" in shapes and "cap_pad_token" in shapes:
        return _configuration("z_image", None)
    if _FLUX2_TENSOR in shapes and "img_in.weight" in shapes:
        return _configuration("flux2", _FLUX2_VARIANTS.get(shapes["img_in.weight"][0]))
    if "double_blocks.0.img_attn.qkv.weight" in shapes and "img_in.weight" in shapes:
        fill = "fill" if shapes["img_in.weight"][1] == _FLUX_FILL_CHANNELS else None
        return _configuration("flux", fill if "guidance_in.in_layer.weight" in shapes else "schnell")
    return None


def detect_controlnet(shapes: Shapes) -> Configuration | None:
    """The configuration of a published ControlNet union of Z-Image: version 1.0 has 6 layers, 2.0 and 2.1 have 15 and
    differ in whether their refiners have layers of their own."""
    if "control_all_x_embedder.2-1.weight" not in shapes:
        return None
    layers = {name.split(".")[1] for name in shapes if name.startswith("control_layers.")}
    refines = "control_noise_refiner.0.before_proj.weight" in shapes
    versions = {(6, False): "1.0", (15, False): "2.0", (15, True): None}  # lite versions place their layers otherwise
    key = (len(layers), refines)
    return _configuration("z_image_control", versions[key]) if key in versions else None


def _configuration(name: str, variant: str | None) -> Configuration:
    found: Configuration = json.loads((_CONFIGURATIONS / f"{name}.json").read_text())
    for part, changes in found["variants"][variant].items() if variant else ():
        found["parts"][part] |= changes
    return found


def write_configuration(configuration: Configuration, folder: Path) -> None:
    """Write a configuration as a diffusers folder without weights."""
    index = {"_class_name": configuration["pipeline"], **configuration.get("options", {})}
    for name, config in configuration["parts"].items():
        if config is None:
            index[name] = [None, None]
            continue
        library, key = ("transformers", "architectures") if "architectures" in config else ("diffusers", "_class_name")
        index[name] = [library, config[key][0] if key == "architectures" else config[key]]
        file = folder / name / ("scheduler_config.json" if name == "scheduler" else "config.json")
        file.parent.mkdir()
        file.write_text(json.dumps(config))
    for name, padding in configuration["tokenizers"].items():
        if configuration["parts"][name.replace("tokenizer", "text_encoder")] is None:
            index[name] = [None, None]
            continue
        index[name] = ["transformers", "CLIPTokenizer" if padding else "T5Tokenizer"]
        save_tokenizer(folder / name, padding)
    (folder / PIPELINE_FILE).write_text(json.dumps(index))
