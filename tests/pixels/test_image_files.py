"""Image files: which are read and which are refused."""

import io
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from deflate import zlib_compress
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from assetgen.errors import InputError
from assetgen.parts import Context
from assetgen.pixels.image_files import SIGNATURE, add_text, decode_image, encode_png, read_image, read_text
from assetgen.sources.fake import fake


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@given(st.integers(1, 4), st.sampled_from([np.uint8, np.uint16]), st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_png_is_lossless(channels: int, kind: type, size: tuple[int, int]) -> None:
    array = np.random.default_rng(0).integers(0, np.iinfo(kind).max, (*size, channels), kind, endpoint=True)
    back = decode_image(encode_png(array))
    rgb, alpha = {1: ([0, 0, 0], []), 2: ([0, 0, 0], [1]), 3: ([0, 1, 2], []), 4: ([0, 1, 2], [3])}[channels]
    assert (back == array[..., rgb + alpha]).all()


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(
    "shape", [(1, 1, 4), (1, 50_000, 4), (50_000, 1, 1), (3, 50_000, 3), (301, 403, 4), (700, 801, 3)], ids=str
)
def test_images_of_any_shape_are_read_back(shape: tuple[int, int, int], quick: bool) -> None:
    array = np.cumsum(np.random.default_rng(0).integers(0, 3, shape), axis=0).astype(np.uint8)
    assert (decode_image(encode_png(array, quick=quick)) == array).all()


def test_a_view_of_an_array_is_written_with_its_own_pixels() -> None:
    array = np.arange(240, dtype=np.uint8).reshape(8, 10, 3)
    for view in (array[::2, ::-1], array.transpose(1, 0, 2), np.asfortranarray(array)):
        assert (decode_image(encode_png(view)) == view).all()


def test_an_image_has_the_same_bytes_in_every_thread() -> None:
    array = fake(Context(), prompt="a dragon", size=(256, 256))["color"]
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(encode_png, [array] * 40))) == 1


def test_other_threads_run_during_compression() -> None:
    noise = np.random.default_rng(0).integers(0, 40, 20_000_000, np.uint8)
    spans: list[tuple[float, float]] = []
    thread = threading.Thread(
        target=lambda: spans.append((time.monotonic(), zlib_compress(noise, 6) and time.monotonic()))
    )
    thread.start()
    ticks = [time.monotonic()]
    while thread.is_alive():
        ticks.append(time.monotonic())
    [(began, ended)] = spans
    assert any(began * 0.75 + ended * 0.25 < tick < began * 0.25 + ended * 0.75 for tick in ticks)


@pytest.mark.parametrize("tile", ["", "xy"])
def test_a_png_is_no_larger_than_that_of_other_encoders(tile: str) -> None:
    array = fake(Context(), prompt="a dragon", size=(256, 256), tile=tile)["color"]
    assert len(encode_png(array)) < 1.05 * len(saved(Image.fromarray(array)))


def test_pillow_reads_what_is_written() -> None:
    array = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    assert (np.array(Image.open(io.BytesIO(encode_png(array)))) == array).all()


@pytest.mark.parametrize("mode", ["P", "L", "LA", "1", "CMYK", "RGBA", "YCbCr", "HSV"])
def test_every_mode_becomes_rgb_or_rgba(mode: str) -> None:
    kind = "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"
    image = Image.new("RGB", (3, 2), (10, 200, 30)).convert(mode if mode != "HSV" else "RGB")
    assert decode_image(saved(image, kind)).shape[2] in (3, 4)


def test_sixteen_bits_are_kept() -> None:
    deep = np.array([[[1, 2, 65535]]], np.uint16)
    assert decode_image(encode_png(deep)).tolist() == deep.tolist()


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_image(saved(Image.new("RGB", (4, 2)), "JPEG", exif=exif)).shape[:2] == (4, 2)


def test_an_animation_is_refused() -> None:
    frames = [Image.new("L", (2, 2), tone) for tone in (0, 255)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(InputError, match="several frames"):
        decode_image(data, "walk.gif")


@pytest.mark.parametrize("length", [0, 20, 60, -60])
def test_a_truncated_image_is_refused(length: int) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8, endpoint=True)
    with pytest.raises(InputError, match=r"'hero\.png' is (not a supported image|damaged)"):
        decode_image(encode_png(noise)[:length], "hero.png")


def test_a_huge_image_is_refused_before_decoding() -> None:
    small = encode_png(np.zeros((1, 1, 3), np.uint8))
    header = b"IHDR" + (50_000).to_bytes(4, "big") * 2 + small[24:29]
    with pytest.raises(InputError, match="pixels"):
        decode_image(small[:12] + header + zlib.crc32(header).to_bytes(4, "big") + small[33:], "huge.png")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(InputError, match="cannot read image"):
            read_image(path)


def test_text_is_read_back_and_pixels_stay() -> None:
    png = encode_png(np.full((2, 2, 3), 7, np.uint8))
    png_with_text = add_text(png, {"parameters": "ein Drache – rot", "assetgen": "{}"})
    assert read_text(png_with_text) == {"parameters": "ein Drache – rot", "assetgen": "{}"}
    assert (decode_image(png_with_text) == decode_image(png)).all()
    assert Image.open(io.BytesIO(png_with_text)).info["assetgen"] == "{}"


