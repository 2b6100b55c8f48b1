"""Digests of model weights, as in the `digest` of a model card, in cache keys and in locks."""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from assetgen.errors import InputError
from assetgen.files import is_regular_file
from assetgen.machine import user_cache
from assetgen.pack.locations import Bundled, Folder, Hub, Location, SingleFile
from assetgen.pack.schema import Embedding, Lora, ModelCard
from assetgen.store.atomic import write_atomically

_WeightFile = TypeVar("_WeightFile", Lora, Embedding)
_HASHED = {".safetensors", ".json", ".txt", ".model"}
"""Weights, configurations, vocabularies and SentencePiece models. Readmes and licence files are not hashed."""
BUNDLED_WEIGHTS = Path(__file__).parents[1] / "weights"
"""The folder of the models inside the package."""
_MODEL_FILES = ("model_index.json", "config.json")
"""A folder of weights has one of them, or a .safetensors file, at its top."""
_MAX_FILES = 10_000
_MAX_BYTES = 500_000_000_000
"""Of one weight file. `/proc/kcore` is a file of 128 TB."""
_CACHED_BYTES = 16_000_000
"""Digests of files from this size are cached on disk, since hashing takes about a second per GB."""


def weights_digest(path: Path) -> str:
    """sha256 (hex) over the weight and configuration files of a folder, or over one file.

    It is the hash of a line `PATH SHA256` for each file whose suffix is in `_HASHED`, sorted by its path relative to
    the folder with `/` between folders. Hidden folders (a hub's download cache) are skipped, and links to folders are
    not followed. Raises `InputError` for a folder that is no model's.
    """
    files = {path.name: path} if path.is_file() else _hashed_files(path)
    if not files:
        raise InputError(f"there are no weights in '{path}'", cure="Download or copy the model again")
    lines = (f"{name} {file_sha256(file)}\n" for name, file in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def local_path(location: Location) -> Path | None:
    """The folder or file of local weights or captions, which may not exist; None for weights on the hub."""
    match location:
        case Bundled(bundled=name):
            folder = (BUNDLED_WEIGHTS / name).resolve()
            if not folder.is_relative_to(BUNDLED_WEIGHTS.resolve()) or not folder.exists():
                raise InputError(f"assetgen contains no weights named '{name}'", cure="Use {folder: …} for your own")
            return folder
        case Folder(folder=folder):
            return folder
        case SingleFile(file=file):
            return file
        case Hub():
            return None


def with_digests(card: ModelCard) -> ModelCard:
    """The card with the missing digests of local weights filled in, so that cache keys follow their content."""
    controls = {
        kind: control.model_copy(update={"digest": control.digest or _digest_at(control.weights)})
        for kind, control in card.controls.items()
    }
    changes: dict[str, Any] = {
        "digest": card.digest or _digest_at(card.weights),
        "controls": controls,
        "network": _location_with_digest(card.network),
        "vae": _location_with_digest(card.vae),
        "loras": tuple(map(_file_with_digest, card.loras)),
        "embeddings": tuple(map(_file_with_digest, card.embeddings)),
    }
    return card.model_copy(update=changes)


def _location_with_digest(location: Location | None) -> Location | None:
    if location is None or isinstance(location, Hub) or location.digest:
        return location
    return location.model_copy(update={"digest": _digest_at(location)})


def _file_with_digest(part: _WeightFile) -> _WeightFile:
    if part.digest or part.path is None or not part.path.is_file():
        return part
    return part.model_copy(update={"digest": weights_digest(part.path)})


def _digest_at(location: Location) -> str | None:
    """None for hub weights, which have a revision, and for missing files, which are reported before sampling."""
    path = local_path(location)
    return weights_digest(path) if path is not None and path.exists() else None


def _hashed_files(folder: Path) -> dict[str, Path]:
    """Files by path relative to a folder of weights; empty for any other folder, which may be `/` or `/proc`."""
    is_model = any(is_regular_file(folder / name) for name in _MODEL_FILES) or any(folder.glob("*.safetensors"))
    if not is_model:
        return {}
    found: dict[str, Path] = {}
    count = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name[0] != "."]
        count += len(names) + len(folders)
        if count > _MAX_FILES:
            what = f"'{folder}' is no folder of weights: it has more than {_MAX_FILES:,} files"
            raise InputError(what, cure="Name the folder of one model")
        for file in (Path(parent, name) for name in names if name[0] != "."):
            if file.suffix in _HASHED and file.is_file():
                found[file.relative_to(folder).as_posix()] = file
    return found


def file_sha256(file: Path) -> str:
    """sha256 (hex) of one file; that of a large file is cached by its path, size and time of change."""
    stat = file.stat()
    if stat.st_size > _MAX_BYTES:
        raise InputError(f"'{file}' is no weight file: it is larger than {_MAX_BYTES // 1_000_000_000} GB")
    if stat.st_size == 0:
        return hashlib.sha256().hexdigest()  # reading a file of /proc may block
    if stat.st_size < _CACHED_BYTES:
        return _read_sha256(file)
    stamp = f"{file.resolve()} {stat.st_size} {stat.st_mtime_ns}"
    known = _read_cache()
    if stamp not in known:
        known = {**known, stamp: _read_sha256(file)}
        _write_cache(known)
    return known[stamp]


def _read_sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _cache_file() -> Path:
    return user_cache() / "weights.json"


def _read_cache() -> dict[str, str]:
    try:
        found = json.loads(_cache_file().read_bytes())
    except (OSError, ValueError):
        return {}  # missing or damaged: hash again
    return found if isinstance(found, dict) else {}


def _write_cache(known: Mapping[str, str]) -> None:
    with contextlib.suppress(OSError):  # without the cache, the next run hashes again
        write_atomically(_cache_file(), json.dumps(known, indent=0).encode())
