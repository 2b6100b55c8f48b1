"""Read common image formats safely, write PNG, read and write text in PNG.

PNG has its own writer here, because it covers 1 to 4 channels of 8 or 16 bits and writes the same bytes with the same
libdeflate on every platform. Specification: W3C PNG (Third Edition).
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from deflate import zlib_compress

from assetgen.errors import InputError
from assetgen.files import read_limited
from assetgen.images import MAX_PIXELS, Array, to_uint16
from assetgen.pixels.png_filters import UP, best_filter, filtered

if TYPE_CHECKING:
    from PIL.Image import Image

_MAX_FILE_BYTES = 512_000_000
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> PNG colour type
_LEVEL, _QUICK_LEVEL = 6, 1  # of libdeflate's 1 to 12: `python tests/bench/png.py` shows what they give
_DAMAGED = (
    OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, EOFError, zlib.error, struct.error,
)  # fmt: skip
"""Exceptions that Pillow raises for damaged images."""


def read_image(path: Path) -> Array:
    """Read an image file as `H×W×3` or `H×W×4` sRGB uint8 (uint16 for 16-bit PNG and TIFF).

    Converts palette, grey, grey-alpha and CMYK images and applies EXIF orientation. Raises `InputError` for a file that
    is missing, truncated, animated, too large, or not an image.
    """
    try:
        data = read_limited(path, _MAX_FILE_BYTES)
    except OSError as error:
        raise InputError(f"cannot read image '{path}' ({error.strerror})") from error
    return decode_image(data, str(path))


def decode_image(data: bytes, name: str = "image") -> Array:
    """Like `read_image`, from bytes; `name` is used in error messages."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # damaged metadata; only the pixels matter
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise InputError(f"'{name}' has {width} × {height} pixels", cure=f"At most {MAX_PIXELS:,} are read")
                if getattr(image, "n_frames", 1) > 1:
                    raise InputError(f"'{name}' has several frames or pages", cure="Use an image with one")
                if image.format == "EPS":
                    raise InputError(f"'{name}' is EPS, which is not supported", cure="Export it as PNG")
                image.load()
                return _pixels(ImageOps.exif_transpose(image), data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"'{name}' has too many pixels", cure=f"At most {MAX_PIXELS:,} are read") from error
    except UnidentifiedImageError as error:
        raise InputError(f"'{name}' is not a supported image") from error
    except _DAMAGED as error:
        raise InputError(f"'{name}' is damaged or truncated ({error})") from error


def _pixels(image: "Image", data: bytes) -> Array:
    if image.mode.startswith(("I", "F")) or (data[:8] == SIGNATURE and data[24] == 16):
        return _deep_pixels(data)
    has_alpha = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    return np.array(image.convert("RGBA" if has_alpha else "RGB"))


def _deep_pixels(data: bytes) -> Array:
    import cv2

    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None:
        raise ValueError("undecodable")
    array = array.reshape(*array.shape[:2], -1)
    if array.dtype.type not in (np.uint8, np.uint16, np.float32):
        raise ValueError(f"unsupported sample type {array.dtype}")
    order = {1: [0, 0, 0], 2: [0, 0, 0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[array.shape[2]]
    return np.ascontiguousarray(array[..., order])


def encode_png(array: Array, *, quick: bool = False) -> bytes:
    """Encode `H×W×C` (1 grey, 2 grey-alpha, 3 RGB, 4 RGBA) uint8 or uint16 as PNG; float32 becomes 16-bit.

    `quick`, for files that are not published, takes about a third of the time and an eighth more space. Releases the
    GIL while compressing.
    """
    if array.dtype == np.float32:
        array = to_uint16(array)
    height, width, channels = array.shape
    depth = 16 if array.dtype == np.uint16 else 8
    rows = np.ascontiguousarray(array.astype(">u2") if depth == 16 else array).view(np.uint8).reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, depth, _COLOR_TYPES[channels], 0, 0, 0)
    step = channels * depth // 8
    lines = filtered(rows, step, UP if quick else best_filter(rows, step))
    body = zlib_compress(lines, _QUICK_LEVEL if quick else _LEVEL)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def add_text(png: bytes, texts: Mapping[str, str]) -> bytes:
    """Insert keyword → text entries as uncompressed iTXt chunks (UTF-8) after the header of a PNG."""
    header_end = len(SIGNATURE) + 25
    chunks = (_chunk(b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + text.encode()) for key, text in texts.items())
    return png[:header_end] + b"".join(chunks) + png[header_end:]


def read_text(png: bytes) -> dict[str, str]:
    """Keyword → text of the uncompressed iTXt and tEXt chunks of a PNG."""
    texts = {}
    for kind, body in _chunks(png):
        key, _, rest = body.partition(b"\0")
        if kind == b"tEXt":
            texts[key.decode("latin-1")] = rest.decode("latin-1")
        elif kind == b"iTXt" and rest[:1] == b"\0":
            texts[key.decode("latin-1")] = rest[2:].split(b"\0", 2)[2].decode()
    return texts


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(SIGNATURE)
    while position + 8 <= len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        yield kind, png[position + 8 : position + 8 + length]
        position += 12 + length


def _chunk(kind: bytes, body: bytes | bytearray) -> bytes:
    digest = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", digest)))
