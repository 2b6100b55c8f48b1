"""Run detectors: networks, most of them from the package controlnet-aux, that derive a control image from an image.

`controlnet_aux/__init__.py` imports every detector, and with them torchvision. Here each detector module is imported
alone. Weights are loaded by `diffusion/loading/detectors.py`, not by the package.
"""

import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from assetgen.controls._fit import ControlSize, Fit, pad_to_size, read_fitted, resize_to
from assetgen.diffusion.loading.detectors import import_alone, ready, torchvision_cure, warm_detector
from assetgen.diffusion.loading.onnx_files import OnnxNetwork, warm_graph
from assetgen.diffusion.loading.weight_files import (
    NotDownloadedError,
    find_missing,
    get_command,
    hub_file,
    raise_missing,
)
from assetgen.diffusion.speed.devices import resolve_device
from assetgen.errors import InputError, NotInstalledError
from assetgen.images import ImageSet, color_image
from assetgen.parts import HubFile, InputFile, hub_files, load_part, part_names

__all__ = ["Network", "DetectorInput", "Pixels", "Tensors", "ready"]
"""`ready` is re-exported for the controls."""

Network = Any
"""A network or detector object of controlnet-aux, which has no type hints."""
Tensors = Mapping[str, Any]
"""Weights by name, as torch tensors."""
Pixels = NDArray[np.uint8]
"""An sRGB image `H×W×3`, or one channel `H×W`."""

_PACKAGE = "controlnet_aux"
_CURES = {
    _PACKAGE: 'pip install "assetgen[controls]" && pip install --no-deps controlnet-aux==0.0.10',
    "einops": 'pip install "assetgen[controls]"',
    "skimage": 'pip install "assetgen[controls]"',
}
_REPLACE_TORCH = ("torchvision", "timm")
"""Packages for which pip would install another torch."""
_LEAST_SIDE, _MOST_SIDE = 512, 1024  # pixels of the shorter side: the range the detectors were trained for
_MOST_LONG = 2048  # pixels: the longer side is not enlarged beyond this
_GRID = 64  # pixels: sides are multiples of this, as the networks require


def _check_complete(value: object) -> object:
    if isinstance(value, Mapping) and set(value) != set(HubFile.model_fields):
        raise ValueError("weights are a file, or {hub: …, revision: …, file: …}")
    return value


DetectorWeights = Annotated[InputFile | HubFile, BeforeValidator(_check_complete)]
"""Weights of a detector: a file relative to the pack, or a pinned file on the Hugging Face hub."""


def annotators_file(file: str) -> HubFile:
    """A file of lllyasviel/Annotators, where the author of ControlNet collects the weights of most detectors."""
    return HubFile(hub="lllyasviel/Annotators", revision="982e7edaec38759d914a963c48c4726685de7d96", file=file)


@dataclass(frozen=True)
class DetectorInput:
    """The image that a detector receives, and the size of the control image it makes."""

    image: InputFile
    size: ControlSize
    fit: Fit

    def read(self) -> Pixels:
        """The image at the resolution that detectors are trained for, both sides multiples of 64 pixels."""
        short, long = sorted(self.size)
        scale = min(max(short, _LEAST_SIDE), _MOST_SIDE) / short
        scale = min(scale, max(1.0, _MOST_LONG / long))
        larger = round(self.size[0] * scale), round(self.size[1] * scale)
        pixels = read_fitted(self.image, larger, self.fit)
        height, width = (max(_GRID, round(side / _GRID) * _GRID) for side in pixels.shape[:2])
        return np.asarray(resize_to(pixels, (width, height)), np.uint8)

    def control_image(self, drawing: Pixels) -> ImageSet:
        """A detector's output for `read()`, scaled to `size`; black where `contain` leaves borders."""
        height, width = read_fitted(self.image, self.size, self.fit).shape[:2]
        whole = pad_to_size(resize_to(drawing, (width, height)), self.size)
        return color_image(whole if whole.shape[2] == 3 else np.repeat(whole, 3, axis=2))


def draw_unscaled(detector: Network, pixels: Pixels) -> Pixels:
    """Run a detector at the resolution of its input."""
    return np.asarray(detector(pixels, **no_scaling(pixels)), np.uint8)


def draw_soft_edges(kind: Literal["softedge", "scribble"], detector: Network, pixels: Pixels) -> Pixels:
    """Run an edge detector (HED, PiDiNet) for soft edges, or for the thin lines of a scribble."""
    return np.asarray(detector(pixels, scribble=kind == "scribble", **no_scaling(pixels)), np.uint8)


