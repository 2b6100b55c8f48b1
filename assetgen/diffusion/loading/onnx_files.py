"""Networks in .onnx files, run by ONNX Runtime.

The bytes that a network returns depend on the processor's instruction set and on the device, not on the number of
threads.
"""

import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from assetgen.diffusion.loading.warm_cache import WARM
from assetgen.diffusion.speed.devices import resolve_device
from assetgen.errors import InputError, NotInstalledError

_DOWNLOAD_CURE = "Download it again from where the network is published"
_MAX_BYTES = 2_000_000_000
"""A larger network keeps its weights in other files, which are not read: their content is in no cache key."""
_EXTERNAL = b"\x0a\x08location"
"""How protobuf writes the name of the file that holds a tensor."""
_CUDA = "CUDAExecutionProvider"


@dataclass(frozen=True)
class OnnxNetwork:
    """An ONNX network: `run` takes `1×3×H×W` and returns its outputs, one image at a time.

    `size` is the width and height of its image; `sample_type` is "float" or "float16".
    """

    run: Callable[[Any], list[Any]]
    size: tuple[int, int]
    sample_type: str


def warm_graph(
    file: Path, digest: str, device: str, *, size: tuple[int, int] | None = None, outputs: int | None = None
) -> OnnxNetwork:
    """The network in an .onnx file, kept in memory; it runs on a GPU where the installed ONNX Runtime supports it.

    - `digest` identifies the file's content.
    - `size`: width and height of the image for a network that takes any; None refuses such a network.
    - `outputs`: compute only this many of its outputs, the first ones.

    Raises `InputError` for other files, `NotInstalledError` without ONNX Runtime.
    """
    torch_device = resolve_device(device)
    found = WARM.get("onnx", (file, digest, torch_device, outputs), lambda: _read_onnx(file, torch_device, outputs))
    if not all(found.size) and not size:
        raise InputError(f"the network in '{file}' does not take one image of a fixed size", cure=_DOWNLOAD_CURE)
    return found if all(found.size) or not size else replace(found, size=size)


def _read_onnx(file: Path, device: str, outputs: int | None) -> OnnxNetwork:
    """The network; `size` is (0, 0) where it takes any."""
    try:
        import onnxruntime
    except ImportError as error:
        raise NotInstalledError("ONNX Runtime is not installed", cure='pip install "assetgen[onnx]"') from error
    _check_onnx(file)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are also raised
    options.use_deterministic_compute = True
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
    if len(shape) != 4:
        raise InputError(f"the network in '{file}' does not take one image", cure=_DOWNLOAD_CURE)
    size = (shape[3], shape[2]) if all(isinstance(side, int) for side in shape[2:]) else (0, 0)
    run = partial(_run, session, entries[0].name, [each.name for each in session.get_outputs()[:outputs]], Lock())
    return OnnxNetwork(run, size, entries[0].type.removeprefix("tensor(").removesuffix(")"))


def _run(session: Any, entry: str, outputs: Sequence[str], lock: Lock, image: Any) -> list[Any]:
    """Run one image at a time: its activations may take gigabytes, and steps run in several threads."""
    with lock:
        found: list[Any] = session.run(outputs, {entry: image})
    return found


def _check_onnx(file: Path) -> None:
    """Raise `InputError` for a file that is too large, or that names other files for its weights."""
    size = file.stat().st_size
    if size > _MAX_BYTES:
        raise InputError(f"'{file}' is larger than {_MAX_BYTES // 10**9} GB", cure="Use a smaller or quantized network")
    with file.open("rb") as stream:
        if not size:
            raise InputError(f"'{file}' is empty", cure=_DOWNLOAD_CURE)
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            elsewhere = data.find(_EXTERNAL) >= 0
    if elsewhere:
        what = f"'{file}' keeps its weights in another file, which is not read"
        raise InputError(what, cure="Use a network whose .onnx file holds its weights")
