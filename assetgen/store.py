"""The content-addressed store of save points: sampled images, finished images, judgements, files.

An entry is one uncompressed zip of named bytes, so that a person can open it; it appears whole or not at all, and its
checksums are verified on every read. A damaged entry counts as absent.
"""

import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from assetgen.errors import BuildError
from assetgen.image_files import decode_image, encode_png
from assetgen.images import Array, ImageSet
from assetgen.registry import Files

Level = Literal["sampled", "images", "accepted", "files"]
META = "meta.json"
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that zip can hold: equal content gives equal bytes


class Store:
    """Save points below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, level: Level, key: str) -> Files | None:
        """The entry's bytes by name, or None where it is absent. A damaged one is removed, so that it is made again."""
        path = self._path(level, key)
        try:
            with zipfile.ZipFile(path) as entry:
                return {name: entry.read(name) for name in entry.namelist()}
        except OSError:
            return None
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError):
            path.unlink(missing_ok=True)
            return None

    def has(self, level: Level, key: str) -> bool:
        """Whether there is such an entry; reading may still find it damaged."""
        return self._path(level, key).is_file()

    def write(self, level: Level, key: str, files: Files) -> None:
        """Save an entry, whole or not at all; the same entry may be written by several builders at once."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as entry:
            for name, data in sorted(files.items()):
                entry.writestr(zipfile.ZipInfo(name, ZIP_DATE), data)
        path = self._path(level, key)
        try:
            write_whole(path, buffer.getvalue())
        except OSError as error:
            cure = "Make room or name another with --store"
            raise BuildError(f"cannot save into the store {self.root} ({error.strerror})", cure=cure) from error

    def read_images(self, level: Level, key: str) -> ImageSet | None:
        """The entry as an image set."""
        files = self.read(level, key)
        return images_from(files) if files else None

    def write_images(self, level: Level, key: str, images: ImageSet) -> None:
        """Save an image set losslessly: PNG for integers, .npy for floats, and `meta.json`."""
        self.write(level, key, files_from(images))

    def read_json(self, level: Level, key: str) -> Any:
        """The entry's `meta.json`, or None."""
        files = self.read(level, key)
        return json.loads(files[META]) if files and META in files else None

    def write_json(self, level: Level, key: str, data: Any) -> None:
        """Save JSON data as an entry."""
        self.write(level, key, {META: json.dumps(data, sort_keys=True).encode()})

    def _path(self, level: Level, key: str) -> Path:
        return self.root / level / key[:2] / f"{key}.zip"


def files_from(images: ImageSet) -> dict[str, bytes]:
    """An image set as named bytes."""
    files = {META: json.dumps(dict(images.meta), sort_keys=True).encode()}
    for name, array in images.channels.items():
        if array.dtype == np.float32:
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            files[f"{name}.npy"] = buffer.getvalue()
        else:
            files[f"{name}.{array.shape[2]}.png"] = encode_png(array)
    return files


def images_from(files: Mapping[str, bytes]) -> ImageSet:
    """The image set that `files_from` wrote."""
    channels: dict[str, Array] = {}
    for name, data in files.items():
        channel, _, rest = name.partition(".")
        if rest == "npy":
            channels[channel] = np.load(io.BytesIO(data), allow_pickle=False)
        elif rest.endswith("png"):
            wanted = int(rest.split(".")[0])
            pixels = decode_image(data, name)
            channels[channel] = pixels[..., [0, 3]] if wanted == 2 else pixels[..., :wanted]
    return ImageSet(channels, json.loads(files[META]))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it appears whole or not at all: temporary file beside it, flush to disk, replace.

    The temporary name begins with a dot, which engines and watchers ignore. Raises `OSError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".assetgen-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
