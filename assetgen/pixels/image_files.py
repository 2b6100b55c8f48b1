"""Read common image formats safely, write PNG, read and write text in PNG.

PNG has its own writer here, because it covers 1 to 4 channels of 8 or 16 bits and writes the same bytes with the same
libdeflate on every platform. Specification: W3C PNG (Third Edition).
"""

import io
import logging
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from deflate import zlib_compress

from assetgen.errors import InputError
from assetgen.files import read_limited
from assetgen.images import MAX_PIXELS, Array, split_alpha, to_uint16
from assetgen.pixels.palettes import MAX_COLORS
from assetgen.pixels.png_filters import UP, best_filter, filtered

if TYPE_CHECKING:
    from PIL.Image import Image

_MAX_FILE_BYTES = 512_000_000
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> PNG colour type
_CHANNELS = {color: channels for channels, color in _COLOR_TYPES.items()}
_CLEAR_BYTES = {0: 2, 2: 6}
"""Length of a chunk tRNS by PNG colour type: one tone or one colour, of 16 bits."""
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row, and their distances, of each pass of an interlaced PNG."""
_PORTION = 1 << 20  # bytes inflated at once
_ORIENTATION = 0x0112  # the EXIF tag
_UPRIGHT: Mapping[int, Callable[[Array], Array]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels),
}
"""What turns an image of each EXIF orientation upright."""
_TOP = 65_535  # of 16 bits
_FLOAT_SLACK = 1 / 255  # floats beyond 0..1 by less are the overshoot of a filter
_MAX_DEEP_PIXELS = 4096 * 4096  # files of 16 bits or floats with more are not read: they take too much memory
_MESSAGE_LENGTH = 200  # characters of an error of Pillow that are shown
_LEVEL, _QUICK_LEVEL = 6, 1  # of libdeflate's 1 to 12: `python tests/bench/png.py` shows what they give
_SAMPLED = 1 << 16  # pixels whose colours are counted before all others: enough for a photograph
_DAMAGED = (
    OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, EOFError, RuntimeError, zlib.error,
    struct.error,
)  # fmt: skip
"""Exceptions that Pillow raises for damaged images."""
logging.getLogger("PIL").addHandler(logging.NullHandler())  # without a handler, it prints errors that it then raises


def read_image(path: Path) -> Array:
    """Read an image file as `H×W×3` or `H×W×4` sRGB: uint8, or uint16 and float32 where the file has deep samples.

    Converts palette, grey, grey-alpha and CMYK images, applies EXIF orientation, and takes the first image of an MPO
    photograph. Raises `InputError` for a file that is missing, truncated, animated, too large, or not an image, and for
    floats outside 0..1.
    """
    try:
        data = read_limited(path, _MAX_FILE_BYTES)
    except OSError as error:
        raise InputError(f"cannot read image '{path}' ({error.strerror})") from error
    return _decoded(data, str(path), _MAX_DEEP_PIXELS)


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of an image file, read from its header; None where Pillow does not know its format."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except _DAMAGED:
        return None


def seems_pixel_art(color: Array) -> bool:
    """Whether an image, RGB or RGBA, has at most 256 colours and no half transparent pixels."""
    rgb, alpha = split_alpha(color)
    if not np.isin(alpha, (0, alpha.max())).all():
        return False
    visible = rgb[alpha[..., 0] > 0]
    step = max(1, len(visible) // _SAMPLED)
    return all(_color_count(each) <= MAX_COLORS for each in (visible[::step], visible))


def _color_count(colors: Array) -> int:
    red, green, blue = to_uint16(colors).astype(np.int64).T
    return len(np.unique(red << 32 | green << 16 | blue))


def decode_image(data: bytes, name: str = "image") -> Array:
    """Like `read_image`, from the bytes of a file that assetgen wrote; `name` is used in error messages."""
    return _decoded(data, name, MAX_PIXELS)


def _decoded(data: bytes, name: str, most_deep: int) -> Array:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # damaged metadata; only the pixels matter
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                _check_kind(image, most_deep if _is_deep(image, data) else MAX_PIXELS)
                return _pixels(image, data)
    except InputError as error:
        raise InputError(f"'{name}' {error.what}", cure=error.cure) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"'{name}' has too many pixels", cure=f"At most {MAX_PIXELS:,} are read") from error
    except UnidentifiedImageError as error:
        raise InputError(f"'{name}' is not a supported image") from error
    except _DAMAGED as error:
        raise InputError(f"'{name}' is damaged or truncated ({_one_line(error)})") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:_MESSAGE_LENGTH]


def _is_deep(image: "Image", data: bytes) -> bool:
    """Whether its samples have more than 8 bits."""
    return image.mode.startswith(("I", "F")) or _is_deep_color_png(image, data)


def _is_deep_color_png(image: "Image", data: bytes) -> bool:
    return data[:8] == SIGNATURE and data[24] == 16 and image.mode in ("RGB", "RGBA")


def _check_kind(image: "Image", most: int) -> None:
    """Raise `InputError` for an image that is not decoded: of more than `most` pixels, animated, or EPS."""
    width, height = image.size
    if width * height > most:
        raise InputError(f"has {width} × {height} pixels", cure=f"At most {most:,} are read")
    if image.format == "EPS":
        raise InputError("is EPS, which is not supported", cure="Export it as PNG")
    if image.format != "MPO" and _has_frames(image):
        raise InputError("has several frames or pages", cure="Use an image with one")


def _has_frames(image: "Image") -> bool:
    """Whether an image has more than one frame. In these formats, counting the frames would read the whole file."""
    if image.format not in ("GIF", "TIFF"):
        return getattr(image, "n_frames", 1) > 1
    try:
        image.seek(1)
    except EOFError:
        return False
    return True


def _pixels(image: "Image", data: bytes) -> Array:
    from PIL import ImageOps

    if _is_deep_color_png(image, data):
        image.load()  # raises for most damage, which libpng would print
        orientation = image.getexif().get(_ORIENTATION, 1)
        image.close()  # frees its pixels
        return _deep_color_png(_pixel_chunks(data), orientation)
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith(("I", "F")):
        return _deep_grey(image)
    has_alpha = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    mode = "RGBA" if has_alpha else "RGB"
    return np.array(image if image.mode == mode else image.convert(mode))


def _deep_grey(image: "Image") -> Array:
    """A grey image of 16 bits (uint16) or of floats (float32). In PNG, one tone may be transparent."""
    grey = np.asarray(image)[..., None]
    if grey.dtype == np.float32:
        _check_floats(grey)
    elif grey.dtype.type == np.uint16 or image.format == "PPM":  # PPM: 16 bits, read as 32
        grey = grey.astype(np.uint16)  # in the byte order of this machine
    else:
        raise InputError("has 32-bit integer samples, which are not supported", cure="Save it with 16 bits")
    clear = image.info.get("transparency")
    alpha = [np.where(grey == clear, 0, _TOP).astype(np.uint16)] if isinstance(clear, int) else []
    return np.concatenate([grey, grey, grey, *alpha], axis=2)


def _check_floats(grey: Array) -> None:
    low, high = float(grey.min()), float(grey.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError("holds values that are not finite numbers", cure="Save it as a 16-bit PNG")
    if low < -_FLOAT_SLACK or high > 1 + _FLOAT_SLACK:
        raise InputError(f"holds values from {low:.6g} to {high:.6g}, not 0 to 1", cure="Save it as a 16-bit PNG")


def _deep_color_png(data: bytes, orientation: int) -> Array:
    """A PNG of 16 bits with colour or alpha, which Pillow reads with 8 bits. `orientation` is that of EXIF."""
    import cv2

    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.dtype != np.uint16 or array.ndim != 3:
        raise ValueError("undecodable")
    array[..., 0], array[..., 2] = array[..., 2].copy(), array[..., 0].copy()
    return np.ascontiguousarray(_UPRIGHT.get(orientation, np.asarray)(array))


def _pixel_chunks(png: bytes) -> bytes:
    """The PNG with the chunks that its pixels need, and right checksums: libpng prints warnings about all others.

    Raises `ValueError` where the pixels are not those of the header's size.
    """
    chunks = list(_chunks(png))
    header = bytes(chunks[0][1])
    pixels = _exactly(b"".join(body for kind, body in chunks if kind == b"IDAT"), _inflated_size(header))
    clear = [bytes(body) for kind, body in chunks if kind == b"tRNS" and len(body) == _CLEAR_BYTES.get(header[9])]
    kept = [(b"IHDR", header), *((b"tRNS", each) for each in clear[:1]), (b"IDAT", pixels), (b"IEND", b"")]
    return b"".join([SIGNATURE, *(piece for kind, body in kept for piece in _chunk_pieces(kind, body))])


def _exactly(packed: bytes, size: int) -> bytes:
    """A zlib stream without what follows it. Raises `ValueError` where it does not inflate to `size` bytes."""
    inflate = zlib.decompressobj()
    for start in range(0, len(packed), _PORTION):
        rest = piece = packed[start : start + _PORTION]
        while size >= 0 and (part := inflate.decompress(rest, _PORTION)):
            size, rest = size - len(part), inflate.unconsumed_tail
        if inflate.eof and size == 0:
            return packed[: start + len(piece) - len(inflate.unused_data)]
        if inflate.eof or size < 0:
            break
    raise ValueError("its data is not that of its size")


def _inflated_size(header: bytes) -> int:
    """Bytes of all rows, with their filter types, of a PNG of 16 bits."""
    width, height, _, color, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    sizes = ((-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes)
    return sum(down * (1 + 2 * _CHANNELS[color] * across) for across, down in sizes if across > 0 and down > 0)


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
        key, _, rest = bytes(body).partition(b"\0") if kind in (b"tEXt", b"iTXt") else (b"", b"", b"")
        if kind == b"tEXt":
            texts[key.decode("latin-1")] = rest.decode("latin-1")
        elif kind == b"iTXt" and rest[:1] == b"\0":
            texts[key.decode("latin-1")] = rest[2:].split(b"\0", 2)[2].decode()
    return texts


def _chunks(png: bytes) -> Iterator[tuple[bytes, memoryview]]:
    position = len(SIGNATURE)
    while position + 8 <= len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        yield kind, memoryview(png)[position + 8 : position + 8 + length]
        position += 12 + length


def _chunk(kind: bytes, body: bytes | bytearray) -> bytes:
    return b"".join(_chunk_pieces(kind, body))


def _chunk_pieces(kind: bytes, body: bytes | bytearray) -> tuple[bytes | bytearray, ...]:
    digest = zlib.crc32(body, zlib.crc32(kind))
    return struct.pack(">I", len(body)), kind, body, struct.pack(">I", digest)
