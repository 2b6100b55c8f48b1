"""Tensors of files whose weights are stored in fewer bits, with scales in further tensors.

ComfyUI's scaled fp8: `LAYER.weight` with `LAYER.scale_weight` and the marker `scaled_fp8`, or with `LAYER.weight_scale`
and the format in `LAYER.comfy_quant` or in the file's `_quantization_metadata`. Black Forest Labs' fp8: a
`LAYER.weight_scale` of one scale a row, and for nvfp4 `weight_scale_2`. The embedded models: int8 with one scale a row,
in diffusers folders. bitsandbytes: `LAYER.weight.quant_state.…`.

A weight is its stored numbers times their scale. diffusers runs fp8 with one scale a matrix or row as it is
(`load_fp8`); all others are converted to 16 bits on loading (`load_tensors`) and take the memory of 16 bits, unless
`quantize:` stores them in fewer bits again.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.loading.weight_headers import GGUF, read_header
from assetgen.errors import InputError, NotInstalledError

if TYPE_CHECKING:
    from torch import Tensor, dtype

_Tensors = dict[str, "Tensor"]
_MARKER = "scaled_fp8"
_FORMAT = ".comfy_quant"
_METADATA = "_quantization_metadata"
_SCALES = (".scale_weight", ".weight_scale")
_GLOBAL_SCALE = ".weight_scale_2"
_ACTIVATIONS = (".scale_input", ".input_scale")
"""Scales of activations, which stay in 16 bits here."""
_NF4 = (".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map")
_NF4_STATE = ".quant_state.bitsandbytes__"
_KNOWN_FORMATS = (
    "float8_e4m3fn",
    "float8_e4m3fn_rowwise",
    "float8_e4m3fn_blockwise",
    "float8_e5m2",
    "int8_tensorwise",
    "int8_blockwise",
)
_CURE = "Use the same model in 16 bits, as scaled fp8 or as GGUF"


def has_scales(names: Mapping[str, Any]) -> bool:
    """True if weights of a file have scales, by its tensor names."""
    endings = (_MARKER, _FORMAT, *_SCALES, *_NF4)
    return any(name.endswith(endings) for name in names)


def file_with_scales(folder: Path) -> Path | None:
    """The weight file in the folder of one network, if its weights have scales."""
    files = sorted(folder.glob("*.safetensors"))
    return files[0] if len(files) == 1 and has_scales(read_header(files[0])) else None


def check_plain(file: Path) -> None:
    """Raise `InputError` for a file in fewer bits: diffusers reads it without its scales where a repository of the hub
    describes it."""
    if file.suffix == GGUF or has_scales(read_header(file)):
        what = f"the weights in '{file}' are stored in fewer bits, and are not read with a hub repository as `config:`"
        raise InputError(what, cure="Give the diffusers folder of such a model as `config:`, or remove `config:`")


def logical_shapes(file: Path) -> dict[str, list[int]]:
    """The shapes of a file's weights, without scales; those that bitsandbytes packs have their unpacked shape."""
    entries = read_header(file)
    shapes = {name: list(entry["shape"]) for name, entry in entries.items() if not _is_scale(name)}
    packed = [name for name in entries if _NF4_STATE in name]
    if packed:
        from safetensors import safe_open

        with safe_open(file, "pt") as opened:
            for name in packed:
                shapes[name.partition(_NF4_STATE)[0]] = _json(opened.get_tensor(name), file)["shape"]
    return shapes


def load_tensors(file: Path, to: dtype) -> _Tensors:
    """The tensors of a file, those with scales converted to the dtype `to`. Raises `InputError` for other formats."""
    from safetensors.torch import load_file

    tensors: _Tensors = load_file(file)
    if not has_scales(tensors):
        _check_no_integers(tensors, file)
        return tensors
    layers = _layers(tensors, file)
    found = {name: tensor for name, tensor in tensors.items() if not _is_scale(name) and name not in layers}
    _check_no_integers(found, file)
    return found | {name: _dequantized(name, tensors, scale, file).to(to) for name, scale in layers.items()}


def runs_in_fp8(header: Mapping[str, Any]) -> bool:
    """True if the weights with scales in a file are fp8 matrices with one scale each or one a row, by its header."""
    names = [name for name in header if name.endswith(_SCALES)]
    weights = [header.get(f"{_stem(name)}.weight", {}) for name in names]
    rows = [(weight.get("shape") or [0])[0] for weight in weights]
    is_fp8 = all(each.get("dtype") == "F8_E4M3" and len(each["shape"]) == 2 for each in weights)
    fits = all(prod(header[name]["shape"]) in (1, count) for name, count in zip(names, rows, strict=True))
    return bool(names) and is_fp8 and fits


def load_fp8(file: Path) -> _Tensors:
    """The tensors of a file that `runs_in_fp8`, with one scale a row as `LAYER.weight_scale`, for diffusers."""
    from safetensors.torch import load_file

    tensors = load_file(file)
    found = {name: tensor for name, tensor in tensors.items() if not _is_scale(name)}
    for name, scale in _layers(tensors, file).items():
        if scale is not None:
            found[f"{name}_scale"] = scale.float().reshape(-1).expand(len(tensors[name])).contiguous()
    return found


