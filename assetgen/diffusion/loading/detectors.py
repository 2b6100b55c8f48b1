"""Networks of detector controls (depth, poses, edges), loaded without running code from their files.

Their weights are published as pickles; `torch.load(weights_only=True)` reads only tensors from them.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.loading.warm_cache import WARM
from assetgen.diffusion.loading.weight_headers import check_file
from assetgen.diffusion.speed.devices import libraries
from assetgen.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

_DOWNLOAD_CURE = "Download it again from where the detector's weights are published"
_FIRST_TORCHVISION = 15  # torch 2.N goes with torchvision 0.(N + 15)

Load = Callable[["Mapping[str, Tensor]", str], Any]


def warm_detector(load: Load, file: Path, digest: str, device: str) -> Any:
    """The network that `load(tensors, device)` makes of a file's tensors, kept in memory. `digest` identifies the
    file's content."""
    return WARM.get("detector", (load, file, digest, device), lambda: load(read_tensors(file), device))


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


def import_alone(package: str, module: str) -> Any:
    """Import one module of a package without running the package's `__init__`. Raises `ModuleNotFoundError`."""
    if package not in sys.modules:
        spec = find_spec(package)
        if spec is None or spec.submodule_search_locations is None:
            raise ModuleNotFoundError("no such package", name=package)
        bare = ModuleType(package)
        bare.__path__, bare.__spec__ = list(spec.submodule_search_locations), spec
        sys.modules[package] = bare
    return import_module(f"{package}.{module}")


def torchvision_cure() -> str:
    """The command that installs the torchvision for this torch without replacing torch."""
    torch, _ = libraries()
    minor = int(torch.__version__.split(".")[1])
    return f'pip install --no-deps "torchvision==0.{minor + _FIRST_TORCHVISION}.*" timm'
