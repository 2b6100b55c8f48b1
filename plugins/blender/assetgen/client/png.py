"""Write arrays as PNG, and read the pixels and the metadata of PNG files (PNG specification, 3rd edition)."""

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .trouble import Trouble

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOR_TYPES = {1: 0, 3: 2, 4: 6}
KEYWORD = b"assetgen"
MOST_TEXT = 1_000_000
MOST_PIXELS = 8192 * 8192


def write_png(pixels: NDArray[Any]) -> bytes:
    """`height × width × 1|3|4`, uint8 or uint16, the top row first, as a PNG."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, pixels.dtype.itemsize * 8, COLOR_TYPES[channels], 0, 0, 0)
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    stride = len(rows) // height
    data = b"".join(b"\0" + rows[start : start + stride] for start in range(0, len(rows), stride))
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(data, 6)) + _chunk(b"IEND", b"")


def read_png(data: bytes) -> NDArray[np.uint8]:
    """The pixels of a PNG with 8 bits a channel, `height × width × 1|3|4`, the top row first. Raises `Trouble`."""
    parts = list(_chunks(data))
    header = next((part for kind, part in parts if kind == b"IHDR"), b"")
    width, height, depth, color, _, _, laced = struct.unpack(">IIBBBBB", header) if len(header) == 13 else (0,) * 7
    channels = {number: count for count, number in COLOR_TYPES.items()}.get(color)
    if not width or not height or depth != 8 or channels is None or laced or width * height > MOST_PIXELS:
        raise Trouble("A picture of the server cannot be read.", "Use a preset that makes PNG files with 8 bits.")
    stride = width * channels
    unpacker = zlib.decompressobj()
    raw = unpacker.decompress(b"".join(part for kind, part in parts if kind == b"IDAT"), (stride + 1) * height)
    if len(raw) != (stride + 1) * height:
        raise Trouble("A picture of the server is not whole.", "Generate it again.")
    lines = np.frombuffer(raw, np.uint8).reshape(height, stride + 1)
    rows = np.zeros((height + 1, stride), np.uint8)
    for number, line in enumerate(lines):
        rows[number + 1] = _unfiltered(int(line[0]), line[1:], rows[number], channels)
    return rows[1:].reshape(height, width, channels)


def _unfiltered(way: int, line: NDArray[np.uint8], above: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """A row without its filter (9.2): none, sub, up, average, Paeth."""
    if way == 1:
        return np.cumsum(line.reshape(-1, step), axis=0, dtype=np.uint8).ravel()
    if way == 2:
        return line + above
    if way not in (3, 4):
        return line
    row, over = line.tolist(), above.tolist()
    for at, up in enumerate(over):
        left = row[at - step] if at >= step else 0
        if way == 3:
            guess = (left + up) >> 1
        else:
            corner = over[at - step] if at >= step else 0
            near_left, near_up, near_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            guess = (
                left if near_left <= near_up and near_left <= near_corner else up if near_up <= near_corner else corner
            )
        row[at] = (row[at] + guess) & 255
    return np.array(row, np.uint8)


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
