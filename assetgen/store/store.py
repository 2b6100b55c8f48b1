"""The content-addressed store of save points: sampled images, finished images, judgements, files; and of the input
files that builds on several machines need.

An entry is one uncompressed zip of named bytes, so that a person can open it. It appears whole or not at all. Its
comment is the sha256 of all that stands before, which every reading checks: a damaged entry counts as absent.
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
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that zip can hold: equal content gives equal bytes
_DIGEST_LENGTH = hashlib.sha256().digest_size * 2
CHECK_ACCESS = "Check the disk, the network and your access"
_PROBE = f"{PART_PREFIX}probe{PART_SUFFIX}"


class Store:
    """Save points at one place: a folder (`~` is the user's home), or an fsspec URL such as `s3://bucket/folder`.

    Several builders may read and write one store at once. Entries verify themselves, so they are not flushed to disk
    one by one: what a power cut tears is dropped and made again. Opening one raises `NotInstalledError` for a URL that
    needs another package, and `InputError` for one that leads nowhere.
    """

    def __init__(self, place: str | Path) -> None:
        self.backend = open_backend(place)

    def __str__(self) -> str:
        return str(self.backend)

    @property
    def address(self) -> str:
        """What opens this store from another process or machine; passwords are in it."""
        return self.backend.address

    def read(self, level: Level, key: str) -> Files | None:
        """The entry's bytes by name, or None where it is absent. A damaged one is removed, so that it is made again.

        Reading marks an entry as used. Raises `BuildError` where the place itself fails: that is not absence.
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
        """Whether there is such an entry; reading may still find it damaged. Raises as `read` does."""
        with self.errors_as(BuildError, "read from", CHECK_ACCESS):
            return self.backend.has(_path(level, key))

    def write(self, level: Level, key: str, files: Files) -> None:
        """Save an entry, whole or not at all; the same entry may be written by several builders at once."""
        with self.errors_as(BuildError, "save into", "Make room, get write access, or name another with --store"):
            self.backend.write(_path(level, key), pack_entry(files))

    def check_writable(self) -> None:
        """Raise `InputError` where nothing can be saved: better known before an hour of sampling than after it."""
        with self.errors_as(InputError, "save into", "Name another with --store, or get write access"):
            self.backend.write(_PROBE, b"assetgen")
        with contextlib.suppress(OSError):  # somebody else's probe, or a place that only grows
            self.backend.remove(_PROBE)

    def drop(self, path: str) -> bool:
        """Remove a damaged entry; False where that may not be: in another user's store it is left alone."""
        try:
            self.backend.remove(path)
        except OSError:
            return False
        return True

    @contextlib.contextmanager
    def errors_as(self, kind: type[AssetgenError], verb: str, cure: str) -> Iterator[None]:
        """Tells what goes wrong at the place as an error of this kind."""
        try:
            yield
        except OSError as error:
            raise kind(f"cannot {verb} the store {self} ({short_reason(error)})", cure=cure) from error

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
        return json.loads(files[_META]) if files and _META in files else None

    def write_json(self, level: Level, key: str, data: Any) -> None:
        """Save JSON data as an entry."""
        self.write(level, key, {_META: json.dumps(data, sort_keys=True).encode()})


def pack_entry(files: Files) -> bytes:
    """Named bytes as those of an entry, which end in their own sha256."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as entry:
        for name, data in sorted(files.items()):
            entry.writestr(zipfile.ZipInfo(name, _ZIP_DATE), data)
        entry.comment = b"0" * _DIGEST_LENGTH
    body = buffer.getvalue()[:-_DIGEST_LENGTH]
    return body + hashlib.sha256(body).hexdigest().encode()


def unpack_entry(data: bytes) -> dict[str, bytes] | None:
    """What `pack` was given; None where a single bit of the entry is not as it was written."""
    body, digest = data[:-_DIGEST_LENGTH], data[-_DIGEST_LENGTH:]
    if hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as entry:
            return {name: entry.read(name) for name in entry.namelist()}
    except zipfile.BadZipFile:  # the digest of something else
        return None


def files_from(images: ImageSet) -> dict[str, bytes]:
    """An image set as named bytes."""
    files = {_META: json.dumps(images.meta.to_json(), sort_keys=True).encode()}
    for name, array in images.channels.items():
        if array.dtype == np.float32:
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            files[f"{name}.npy"] = buffer.getvalue()
        else:
            files[f"{name}.{array.shape[2]}.png"] = encode_png(array, quick=True)
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
    return ImageSet(channels, Meta.from_json(json.loads(files[_META])))


def _path(level: Level, key: str) -> str:
    return f"{level}/{key[:2]}/{key}.zip"
