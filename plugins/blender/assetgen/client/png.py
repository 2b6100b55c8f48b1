"""Write arrays as PNG, and read the metadata of PNG files (PNG specification, 3rd edition)."""

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOR_TYPES = {1: 0, 3: 2, 4: 6}
KEYWORD = b"assetgen"
MOST_TEXT = 1_000_000


def write_png(pixels: NDArray[Any]) -> bytes:
    """`height × width × 1|3|4`, uint8 or uint16, the top row first, as a PNG."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, pixels.dtype.itemsize * 8, COLOR_TYPES[channels], 0, 0, 0)
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    stride = len(rows) // height
    data = b"".join(b"\0" + rows[start : start + stride] for start in range(0, len(rows), stride))
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(data, 6)) + _chunk(b"IEND", b"")


def origin_of(file: Path) -> dict[str, Any]:
    """The metadata of assetgen in a PNG: prompt, seed, model, licence; {} for other images."""
    for kind, data in _chunks(file.read_bytes()):
        if kind == b"iTXt" and data.startswith(KEYWORD + b"\0"):
            metadata_json = json.loads(_text(data))
            origin = {name: metadata_json.get(name) for name in ("prompt", "preset", "model", "tool")}
            origin["seed"] = metadata_json["source"]["words"].get("seed")
            origin["licence"] = ", ".join(sorted(set(metadata_json.get("licences", {}).values())))
            return {name: value for name, value in origin.items() if value not in (None, "")}
    return {}


def _text(data: bytes) -> bytes:
    """The text of an iTXt chunk (11.3.3.4), decompressed if needed."""
    packed = data[len(KEYWORD) + 1]
    text = data[len(KEYWORD) + 3 :].split(b"\0", 2)[2]
    return zlib.decompressobj().decompress(text, MOST_TEXT) if packed else text


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    start = len(SIGNATURE) if data.startswith(SIGNATURE) else len(data)
    while start + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[start : start + 8])
        yield kind, data[start + 8 : start + 8 + length]
        start += length + 12


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
