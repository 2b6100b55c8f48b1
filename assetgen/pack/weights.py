"""The digest of a model's weights: what a model card's `digest` holds, keys contain and a lock records."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from assetgen.errors import InputError
from assetgen.machine import user_cache
from assetgen.pack.schema import Bundled, Embedding, Folder, Hub, Location, Lora, ModelCard, SingleFile
from assetgen.store.atomic import write_atomically

_WeightFile = TypeVar("_WeightFile", Lora, Embedding)
_COUNTED = {".safetensors", ".json", ".txt", ".model"}
"""Weights, configurations, vocabularies and SentencePiece models; read-mes and licences may change freely."""
BUNDLED_WEIGHTS = Path(__file__).parents[1] / "weights"
_REMEMBERED_BYTES = 16_000_000
"""Digests of larger files are remembered between runs: a second is a long time to wait for `plan`."""


def weights_digest(place: Path) -> str:
    """sha256 (hex) over the weight and configuration files of a folder, or over one file.

    It is the hash of the text `PATH SHA256\\n` for each file whose suffix is in `COUNTED`, sorted by its path relative
    to the folder with `/` between folders. Hidden folders (a hub's download cache) do not count.
    """
    files = {place.name: place} if place.is_file() else _counted(place)
    if not files:
        raise InputError(f"there are no weights at '{place}'", cure="Download or copy the model again")
    lines = (f"{name} {_sha256(file)}\n" for name, file in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def local_path(location: Location) -> Path | None:
    """The folder or file where weights lie; None for those on the hub. It need not exist."""
    match location:
        case Bundled(bundled=name):
            folder = (BUNDLED_WEIGHTS / name).resolve()
            if not folder.is_relative_to(BUNDLED_WEIGHTS.resolve()) or not folder.is_dir():
                raise InputError(f"no weights named '{name}' come with assetgen", cure="Use {folder: …} for your own")
            return folder
        case Folder(folder=folder):
            return folder
        case SingleFile(file=file):
            return file
        case Hub():
            return None


def with_digests(card: ModelCard) -> ModelCard:
    """The card with the digest of every local weight that it names none for, so that keys follow their content."""
    controls = {
        kind: control.model_copy(update={"digest": control.digest or _digest_at(control.weights)})
        for kind, control in card.controls.items()
    }
    changes: dict[str, Any] = {
        "digest": card.digest or _digest_at(card.weights),
        "controls": controls,
        "network": _known(card.network),
        "vae": _known(card.vae),
        "loras": tuple(map(_with_digest, card.loras)),
        "embeddings": tuple(map(_with_digest, card.embeddings)),
    }
    return card.model_copy(update=changes)


def _known(location: Location | None) -> Location | None:
    if not isinstance(location, Folder | SingleFile) or location.digest:
        return location
    return location.model_copy(update={"digest": _digest_at(location)})


def _with_digest(part: _WeightFile) -> _WeightFile:
    if part.digest or part.path is None or not part.path.is_file():
        return part
    return part.model_copy(update={"digest": weights_digest(part.path)})


def _digest_at(location: Location) -> str | None:
    """None for the hub, whose revision is enough, and for what is missing, which sampling tells better."""
    place = local_path(location)
    return weights_digest(place) if place is not None and place.exists() else None


def _counted(folder: Path) -> dict[str, Path]:
    names = {file.relative_to(folder): file for file in folder.rglob("*") if file.suffix in _COUNTED and file.is_file()}
    return {name.as_posix(): file for name, file in names.items() if not any(part[0] == "." for part in name.parts)}


def _sha256(file: Path) -> str:
    stat = file.stat()
    if stat.st_size < _REMEMBERED_BYTES:
        return _read_sha256(file)
    stamp = f"{file.resolve()} {stat.st_size} {stat.st_mtime_ns}"
    known = _remembered()
    if stamp not in known:
        known = {**known, stamp: _read_sha256(file)}
        _remember(known)
    return known[stamp]


def _read_sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _memory() -> Path:
    return user_cache() / "weights.json"


def _remembered() -> dict[str, str]:
    try:
        found = json.loads(_memory().read_bytes())
    except (OSError, ValueError):
        return {}  # it only saves time
    return found if isinstance(found, dict) else {}


def _remember(known: Mapping[str, str]) -> None:
    with contextlib.suppress(OSError):  # a cache folder that cannot be written costs time, nothing else
        write_atomically(_memory(), json.dumps(known, indent=0).encode())
