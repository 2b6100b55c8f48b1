import struct

import pytest

from assetgen.errors import InputError
from assetgen.pack.library import shipped_presets
from assetgen.pixels.palettes import read_palette

RED_AND_SKY = [[255, 0, 0], [10, 200, 255]]


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def riff(colors, count=None):
    body = b"".join(bytes([*color, 0]) for color in colors)
    header = struct.pack("<4s4sIHH", b"PAL ", b"data", 4 + len(body), 0x300, len(colors) if count is None else count)
    return b"RIFF" + struct.pack("<I", len(header) + len(body)) + header + body


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.hex", "FF0000\r\n\r\n#0ac8ff\r\n"),
        ("a.HEX", "\ufeffff0000\n0AC8FF"),
        ("a.gpl", "GIMP Palette\nName: x\nColumns: 2\n# note\n255 0 0 Untitled\n  10 200\t255 sky 3\n"),
        ("a.gpl", b"GIMP Palette\n255 0 0 f\xe9e\n10 200 255"),
        ("a.pal", "JASC-PAL\r\n0100\r\n2\r\n255 0 0\r\n10 200 255\r\n"),
        ("a.pal", riff(RED_AND_SKY)),
    ],
)
def test_every_format_gives_its_colours_in_order(tmp_path, name, content):
    assert read_palette(written(tmp_path, name, content)).tolist() == RED_AND_SKY


def test_duplicate_colours_are_read_once(tmp_path):
    assert read_palette(written(tmp_path, "a.hex", "ff0000\n0ac8ff\nFF0000")).tolist() == RED_AND_SKY


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.hex", "ff0000\n\nred\n", "a.hex:3: 'red'"),
        ("a.hex", "ff0000ff", "a.hex:1"),
        ("a.gpl", "255 0 0", "a.gpl:1"),
        ("a.gpl", "", "a.gpl:1"),
        ("a.gpl", "GIMP Palette\n255 0 256", "a.gpl:2"),
        ("a.gpl", "GIMP Palette\n255 0", "a.gpl:2"),
        ("a.gpl", "GIMP Palette\n1 2 ²", "a.gpl:2"),
        ("a.pal", "JASC-PAL\n0100\n3\n1 2 3\n4 5 6", "a.pal:3: 2 colours follow, not '3'"),
        ("a.pal", "JASC-PAL\n", "a.pal:3"),
        ("a.pal", "JASC-PAL\n0100\n1\n1 2 -3", "a.pal:4"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path, name, content, place):
    with pytest.raises(InputError) as caught:
        read_palette(written(tmp_path, name, content))
    assert place in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.png", b"\x89PNG", "not a palette"),
        ("a.hex", "\n\n", "0 colours"),
        ("a.hex", "\n".join(f"{number:06x}" for number in range(257)), "257 colours"),
        ("a.hex", "ff0000\n" * 10_000, "larger than 64 KiB"),
        ("a.pal", b"RIFF\0\0", "truncated"),
        ("a.pal", riff(RED_AND_SKY, count=60_000), "truncated"),
        ("a.hex", b"\xff\xfe\0\0", "not a colour"),
    ],
)
def test_a_file_that_is_not_a_palette_is_refused(tmp_path, name, content, word):
    with pytest.raises(InputError, match=word):
        read_palette(written(tmp_path, name, content))


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot read palette"):
        read_palette(tmp_path / "none.hex")


@pytest.mark.parametrize("path", sorted((shipped_presets() / "palettes").glob("*.*[!d]")), ids=lambda path: path.name)
def test_a_shipped_palette_has_the_number_of_colours_in_its_name(path):
    assert len(read_palette(path)) == int(path.stem.lstrip("abcdefghijklmnopqrstuvwxyz_"))
