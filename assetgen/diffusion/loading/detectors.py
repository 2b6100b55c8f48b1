"""Networks of detector controls (depth, poses, edges), loaded without running code from their files.

Their weights are published as pickles; `torch.load(weights_only=True)` reads only tensors from them.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.loading.warm_cache import WARM
from assetgen.diffusion.loading.weight_files import check_file
from assetgen.diffusion.speed.devices import libraries
from assetgen.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

_DOWNLOAD_CURE = "Download it again from where the detector's weights are published"
_CUDA = "CUDAExecutionProvider"
_FIRST_TORCHVISION = 15  # torch 2.N goes with torchvision 0.(N + 15)

Load = Callable[["Mapping[str, Tensor]", str], Any]


def warm_detector(load: Load, file: Path, digest: str, device: str) -> Any:
    """The network that `load(tensors, device)` makes of a file's tensors, kept in memory. `digest` identifies the
    file's content."""
    return WARM.get("detector", (load, file, digest, device), lambda: load(read_tensors(file), device))


@dataclass(frozen=True)
class OnnxNetwork:
    """An ONNX network; `size` is the width and height of its input image."""

    run: Callable[[Any], list[Any]]
    size: tuple[int, int]


def warm_graph(file: Path, digest: str, device: str) -> OnnxNetwork:
    """The network in an .onnx file, kept in memory; it runs on a GPU where the installed ONNX Runtime supports it.

    Raises `InputError` for other files, `ImportError` without ONNX Runtime.
    """
    return WARM.get("onnx", (file, digest, device), lambda: _read_onnx(file, device))


def _read_onnx(file: Path, device: str) -> OnnxNetwork:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are also raised
    name, _, number = device.partition(":")
    providers: list[Any] = ["CPUExecutionProvider"]
    if name == "cuda" and _CUDA in onnxruntime.get_available_providers():
        providers.insert(0, (_CUDA, {"device_id": int(number or 0)}))
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=providers)
    except Exception as error:  # its errors have no base of their own
        reason = str(error).strip().partition("\n")[0][:120]
        raise InputError(f"'{file}' is damaged or not an ONNX network ({reason})", cure=_DOWNLOAD_CURE) from error
    entries = session.get_inputs()
    shape = entries[0].shape if len(entries) == 1 else []
    if len(shape) != 4 or not all(isinstance(side, int) for side in shape[2:]):
        raise InputError(f"the network in '{file}' does not take one image of a fixed size", cure=_DOWNLOAD_CURE)
    return OnnxNetwork(lambda image: session.run(None, {entries[0].name: image}), (shape[3], shape[2]))


def read_tensors(file: Path) -> Mapping[str, Tensor]:
    """Tensors by name from a .safetensors file or a pickle of tensors. Raises `InputError` for other files."""
    torch, _ = libraries()
    if file.suffix == ".safetensors":
        from safetensors.torch import load_file

        check_file(file)
        return dict(load_file(file))
    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, OSError, EOFError, ValueError, KeyError, AttributeError) as error:
        what = f"'{file}' is damaged, or holds more than tensors, and is not opened"
        raise InputError(what, cure=_DOWNLOAD_CURE) from error
    if not isinstance(found, Mapping):
        raise InputError(f"'{file}' does not hold the weights of a network")
    return found


def ready(network: Module, tensors: Mapping[str, Tensor], device: str) -> Module:
    """Load weights into a network and move it to a device, in evaluation mode."""
    network.load_state_dict(tensors)
    return network.float().eval().to(device)


def torchvision_cure() -> str:
    """The command that installs the torchvision for this torch without replacing torch."""
    torch, _ = libraries()
    minor = int(torch.__version__.split(".")[1])
    return f'pip install --no-deps "torchvision==0.{minor + _FIRST_TORCHVISION}.*" timm'
