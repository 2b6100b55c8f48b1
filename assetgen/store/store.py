"""The content-addressed store: sampled images, finished images, accepted attempts, exported files, and the input files
that builds on several machines share.

An entry is an uncompressed zip of named files, written atomically. Its comment is the sha256 of all bytes before it,
which every read verifies: a damaged entry counts as missing.
"""

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from assetgen.errors import AssetgenError, BuildError, InputError
from assetgen.images import Array, ImageSet, Meta
from assetgen.parts import Files
from assetgen.pixels.image_files import decode_image, encode_png
from assetgen.store.atomic import PART_PREFIX, PART_SUFFIX
from assetgen.store.backends import open_backend, short_reason

Level = Literal["inputs", "sampled", "cost", "images", "accepted", "files"]
_META = "meta.json"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date in a zip: equal content has equal bytes
_DIGEST_LENGTH = hashlib.sha256().digest_size * 2
CHECK_ACCESS = "Check the disk, the network and your access"
_PROBE = f"{PART_PREFIX}probe{PART_SUFFIX}"


class Store:
    """Entries in a folder (`~` is the user's home) or at an fsspec URL such as `s3://bucket/folder`.

    Several processes may read and write one store. Entries carry a checksum, so they are not flushed to disk one by
    one: an entry torn by a power cut is removed and made again. Opening raises `NotInstalledError` for a URL that needs
    a missing package, and `InputError` for an invalid location.
    """

    def __init__(self, location: str | Path) -> None:
        self.backend = open_backend(location)

    def __str__(self) -> str:
        return str(self.backend)

    @property
    def address(self) -> str:
        """The argument that opens this store in another process or machine. It may contain a password."""
        return self.backend.address

    def read(self, level: Level, key: str) -> Files | None:
        """The files of an entry by name; None if it does not exist. A damaged entry is removed and counts as missing.

        Reading marks an entry as used. Raises `BuildError` if the backend fails.
        """
        path = _path(level, key)
        with self.errors_as(BuildError, "read from", CHECK_ACCESS):
            data = self.backend.read(path)
        if data is None:
            return None
        files = unpack_entry(data)
        if files is None:
            self.drop(path)
        else:
            self.backend.mark_used(path)
        return files

    def has(self, level: Level, key: str) -> bool:
        """Whether the entry exists; it may still be damaged. Raises as `read` does."""
        with self.errors_as(BuildError, "read from", CHECK_ACCESS):
            return self.backend.has(_path(level, key))

    def write(self, level: Level, key: str, files: Files) -> None:
        """Write an entry atomically; several processes may write the same one. Raises `BuildError` if it fails."""
        with self.errors_as(BuildError, "save into", "Free some space, get write access, or use another with --store"):
            self.backend.write(_path(level, key), pack_entry(files))

    def check_writable(self) -> None:
        """Raise `InputError` if the store cannot be written, so that a build fails before sampling, not after."""
        with self.errors_as(InputError, "save into", "Use another with --store, or get write access"):
            self.backend.write(_PROBE, b"assetgen")
        with contextlib.suppress(OSError):  # a probe of another user, or a store without permission to remove
            self.backend.remove(_PROBE)

    def drop(self, path: str) -> bool:
        """Remove a damaged entry; False if that is not permitted, as in another user's store."""
        try:
            self.backend.remove(path)
        except OSError:
            return False
        return True

    @contextlib.contextmanager
    def errors_as(self, kind: type[AssetgenError], verb: str, cure: str) -> Iterator[None]:
        """Context that raises the backend's `OSError`s as errors of this kind: "cannot VERB the store …"."""
        try:
            yield
        except OSError as error:
            raise kind(f"cannot {verb} the store {self} ({short_reason(error)})", cure=cure) from error

    def read_images(self, level: Level, key: str) -> ImageSet | None:
        """The image set of an entry; None if it does not exist or is not an image set of this version."""
        files = self.read(level, key)
        try:
            return images_from(files) if files else None
        except (ValueError, KeyError, TypeError):
            self.drop(_path(level, key))
            return None

    def write_images(self, level: Level, key: str, images: ImageSet) -> None:
        """Write an image set losslessly: PNG for integer channels, .npy for floats, and `meta.json`."""
        self.write(level, key, files_from(images))

    def read_json(self, level: Level, key: str) -> Any:
        """The JSON data of an entry; None if it does not exist."""
        files = self.read(level, key)
        return json.loads(files[_META]) if files and _META in files else None

    def write_json(self, level: Level, key: str, data: Any) -> None:
        """Write JSON data as an entry."""
        self.write(level, key, {_META: json.dumps(data, sort_keys=True).encode()})


def pack_entry(files: Files) -> bytes:
    """The bytes of an entry with these files. They end with their own sha256."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as entry:
        for name, data in sorted(files.items()):
            entry.writestr(zipfile.ZipInfo(name, _ZIP_DATE), data)
        entry.comment = b"0" * _DIGEST_LENGTH
    body = buffer.getvalue()[:-_DIGEST_LENGTH]
    return body + hashlib.sha256(body).hexdigest().encode()


def unpack_entry(data: bytes) -> dict[str, bytes] | None:
    """The files that `pack_entry` was given; None if the checksum does not match."""
    body, digest = data[:-_DIGEST_LENGTH], data[-_DIGEST_LENGTH:]
    if hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as entry:
            return {name: entry.read(name) for name in entry.namelist()}
    except zipfile.BadZipFile:  # a valid checksum of other data
        return None


def files_from(images: ImageSet) -> dict[str, bytes]:
    """The files of an image set: one per channel, and `meta.json`."""
    files = {_META: json.dumps(images.meta.to_json(), sort_keys=True).encode()}
    for name, array in images.channels.items():
        if array.dtype == np.float32:
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            files[f"{name}.npy"] = buffer.getvalue()
        else:
            files[f"{name}.{array.shape[2]}.png"] = encode_png(array, quick=True)
    return files


def meta_from(files: Mapping[str, bytes]) -> Meta:
    """The metadata of an image set from its files, which are not decoded."""
    return Meta.from_json(json.loads(files[_META]))


def images_from(files: Mapping[str, bytes]) -> ImageSet:
    """The inverse of `files_from`."""
    channels: dict[str, Array] = {}
    for name, data in files.items():
        channel, _, rest = name.partition(".")
        if rest == "npy":
            channels[channel] = np.load(io.BytesIO(data), allow_pickle=False)
        elif rest.endswith("png"):
            count = int(rest.split(".")[0])
            pixels = decode_image(data, name)
            channels[channel] = pixels[..., [0, 3]] if count == 2 else pixels[..., :count]
    return ImageSet(channels, Meta.from_json(json.loads(files[_META])))


def _path(level: Level, key: str) -> str:
    return f"{level}/{key[:2]}/{key}.zip"