def test_an_eps_file_is_refused_without_ghostscript() -> None:
    with pytest.raises(InputError, match="is EPS, which is not supported"):
        decode_image(saved(Image.new("L", (2, 2)), "EPS"), "logo.eps")


def deep_grey(tones: list[list[float]], mode: type = np.float32, **options: object) -> bytes:
    return saved(Image.fromarray(np.array(tones, mode)), "TIFF", **options)


def with_chunks(png: bytes, **chunks: bytes) -> bytes:
    """A PNG with these chunks after its header."""
    coded = b"".join(
        len(body).to_bytes(4, "big") + kind.encode() + body + zlib.crc32(kind.encode() + body).to_bytes(4, "big")
        for kind, body in chunks.items()
    )
    return png[:33] + coded + png[33:]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_deep_image_is_turned_as_one_of_eight_bits_is(channels: int, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    small = np.arange(6 * channels, dtype=np.uint8).reshape(2, 3, channels)
    chunk = {"eXIf": exif.tobytes().removeprefix(b"Exif\0\0")}
    eight, sixteen = (
        decode_image(with_chunks(encode_png(array), **chunk)) for array in (small, small.astype(np.uint16) * 257)
    )
    assert sixteen.dtype == np.uint16
    assert (sixteen == eight.astype(np.uint16) * 257).all()


def test_a_transparent_tone_of_sixteen_bits_is_alpha() -> None:
    grey = np.array([[[1000], [7]]], np.uint16)
    made = decode_image(with_chunks(encode_png(grey), tRNS=(1000).to_bytes(2, "big")))
    assert made.tolist() == [[[1000, 1000, 1000, 0], [7, 7, 7, 65535]]]


def test_floats_within_their_range_are_kept() -> None:
    assert decode_image(deep_grey([[0.25, 1.0]])).tolist() == [[[0.25] * 3, [1.0] * 3]]


@pytest.mark.parametrize(
    ("tone", "reason"),
    [(np.nan, "not finite"), (np.inf, "not finite"), (255, "values from 0 to 255"), (-3, "values from -3 to 0")],
)
def test_floats_outside_their_range_are_refused(tone: float, reason: str) -> None:
    with pytest.raises(InputError, match=f"'depth.tif' holds .*{reason}"):
        decode_image(deep_grey([[0, tone]]), "depth.tif")


def test_integers_of_32_bits_are_refused() -> None:
    with pytest.raises(InputError, match="32-bit integer samples"):
        decode_image(deep_grey([[0, 70_000]], np.int32))


def test_a_photograph_with_a_second_image_is_read() -> None:
    pictures = [Image.new("RGB", (8, 4), color) for color in ("white", "black")]
    made = decode_image(saved(pictures[0], "MPO", save_all=True, append_images=pictures[1:]))
    assert made.shape == (4, 8, 3)
    assert made.min() == 255


def test_a_file_of_many_pages_is_refused_at_once() -> None:
    directory = b"\1\0" + b"\0\1\3\0\1\0\0\0\1\0\0\0"
    offsets = (8 + 18 * (number + 1) for number in range(200_000))
    data = b"II*\0\x08\0\0\0" + b"".join(directory + offset.to_bytes(4, "little") for offset in offsets)
    started = time.process_time()
    with pytest.raises(InputError):
        decode_image(data)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("interlaced", [False, True])
def test_a_deep_png_is_read_without_its_other_chunks(interlaced: bool, capfd: pytest.CaptureFixture[str]) -> None:
    pixels = np.arange(5 * 7 * 3, dtype=np.uint16).reshape(5, 7, 3) * 600
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    parts = [pixels[y::dy, x::dx] for x, y, dx, dy in (passes if interlaced else [(0, 0, 1, 1)])]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for part in parts if part.size for row in part)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 7, 5, 16, 2, 0, 0, interlaced))
    whole = [header, chunk(b"sBIT", b"too long"), chunk(b"IDAT", zlib.compress(rows) + b"more"), chunk(b"IEND", b"x")]
    assert np.array_equal(decode_image(SIGNATURE + b"".join(whole)), pixels)
    longer = [header, chunk(b"IDAT", zlib.compress(rows + bytes(9))), chunk(b"IEND", b"")]
    with pytest.raises(InputError, match="not that of its size"):
        decode_image(SIGNATURE + b"".join(longer))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("color", [0, 2, 6])
def test_a_file_of_sixteen_bits_may_have_a_quarter_of_the_pixels(tmp_path: Path, color: int) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 4097, 4096, 16, color, 0, 0, 0))
    (tmp_path / "deep.png").write_bytes(SIGNATURE + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    with pytest.raises(InputError, match=r"4097 × 4096 pixels\. At most 16,777,216"):
        read_image(tmp_path / "deep.png")


def test_a_damaged_image_that_pillow_reports_as_a_runtime_error_is_refused() -> None:
    data = bytearray(saved(Image.new("RGB", (8, 8)), "DDS"))
    data[80:84] = bytes(4)  # the flags of the pixel format
    with pytest.raises(InputError, match="damaged"):
        decode_image(bytes(data))