def _is_scale(name: str) -> bool:
    return name.endswith((_MARKER, _FORMAT, _GLOBAL_SCALE, *_SCALES, *_ACTIVATIONS, *_NF4)) or _NF4_STATE in name


def _layers(tensors: _Tensors, file: Path) -> dict[str, Tensor | None]:
    """The names of the weights with scales, each with its scale; None for those of bitsandbytes."""
    for layer, form in _declared_formats(tensors, file):
        rotated = form.get("convrot") or dict(form.get("params") or {}).get("convrot")
        name = f"{form.get('format')}{' with convrot' if rotated else ''}"
        if name not in _KNOWN_FORMATS:
            what = f"the weights in '{file}' are stored as {name} ('{layer}'), which is not supported"
            raise InputError(what, cure=_CURE)
    found: dict[str, Tensor | None] = {}
    for name, tensor in tensors.items():
        if name.endswith(_SCALES) and f"{_stem(name)}.weight" in tensors:
            found[f"{_stem(name)}.weight"] = tensor
        elif _NF4_STATE in name:
            found[name.partition(_NF4_STATE)[0]] = None
    return found


def _stem(scale: str) -> str:
    """The layer of a scale's name."""
    return scale.rpartition(".")[0]


def _declared_formats(tensors: _Tensors, file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The layers whose format a file states, in tensors or in its metadata."""
    from safetensors import safe_open

    for name, tensor in tensors.items():
        if name.endswith(_FORMAT):
            yield name.removesuffix(_FORMAT), _json(tensor, file)
    with safe_open(file, "pt") as opened:
        text = (opened.metadata() or {}).get(_METADATA)
    try:
        layers = dict(json.loads(text)["layers"]) if text else {}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"the metadata '{_METADATA}' of '{file}' cannot be read", cure=_CURE) from error
    for layer, form in layers.items():
        yield layer, form if isinstance(form, dict) else {"format": form}


def _json(tensor: Tensor, file: Path) -> dict[str, Any]:
    """The JSON object in a tensor of bytes."""
    try:
        found = json.loads(tensor.numpy().tobytes())
    except (ValueError, TypeError) as error:
        raise InputError(f"'{file}' has a tensor of JSON that cannot be read", cure=_CURE) from error
    if not isinstance(found, dict):
        raise InputError(f"'{file}' has a tensor of JSON that is no object", cure=_CURE)
    return dict(found)


def _dequantized(name: str, tensors: _Tensors, scale: Tensor | None, file: Path) -> Tensor:
    """A weight in 32 bits."""
    import torch

    weight = tensors[name]
    if scale is None:
        return _from_bitsandbytes(name, tensors)
    if (global_scale := tensors.get(f"{name}_scale_2")) is not None:
        from diffusers.quantizers.bfl import utils

        if utils.E2M1_LUT.is_meta:  # it was imported while a model without data was made
            importlib.reload(utils)
        found: Tensor = utils.dequantize_nvfp4(weight, scale, global_scale)
        return found
    if weight.dtype == torch.uint8:  # fp8 stored as bytes
        weight = weight.view(torch.float8_e4m3fn)
    return weight.float() * _spread(scale.float(), weight, name, file)


def _spread(scale: Tensor, weight: Tensor, name: str, file: Path) -> Tensor:
    """Scales of a matrix, of its rows or of its blocks, in a shape that multiplies the weight."""
    if scale.numel() == 1:
        return scale.reshape(())
    if scale.numel() == len(weight):
        return scale.reshape(-1, *[1] * (weight.ndim - 1))
    if scale.ndim == 2 and weight.ndim == 2 and not any(w % s for w, s in zip(weight.shape, scale.shape, strict=True)):
        rows, columns = (w // s for w, s in zip(weight.shape, scale.shape, strict=True))
        return scale.repeat_interleave(rows, 0).repeat_interleave(columns, 1)
    what = f"the scale of '{name}' in '{file}' has the shape {list(scale.shape)}, which does not fit its weight"
    raise InputError(what, cure=_CURE)


def _from_bitsandbytes(name: str, tensors: _Tensors) -> Tensor:
    try:
        from bitsandbytes.functional import QuantState, dequantize_4bit
    except ImportError as error:
        what = f"4-bit weights of bitsandbytes ('{name}') need bitsandbytes ({error})"
        raise NotInstalledError(what, cure='pip install "assetgen[quant]"') from error
    parts = {key.removeprefix(f"{name}."): tensor for key, tensor in tensors.items() if key.startswith(f"{name}.")}
    found: Tensor = dequantize_4bit(tensors[name], QuantState.from_dict(parts, device="cpu"))
    return found.float()


def _check_no_integers(tensors: _Tensors, file: Path) -> None:
    """Raise `InputError` for integer weights without a known scale."""
    for name, tensor in tensors.items():
        if name.endswith(".weight") and not (tensor.is_floating_point() or tensor.is_complex()):
            what = f"the weights in '{file}' are quantized ('{name}'), and their scales are not of a known kind"
            raise InputError(what, cure=_CURE)
