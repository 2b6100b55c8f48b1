"""Palette files: .hex (Lospec) and .gpl (GIMP), read and written; .pal (JASC, or Microsoft RIFF), read."""

import errno
import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assetgen.errors import InputError, printable
from assetgen.files import read_limited

MAX_COLORS = 256
PALETTE_KINDS = (".hex", ".gpl", ".pal")
"""The files that `read_palette` reads."""
_MAX_FILE_BYTES = 65_536
_HEX_COLOR = re.compile(r"#?([0-9a-fA-F]{6})")
_GIMP_HEADER, _JASC_HEADER = "GIMP Palette", "JASC-PAL"
_GIMP_FIELD = re.compile(r"(Name|Columns|Channels)\s*:", re.IGNORECASE)
_JASC_COLOR_LINE = 4  # after the header, the version and the number of colours
_RIFF_HEADER = struct.Struct("<4sI4s4sIHH")  # RIFF, size, "PAL ", "data", size, version, number of colours

_Color = tuple[int, int, int]
_Lines = list[tuple[int, str]]


def read_palette(path: Path) -> NDArray[np.uint8]:
    """The unique colours of a palette file as `N×3` sRGB uint8, in the order of the file.

    Raises `InputError`, with the line if known, for a file that is missing, not a palette, larger than 64 KiB, empty,
    or has more than 256 colours.
    """
    readers = dict(zip(PALETTE_KINDS, (_hex, _gimp, _jasc), strict=True))
    kind = path.suffix.lower()
    if kind not in readers:
        raise InputError(f"'{path}' is not a palette", cure="Palettes are .hex, .gpl or .pal files")
    data = _bytes(path)
    if kind == ".pal" and data[:4] == b"RIFF":
        colors = _riff(data, path)
    else:
        lines = data.decode("utf-8-sig", errors="replace").splitlines()  # names may be in another encoding
        colors = readers[kind]([(number, line.strip()) for number, line in enumerate(lines, 1)], path)
    return _array(colors, path)


def encode_palette(colors: NDArray[np.uint8], path: Path) -> bytes:
    """The content of a palette file, .hex or .gpl, with these sRGB colours, `N×3`.

    Raises `InputError` for another kind of file.
    """
    kind = path.suffix.lower()
    if kind == ".hex":
        return "".join(f"{bytes(color).hex()}\n" for color in colors).encode()
    if kind == ".gpl":
        lines = ("{:3} {:3} {:3}\t#{}\n".format(*color, bytes(color).hex()) for color in colors)
        return f"{_GIMP_HEADER}\nName: {printable(path.stem)}\nColumns: 0\n#\n{''.join(lines)}".encode()
    raise InputError(f"'{path}' is not a palette that can be written", cure="Name a .hex or .gpl file")


def _bytes(path: Path) -> bytes:
    try:
        return read_limited(path, _MAX_FILE_BYTES)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise InputError(f"palette '{path}' is larger than {_MAX_FILE_BYTES // 1024} KiB") from error
        raise InputError(f"cannot read palette '{path}' ({error.strerror})") from error


def _array(colors: Iterable[_Color], path: Path) -> NDArray[np.uint8]:
    unique = list(dict.fromkeys(colors))
    if not 1 <= len(unique) <= MAX_COLORS:
        raise InputError(f"palette '{path}' has {len(unique)} colours", cure=f"Use 1 to {MAX_COLORS}")
    return np.array(unique, np.uint8)


def _hex(lines: _Lines, path: Path) -> Iterator[_Color]:
    for number, line in lines:
        if line:
            match = _HEX_COLOR.fullmatch(line)
            if not match:
                raise InputError(f"'{line[:40]}' is not a colour", where=f"{path}:{number}", cure="Write RRGGBB")
            red, green, blue = bytes.fromhex(match[1])
            yield red, green, blue


def _gimp(lines: _Lines, path: Path) -> Iterator[_Color]:
    _expect(lines, _GIMP_HEADER, path)
    for number, line in lines[1:]:
        if line and not line.startswith("#") and not _GIMP_FIELD.match(line):
            yield _triple(line, f"{path}:{number}")


def _jasc(lines: _Lines, path: Path) -> Iterator[_Color]:
    _expect(lines, _JASC_HEADER, path)
    filled = [(number, line) for number, line in lines[_JASC_COLOR_LINE - 1 :] if line]
    declared = lines[_JASC_COLOR_LINE - 2][1] if len(lines) >= _JASC_COLOR_LINE - 1 else ""
    if declared != str(len(filled)):
        raise InputError(f"{len(filled)} colours follow, not '{declared[:40]}'", where=f"{path}:{_JASC_COLOR_LINE - 1}")
    for number, line in filled:
        yield _triple(line, f"{path}:{number}")


def _expect(lines: _Lines, header: str, path: Path) -> None:
    if not lines or lines[0][1] != header:
        raise InputError(f"the first line is not '{header}'", where=f"{path}:1")


def _triple(line: str, where: str) -> _Color:
    words = line.split()[:3]
    values = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) <= 3]
    if len(values) != 3 or max(values) > 255:
        raise InputError(f"'{line[:40]}' is not a colour", where=where, cure="Write three numbers from 0 to 255")
    red, green, blue = values
    return red, green, blue


def _riff(data: bytes, path: Path) -> Iterator[_Color]:
    if len(data) < _RIFF_HEADER.size:
        raise InputError(f"palette '{path}' is truncated")
    _, _, form, chunk, _, _, count = _RIFF_HEADER.unpack_from(data)
    entries = data[_RIFF_HEADER.size : _RIFF_HEADER.size + 4 * count]
    if (form, chunk) != (b"PAL ", b"data") or len(entries) < 4 * count:
        raise InputError(f"palette '{path}' is damaged or truncated")
    for red, green, blue, _ in struct.iter_unpack("4B", entries):
        yield red, green, blue
