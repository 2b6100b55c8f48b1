"""Image and palette files: read them, and use them as source and as control image."""

import io
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from cases import family_errors
from hypothesis import strategies as st
from mutations import Files, mutated_bytes, with_special_files
from PIL import Image

from assetgen.controls.depth import depth
from assetgen.controls.picture import picture
from assetgen.images import to_uint8
from assetgen.parts import InputFile
from assetgen.pixels.image_files import SIGNATURE, encode_png, read_image
from assetgen.pixels.palettes import read_palette

_SIDE, _SIZE = 12, (32, 24)
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F")
_NOT_IMAGES = {"PDF", "BUFR", "GRIB", "HDF5", "WMF", "EPS"}
"""Formats that Pillow writes but does not read, or needs another program for."""
_CHUNKS = (b"tRNS", b"eXIf", b"iCCP", b"gAMA", b"pHYs", b"acTL", b"fcTL", b"fdAT", b"zTXt", b"iTXt", b"PLTE", b"sBIT")
_PALETTES = {
    "a.hex": b"ff0000\n#00ff00\n0000ff\n",
    "a.gpl": b"GIMP Palette\nName: x\nColumns: 2\n# y\n255 0 0 red\n0 255 0\n",
    "a.pal": b"JASC-PAL\n0100\n2\n255 0 0\n0 255 0\n",
    "b.pal": b"RIFF" + struct.pack("<I4s4sIHH", 28, b"PAL ", b"data", 12, 0x300, 2) + bytes(8),
}


@cache
def _whole() -> dict[str, bytes]:
    """A small image of every format and mode that Pillow writes."""
    Image.init()
    noise = np.random.default_rng(0).integers(0, 256, (_SIDE, _SIDE, 4), np.uint8)
    files = {}
    for kind in sorted(set(Image.SAVE) & set(Image.OPEN) - _NOT_IMAGES):
        for mode in _MODES:
            stream = io.BytesIO()
            try:
                _image(mode, noise).save(stream, kind)
            except (OSError, ValueError, KeyError, TypeError, SystemError):
                continue  # this format has no such mode
            files[f"{kind}-{mode.replace(';', '')}"] = stream.getvalue()
    files["PNG-16"] = encode_png(noise.astype(np.uint16) * 257)
    files["TIFF-deflate"] = _saved(_image("RGB", noise), "TIFF", compression="tiff_deflate")
    files["JPEG-turned"] = _saved(_image("RGB", noise), "JPEG", exif=_turned())
    files["PNG-turned"] = _saved(_image("RGBA", noise), "PNG", exif=_turned())
    return files


def _image(mode: str, noise: np.ndarray) -> Image.Image:
    if mode == "F":
        return Image.fromarray(noise[..., 0].astype(np.float32) / 255)
    if mode in ("I;16", "I"):
        return Image.fromarray(noise[..., 0].astype(np.uint16 if mode == "I;16" else np.int32) * 257)
    image = Image.fromarray(noise)
    return image.convert("P").convert("PA") if mode == "PA" else image.convert("RGB" if mode == "LAB" else mode)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], len(SIGNATURE)
    while place < len(png):
        length = struct.unpack_from(">I", png, place)[0]
        found.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


@st.composite
def _other_chunks(draw: st.DrawFn) -> bytes:
    """A PNG whose checksums are right, with another header, other data, more or fewer chunks."""
    png = _whole()[draw(st.sampled_from([name for name in sorted(_whole()) if name.startswith("PNG")]))]
    chunks = _chunks(png)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(chunks) - 1))
        kind, body = chunks[place]
        match draw(st.sampled_from(("body", "body", "pixels", "size", "double", "drop", "new"))):
            case "body":
                chunks[place] = (kind, draw(mutated_bytes(body)))
            case "pixels" if kind == b"IDAT":
                chunks[place] = (kind, zlib.compress(draw(st.sampled_from((b"", b"\5" * 999, bytes(3_000_000))))))
            case "size" if kind == b"IHDR":
                sides = st.sampled_from((0, 1, 12, 8192, 8193, 20_000, 2**31 - 1, 2**32 - 1))
                shape = st.sampled_from((b"\1\0", b"\10\0", b"\10\2", b"\10\3", b"\10\6", b"\20\0", b"\20\6", b"\7\7"))
                chunks[place] = (kind, struct.pack(">II", draw(sides), draw(sides)) + draw(shape) + body[10:])
            case "double":
                chunks.insert(place, chunks[place])
            case "drop" if len(chunks) > 1:
                del chunks[place]
            case "new":
                chunks.insert(place, (draw(st.sampled_from(_CHUNKS)), draw(st.binary(max_size=64))))
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def cases() -> st.SearchStrategy[Files]:
    """An image file, or a palette."""
    whole, palettes = sorted(_whole().items()), sorted(_PALETTES.items())
    images = st.one_of(st.sampled_from(whole).flatmap(lambda each: mutated_bytes(each[1])), _other_chunks())
    damaged = st.sampled_from(palettes).flatmap(
        lambda each: mutated_bytes(each[1]).map(lambda data: {f"palette.{each[0]}": data})
    )
    files = st.tuples(images, st.sampled_from((".png", ".jpg", ".tif", ""))).map(
        lambda each: {f"image{each[1]}": each[0]}
    )
    return with_special_files(st.one_of(files, files, files, damaged))


def known() -> list[Files]:
    """Whole files, and cases that failed once."""
    line = io.BytesIO()
    Image.new("L", (1, 20_000)).save(line, "PNG")
    return [
        *({"image": data} for data in _whole().values()),
        *({f"palette.{name}": data} for name, data in _PALETTES.items()),
        {"image.png": line.getvalue()},
        *({"image.png": data} for data in _odd_png()),
        {"image.png": _odd_tiff()},
    ]


def _odd_tiff() -> bytes:
    """A TIFF of 512 samples for each pixel, about which Pillow prints an error."""
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "TIFF")
    return buffer.getvalue().replace(struct.pack("<HHIH", 277, 3, 1, 3), struct.pack("<HHIH", 277, 3, 1, 512))


def _odd_png() -> list[bytes]:
    """Deep PNGs with chunks that libpng prints warnings about."""
    header, *others = _chunks(_whole()["PNG-16"])
    data = zlib.decompress(others[0][1])
    orders = [
        [header, header, *others],
        [header, (b"sBIT", b"\0" * 9), *others],
        [header, *others[:-1], (b"IEND", b"x")],
        [header, (b"IDAT", zlib.compress(data + bytes(99))), others[-1]],
        [header, (b"IDAT", zlib.compress(data) + b"more"), others[-1]],
        [(b"IHDR", header[1][:4] + bytes(4) + header[1][8:]), *others],
    ]
    return [SIGNATURE + b"".join(_chunk(kind, body) for kind, body in order) for order in orders]


def check(root: Path) -> None:
    """Read the file for each of its uses."""
    for path in root.iterdir():
        if path.name.startswith("palette"):
            read_palette(path)
            continue
        image = InputFile(path=path, sha256="")
        with family_errors():
            pixels = read_image(path)
            assert pixels.ndim == 3 and pixels.shape[2] in (3, 4) and pixels.dtype in (np.uint8, np.uint16, np.float32)
            if pixels.size < 3_000_000:
                encode_png(to_uint8(pixels), quick=True)
        for fit in ("cover", "contain"):
            with family_errors():
                picture(image=image, kind="depth", size=_SIZE, fit=fit)
            with family_errors():
                depth(image=image, size=_SIZE, fit=fit)