def draw_thin_edges(detector: Network, pixels: Pixels) -> Pixels:
    """Run a detector of the TEED family (TEED, Anyline)."""
    return np.asarray(detector(pixels, detect_resolution=min(pixels.shape[:2]), output_type="np"), np.uint8)


def run_detector(
    view: DetectorInput,
    device: str,
    weights: DetectorWeights,
    load: Callable[[Tensors, str], Network],
    draw: Callable[[Network, Pixels], Pixels] = draw_unscaled,
) -> ImageSet:
    """Make a control image with `draw(detector, pixels)`, where `load(tensors, device)` builds the detector.

    `load` must be a module-level function: loaded detectors are cached by it and the weights. Raises
    `NotInstalledError` for missing packages or weights and `InputError` for weights of another network.
    """
    torch_device = resolve_device(device)
    file, digest = _locate(weights)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            detector = warm_detector(load, file, digest, torch_device)
    except (RuntimeError, KeyError, TypeError, AttributeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0][:120]
        what = f"'{file.name}' does not hold the weights of this detector ({reason})"
        raise InputError(what, cure="Give the file that is published for it") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return view.control_image(draw(detector, view.read()))


def onnx_networks(device: str, *weights: DetectorWeights) -> list[OnnxNetwork]:
    """Load ONNX networks. Raises `NotInstalledError` for missing files or packages, `InputError` for other files."""
    missing = find_missing(partial(_locate, each) for each in weights)
    raise_missing([each.name for each in missing], "this control", missing[0].cure if missing else "")
    return [warm_graph(*_locate(each), device) for each in weights]


def _locate(weights: DetectorWeights) -> tuple[Path, str]:
    """The path of the weights, and a string that changes with their content."""
    if isinstance(weights, InputFile):
        return weights.path, weights.sha256
    try:
        return hub_file(weights.hub, weights.revision, weights.file), weights.identity
    except NotDownloadedError as error:
        raise NotDownloadedError(error.what, cure=_download_cure(weights), name=error.name) from error


def _download_cure(weights: HubFile) -> str:
    """The command that downloads the default weights of a control; for others the page of their repository."""
    for name in part_names("control"):
        if weights in hub_files(load_part("control", name)):
            return get_command(name)
    return f"Download '{weights.file}' from https://huggingface.co/{weights.hub} and write its path as `weights:`"


def required_weights(weights: DetectorWeights | None, hub: str, file: str) -> DetectorWeights:
    """Weights that have no pinned default. Raises `NotInstalledError`, with the download command, for None."""
    if weights is None:
        cure = f"Download it from https://huggingface.co/{hub} and write its path, like `weights: {file}`"
        raise NotInstalledError(f"this control needs the weights '{file}' of '{hub}'", cure=cure)
    return weights


def no_scaling(pixels: Pixels) -> dict[str, Any]:
    """Keyword arguments that stop a detector of controlnet-aux from scaling its input and output."""
    side = min(pixels.shape[:2])
    return {"detect_resolution": side, "image_resolution": side, "output_type": "np"}


def load_module(name: str) -> Any:
    """Import one module of controlnet-aux. Raises `NotInstalledError` where it or a package it needs is missing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = import_alone(_PACKAGE, name)
    except ModuleNotFoundError as error:
        missing = (error.name or _PACKAGE).partition(".")[0]
        raise NotInstalledError(f"this control needs {missing.replace('_', '-')}", cure=_cure(missing)) from error
    except (ImportError, RuntimeError, OSError) as error:  # a torchvision that was built for another torch
        reason = str(error).strip().partition("\n")[0]
        what = f"a package that this control needs does not fit PyTorch ({reason})"
        raise NotInstalledError(what, cure=torchvision_cure()) from error
    for each in [each for known, each in sys.modules.items() if known.startswith(f"{_PACKAGE}.")]:
        each.__dict__["print"] = _print_nothing  # stdout carries JSON events
    return module


def _print_nothing(*_: object, **__: object) -> None:
    """Replaces `print` in the modules of controlnet-aux."""


def without_module_prefix(tensors: Tensors) -> Tensors:
    """Weights without the `module.` prefix that `DataParallel` adds to their names."""
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


def _cure(missing: str) -> str:
    return torchvision_cure() if missing in _REPLACE_TORCH else _CURES.get(missing, 'pip install "assetgen[gen]"')
