"""Where a model's weights stay, by what the device has free."""

import pytest

from assetgen.diffusion.speed.offload import ROOM, ROOM_A_PIXEL, stay

XL = {"unet": 5_100_000_000, "text_encoder": 250_000_000, "text_encoder_2": 1_390_000_000, "vae": 170_000_000}
GIGA = 10**9


@pytest.mark.parametrize(
    ("free", "where"), [(80 * GIGA, "device"), (12 * GIGA, "device"), (9 * GIGA, "parts"), (8 * GIGA, "layers")]
)
def test_xl_stays_on_big_cards_and_comes_over_on_small_ones(free: int, where: str) -> None:
    assert stay(XL, free, 1024 * 1024) == where


def test_controls_count() -> None:
    assert stay(XL, 12 * GIGA, 1024 * 1024, beside=2_500_000_000) == "parts"


def test_what_fits_by_a_byte_stays() -> None:
    least = ROOM + ROOM_A_PIXEL * 512 * 512 + 30
    assert stay({"unet": 20, "vae": 10}, least, 512 * 512) == "device"
    assert stay({"unet": 20, "vae": 10}, least - 1, 512 * 512) == "parts"
    assert stay({"unet": 20, "vae": 10}, least - 11, 512 * 512) == "layers"
