"""Detectors of the package controlnet-aux: networks that draw a control from a picture.

Its own `__init__` imports every detector, and so needs torchvision for all of them: here each is imported alone. Its
own loading of weights is not used: see `diffusion/detectors.py`.
"""

import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from assetgen.controls._fit import Fit, Size, padded, read_fitted, resized
from assetgen.diffusion.loading.detectors import OnnxNetwork, ready, torchvision_cure, warm_detector, warm_graph
from assetgen.diffusion.loading.weight_files import check_all_downloaded, hub_file
from assetgen.diffusion.speed.devices import resolve_device
from assetgen.errors import InputError, NotInstalledError
from assetgen.images import ImageSet, color_image
from assetgen.parts import HubFile, InputFile

PACKAGE = "controlnet_aux"
CURES = {
    PACKAGE: 'pip install "assetgen[controls]" && pip install --no-deps controlnet-aux==0.0.10',
    "einops": 'pip install "assetgen[controls]"',
    "onnxruntime": 'pip install "assetgen[controls]"',
    "skimage": 'pip install "assetgen[controls]"',
}
NEEDS_TORCH_ITSELF = ("torchvision", "timm")
"""Packages that pip would replace torch for."""
LEAST_SIDE, MOST_SIDE = 512, 1024  # pixels of the shorter side that detectors look at: they were made for these
MOST_LONG = 2048  # pixels of the longer side that a picture is enlarged to
GRID = 64  # pixels: their networks want sides that are multiples of it

__all__ = ["View", "ready"]
"""`ready` is for the detectors' files, which import from here alone."""


def _whole(value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) != set(HubFile.model_fields):
        raise ValueError("weights are a file, or {hub: …, revision: …, file: …}")
    return value


Weights = Annotated[InputFile | HubFile, BeforeValidator(_whole)]
"""Weights of a detector: a file beside the pack, or one of the hub."""


def annotators(file: str) -> HubFile:
    """A file of the repository in which the author of ControlNet gathered the weights of most detectors."""
    return HubFile(hub="lllyasviel/Annotators", revision="982e7edaec38759d914a963c48c4726685de7d96", file=file)


@dataclass(frozen=True)
class View:
    """The picture that a detector looks at, and the size that its drawing is for."""

    image: InputFile
    size: Size
    fit: Fit

    def scaled(self) -> NDArray[np.uint8]:
        """The picture as large as detectors want it, sides multiples of `GRID`."""
        short, long = sorted(self.size)
        scale = min(max(short, LEAST_SIDE), MOST_SIDE) / short
        scale = min(scale, max(1.0, MOST_LONG / long))
        larger = round(self.size[0] * scale), round(self.size[1] * scale)
        seen = read_fitted(self.image, larger, self.fit)
        height, width = (max(GRID, round(each / GRID) * GRID) for each in seen.shape[:2])
        return np.asarray(resized(seen, (width, height)), np.uint8)

    def drawn(self, drawing: NDArray[np.uint8]) -> ImageSet:
        """A drawing of `scaled()` at the size asked for, black where the picture did not reach."""
        height, width = read_fitted(self.image, self.size, self.fit).shape[:2]
        whole = padded(resized(drawing, (width, height)), self.size)
        return color_image(whole if whole.shape[2] == 3 else np.repeat(whole, 3, axis=2))


def as_large(detector: Any, pixels: Any) -> Any:
    """What a detector draws, as large as what it sees."""
    return detector(pixels, **same_size(pixels))


def detected(
    view: View,
    device: str,
    weights: Weights,
    load: Callable[[Mapping[str, Any], str], Any],
    draw: Callable[[Any, Any], Any] = as_large,
) -> ImageSet:
    """What `draw(detector, pixels)` makes of a view (uint8, grey or RGB), where `load` makes the detector of weights on
    a device.

    Raises `NotInstalledError` for what is missing and `InputError` for weights of something else.
    """
    place = resolve_device(device)
    file, digest = _found(weights)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            detector = warm_detector(load, file, digest, place)
    except (RuntimeError, KeyError, TypeError, AttributeError, ValueError) as error:
        said = str(error).strip().partition("\n")[0][:120]
        what = f"'{file.name}' does not hold the weights of this detector ({said})"
        raise InputError(what, cure="Give the file that is published for it") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return view.drawn(np.asarray(draw(detector, view.scaled()), np.uint8))


def graphs_of(device: str, *weights: Weights) -> list[OnnxNetwork]:
    """Networks in ONNX's form. Raises `NotInstalledError` for what is missing and `InputError` for other files."""
    place = resolve_device(device)
    check_all_downloaded([partial(_found, each) for each in weights], "this control")
    try:
        return [warm_graph(*_found(each), place) for each in weights]
    except ImportError as error:
        raise NotInstalledError("this control needs onnxruntime", cure=CURES["onnxruntime"]) from error


def _found(weights: Weights) -> tuple[Path, str]:
    """Where weights lie, and what tells them from others."""
    if isinstance(weights, InputFile):
        return weights.path, weights.sha256
    return hub_file(weights.hub, weights.revision, weights.file), weights.identity


def given(weights: Weights | None, hub: str, file: str) -> Weights:
    """Weights that a person must name, as no revision of them is pinned here. Raises `NotInstalledError` without."""
    if weights is None:
        cure = f"While online, run: hf download {hub} {file} --local-dir . and write `weights: {file}`"
        raise NotInstalledError(f"this control wants the weights '{file}' of '{hub}'", cure=cure)
    return weights


def same_size(pixels: NDArray[np.uint8]) -> dict[str, Any]:
    """The words that keep a detector from scaling pictures itself."""
    side = min(pixels.shape[:2])
    return {"detect_resolution": side, "image_resolution": side, "output_type": "np"}


def module_of(name: str) -> Any:
    """The module of one detector. Raises `NotInstalledError` where it or what it needs is missing."""
    try:
        if PACKAGE not in sys.modules:
            _register()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = import_module(f"{PACKAGE}.{name}")
    except ModuleNotFoundError as error:
        missing = (error.name or PACKAGE).partition(".")[0]
        raise NotInstalledError(f"this control needs {missing.replace('_', '-')}", cure=_cure(missing)) from error
    except (ImportError, RuntimeError, OSError) as error:  # a torchvision that was built for another torch
        said = str(error).strip().partition("\n")[0]
        what = f"a package that this control needs does not fit PyTorch ({said})"
        raise NotInstalledError(what, cure=torchvision_cure()) from error
    for each in [each for known, each in sys.modules.items() if known.startswith(f"{PACKAGE}.")]:
        each.__dict__["print"] = _say_nothing  # stdout is for our events
    return module


def _say_nothing(*_: object, **__: object) -> None:
    """What the package prints with."""


def unwrapped(tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    """Weights without the prefix that training on several GPUs leaves on their names."""
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


def _register() -> None:
    """Put the package without its `__init__` among the modules."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError("no such package", name=PACKAGE)
    package = ModuleType(PACKAGE)
    package.__path__, package.__spec__ = list(spec.submodule_search_locations), spec
    sys.modules[PACKAGE] = package


def _cure(missing: str) -> str:
    return torchvision_cure() if missing in NEEDS_TORCH_ITSELF else CURES.get(missing, 'pip install "assetgen[gen]"')
