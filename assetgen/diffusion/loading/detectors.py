"""Networks that look at a picture, for controls: their weights read without running what else a file may hold.

Their weights are published as pickles. Those are opened by PyTorch's reader of plain tensors alone
(`torch.load(weights_only=True)`), which runs nothing of them, whatever the environment says.
"""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from assetgen.diffusion.loading.weight_files import check_file
from assetgen.diffusion.speed.devices import libraries
from assetgen.errors import InputError

KEPT = 2
"""Detectors that stay in memory, so that the assets of a pack do not load them one by one."""
DOWNLOAD_CURE = "Download it again from where the detector's weights are published"
CUDA = "CUDAExecutionProvider"
FIRST_TORCHVISION = 15  # torch 2.N goes with torchvision 0.(N + 15)

Load = Callable[[Mapping[str, Any], str], Any]


@lru_cache(maxsize=KEPT)
def warm_detector(load: Load, file: Path, digest: str, place: str) -> Any:
    """What `load` makes of a file's tensors on a device; kept in memory. `digest` tells files of one name apart."""
    return load(read_tensors(file), place)


@dataclass(frozen=True)
class OnnxNetwork:
    """A network in ONNX's form: `size` is the width and height of what it looks at."""

    run: Callable[[Any], list[Any]]
    size: tuple[int, int]


@lru_cache(maxsize=KEPT)
def warm_graph(file: Path, digest: str, place: str) -> OnnxNetwork:
    """The network in an .onnx file, kept in memory: on a GPU where the installed ONNX Runtime has a way to it, else on
    the processor. Raises `InputError` for a file of something else, `ImportError` without ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised as well
    name, _, number = place.partition(":")
    ways: list[Any] = ["CPUExecutionProvider"]
    if name == "cuda" and CUDA in onnxruntime.get_available_providers():
        ways.insert(0, (CUDA, {"device_id": int(number or 0)}))
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=ways)
    except Exception as error:  # its errors have no base of their own
        said = str(error).strip().partition("\n")[0][:120]
        raise InputError(f"'{file}' is damaged or no ONNX network ({said})", cure=DOWNLOAD_CURE) from error
    entries = session.get_inputs()
    shape = entries[0].shape if len(entries) == 1 else []
    if len(shape) != 4 or not all(isinstance(side, int) for side in shape[2:]):
        raise InputError(f"the network in '{file}' does not look at one picture of one size", cure=DOWNLOAD_CURE)
    return OnnxNetwork(lambda pictures: session.run(None, {entries[0].name: pictures}), (shape[3], shape[2]))


def unload_detectors() -> None:
    """Forget those in memory."""
    warm_detector.cache_clear()
    warm_graph.cache_clear()


def read_tensors(file: Path) -> Mapping[str, Any]:
    """Tensors by name from a .safetensors file or from a pickle of nothing but tensors. Raises `InputError` else."""
    torch, _ = libraries()
    if file.suffix == ".safetensors":
        from safetensors.torch import load_file

        check_file(file)
        return dict(load_file(file))
    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, OSError, EOFError, ValueError, KeyError, AttributeError) as error:
        what = f"'{file}' is damaged, or holds more than tensors, and is not opened"
        raise InputError(what, cure=DOWNLOAD_CURE) from error
    if not isinstance(found, Mapping):
        raise InputError(f"'{file}' does not hold the weights of a network")
    return found


def ready(network: Any, tensors: Mapping[str, Any], place: str) -> Any:
    """A network with these weights, on a device, for use alone."""
    network.load_state_dict(tensors)
    return network.float().eval().to(place)


def torchvision_cure() -> str:
    """The command that installs the torchvision that goes with this torch, and leaves torch alone."""
    torch, _ = libraries()
    minor = int(torch.__version__.split(".")[1])
    return f'pip install --no-deps "torchvision==0.{minor + FIRST_TORCHVISION}.*" timm'
