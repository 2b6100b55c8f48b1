"""From a model card to a network that enlarges images (super-resolution), by the architectures of the package spandrel.

`spandrel/__init__.py` imports every architecture, and with them torchvision. Here each is imported alone, so that
spandrel can be installed without its dependencies.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.families import UPSCALERS
from assetgen.diffusion.loading.detectors import import_alone, warm_detector
from assetgen.diffusion.loading.weight_files import check_model, weights_path
from assetgen.diffusion.speed.devices import resolve_device
from assetgen.errors import InputError, NotInstalledError
from assetgen.pack.schema import ModelCard

if TYPE_CHECKING:
    from torch import Tensor

_ARCHITECTURES = ("ESRGAN", "Compact", "HAT", "SwinIR", "OmniSR", "DAT", "SPAN", "RealCUGAN", "ATD", "DRCT", "PLKSR")
"""Super-resolution of RGB images in spandrel; the two most frequent first, the others in its own order."""
_CURE = "Use a .safetensors file of an ESRGAN-class network: " + ", ".join(_ARCHITECTURES)
_INSTALL = 'pip install --no-deps "spandrel>=0.4,<0.5" einops'


@dataclass(frozen=True)
class Upscaler:
    """A network in memory: `network(tensor)` takes `1×3×H×W` in 0..1 and returns one `scale` times as large.

    Hold `lock` while using it: its activations may take gigabytes.
    """

    network: Any
    scale: int
    device: str
    lock: Any = field(default_factory=threading.Lock)


def warm_upscaler(card: ModelCard, device: str) -> Upscaler:
    """The network of a card, kept in memory, in 32 bits.

    Raises `InputError` for a card of another kind of model or a file that is not read, and `NotInstalledError` for
    missing weights or packages.
    """
    if card.family not in UPSCALERS:
        what = f"model '{card.model}' enlarges no images: its family is '{card.family}'"
        raise InputError(what, cure=f"Use a model of family {', '.join(UPSCALERS)}")
    check_model(card)
    file = weights_path(card.weights)
    if file.suffix != ".safetensors":
        raise InputError(f"the weights of '{card.model}', '{file.name}', are no .safetensors file", cure=_CURE)
    try:
        found: Upscaler = warm_detector(_load, file, json.dumps(card.identity), resolve_device(device))
    except (RuntimeError, KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        reason = str(error).strip().partition("\n")[0][:120]
        what = f"the weights of '{card.model}' are those of no network that enlarges images ({reason})"
        raise InputError(what, cure=_CURE) from error
    return found


def _load(tensors: Mapping[str, Tensor], device: str) -> Upscaler:
    try:
        state = import_alone("spandrel", "__helpers.canonicalize").canonicalize_state_dict(dict(tensors))
        for name in _ARCHITECTURES:
            architecture = getattr(import_alone("spandrel", f"architectures.{name}"), f"{name}Arch")()
            if architecture.detect(state):
                break
        else:
            raise InputError("the names of the weights are those of no architecture that is supported", cure=_CURE)
    except ImportError as error:
        missing = (error.name or "spandrel").partition(".")[0]
        raise NotInstalledError(f"enlarging with a network needs {missing}", cure=_INSTALL) from error
    network = architecture.load(state)
    if network.input_channels != 3 or network.output_channels != 3 or network.scale < 2:
        kind = f"takes {network.input_channels} channels and enlarges {network.scale} times"
        raise InputError(f"the network {kind}", cure="Use one that enlarges RGB images at least twice")
    return Upscaler(network.to(device).float().eval(), network.scale, device)
