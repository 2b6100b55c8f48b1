"""Read the header of a weight file, and the JSON files of a model, without torch."""

import json
from pathlib import Path
from typing import Any

from assetgen.errors import InputError, NotInstalledError

GGUF = ".gguf"
_ONNX = ".onnx"
PICKLES = (".bin", ".ckpt", ".pt", ".pth")
DOWNLOAD_AGAIN = "Download or copy the model again"
_LENGTH_BYTES = 8  # a safetensors file begins with the length of its JSON header, a little-endian u64


class MissingFileError(InputError):
    """A file or folder of a model that is not at `path`."""

    def __init__(self, what: str, *, where: str = "", cure: str = DOWNLOAD_AGAIN, path: Path = Path()) -> None:
        super().__init__(what, where=where, cure=cure)
        self.path = path


def check_file(file: Path) -> None:
    """Check that a weight file exists, is safetensors or GGUF, and has the length that its header declares."""
    read_header(file)


def read_header(file: Path) -> dict[str, Any]:
    """The header of a weight file (dtype, shape, data_offsets by tensor name), after the same checks.

    ONNX Runtime checks an .onnx file: here it is empty."""
    if file.suffix == _ONNX and file.is_file():
        return {}
    if file.suffix == GGUF and file.is_file():
        return _gguf_header(file)
    if file.suffix in PICKLES:
        raise InputError(
            f"'{file}' is a pickle, which can run code on loading", cure="Give a .safetensors or .gguf file"
        )
    if not file.is_file():
        raise MissingFileError(f"weight file '{file}' is missing", path=file)
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        text = stream.read(min(length, file.stat().st_size))
    try:
        tensors = {name: entry for name, entry in json.loads(text).items() if name != "__metadata__"}
        end = _LENGTH_BYTES + length + max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"weight file '{file}' is damaged or not safetensors", cure=DOWNLOAD_AGAIN) from error
    if file.stat().st_size != end:
        raise InputError(f"weight file '{file}' is cut short", cure=DOWNLOAD_AGAIN)
    return tensors


def _gguf_header(file: Path) -> dict[str, Any]:
    """The tensors of a GGUF file. Raises `NotInstalledError` without the package that reads it."""
    try:
        from gguf import GGUFReader
    except ImportError as error:
        what = f"the GGUF file '{file}' needs the package gguf ({error})"
        raise NotInstalledError(what, cure='pip install "assetgen[quant]"') from error
    try:
        tensors = GGUFReader(file).tensors
        return {
            tensor.name: {
                "dtype": tensor.tensor_type.name,
                "shape": [int(side) for side in reversed(tensor.shape)],
                "data_offsets": [int(tensor.data_offset), int(tensor.data_offset + tensor.n_bytes)],
            }
            for tensor in tensors
        }
    except (ValueError, LookupError, OSError, OverflowError, TypeError, AttributeError) as error:
        raise InputError(f"weight file '{file}' is damaged, cut short or not GGUF", cure=DOWNLOAD_AGAIN) from error


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object in a file of a model. Raises `InputError` where there is none."""
    try:
        found = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise MissingFileError(f"model file '{file}' is missing", path=file) from error
    except (OSError, ValueError) as error:
        raise InputError(f"model file '{file}' cannot be read", cure=DOWNLOAD_AGAIN) from error
    if not isinstance(found, dict):
        raise InputError(f"model file '{file}' does not hold an object", cure=DOWNLOAD_AGAIN)
    return found
