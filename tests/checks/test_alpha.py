"""The check of cut-outs: a good sprite and every fault."""

import numpy as np
import pytest

from assetgen.checks.alpha import alpha
from assetgen.images import Array, ImageSet, color_image
from assetgen.parts import load_part
from assetgen.steps.outline import outline
from assetgen.steps.trim import trim


def ball(radius: float = 20, size: int = 64, x: float = 32) -> Array:
    down, across = np.mgrid[:size, :size] + 0.5
    cover = np.clip(radius + 0.5 - np.hypot(across - x, down - size / 2), 0, 1)
    return np.dstack([np.full_like(cover, 180), cover * 0 + 40, cover * 0 + 40, cover * 255]).astype(np.uint8)


def reason(images: ImageSet) -> str:
    verdict = alpha(images)
    assert verdict.passed == (verdict.score <= 1)
    return "" if verdict.passed else verdict.reason


def test_a_good_sprite_passes_trimmed_or_not_and_outlined() -> None:
    assert reason(color_image(ball())) == ""
    assert reason(trim(color_image(ball()))) == ""
    assert reason(outline(trim(color_image(ball(), background="#ffffff"), padding=2), width=2)) == ""


def test_an_empty_sprite_is_rejected() -> None:
    assert "almost nothing is visible" in reason(color_image(ball(2)))


def test_a_sprite_that_is_not_cut_out_is_rejected() -> None:
    assert "not cut out" in reason(color_image(np.full((8, 8, 3), 90, np.uint8)))


def test_a_sprite_cropped_by_the_border_is_rejected_even_after_trimming() -> None:
    cropped = color_image(ball(24, x=6))
    assert "cropped by the border" in reason(cropped)
    assert "cropped by the border" in reason(trim(cropped, padding=2))


def test_touching_the_border_slightly_is_accepted() -> None:
    assert reason(color_image(ball(20, x=19))) == ""


def test_fragments_are_rejected() -> None:
    fragments = ball(12)
    fragments[2:62:6, 2:12:4] = fragments[2:62:6, 52:62:4] = (9, 9, 9, 255)
    assert "in fragments" in reason(color_image(fragments))


def test_a_rim_of_the_background_is_rejected() -> None:
    rimmed, core = ball(20), ball(18)
    rimmed[..., :3] = np.where(core[..., 3:] > 127, rimmed[..., :3], (240, 240, 240))
    assert "rim" in reason(color_image(rimmed, background="#ffffff"))
    assert reason(color_image(rimmed, background="#00ff00")) == ""


def test_an_outline_in_the_colour_of_the_background_is_not_a_halo() -> None:
    for code in ("#000000", "#ffffff"):
        made = outline(color_image(ball(), background=code), width=2, color=code)
        assert reason(made) == ""


def feathered(back: int) -> Array:
    """A ball whose soft rim still has the background in its colours."""
    down, across = np.mgrid[:64, :64] + 0.5
    away = np.hypot(across - 32, down - 32)
    inside, cover = np.clip((22 - away) / 4, 0, 1)[..., None], np.clip((23 - away) / 5, 0, 1)[..., None]
    color = inside * (180, 40, 40) + (1 - inside) * (back, back, back)
    return np.rint(np.concatenate([color, cover * 255], axis=2)).astype(np.uint8)


def test_a_soft_halo_is_found_on_black_and_white_without_a_known_background() -> None:
    assert "#ffffff" in reason(color_image(feathered(255)))
    assert "#000000" in reason(color_image(feathered(0)))


def test_a_hard_dark_outline_is_not_a_halo() -> None:
    drawn = ball(20)
    drawn[..., 3] = np.where(drawn[..., 3] > 127, 255, 0)
    drawn[..., :3] = np.where(ball(18)[..., 3:] > 127, drawn[..., :3], 0)
    assert reason(color_image(drawn)) == ""


def test_many_small_pieces_of_equal_size_are_fragments() -> None:
    pieces = np.zeros((64, 64, 4), np.uint8)
    pieces[4:60:14, 4:60:14] = pieces[5:60:14, 4:60:14] = pieces[4:60:14, 5:60:14] = pieces[5:60:14, 5:60:14] = 255
    pieces[4:60:14, 6:60:14] = pieces[6:60:14, 6:60:14] = 255
    assert "in fragments" in reason(color_image(pieces))


def test_a_misspelt_argument_is_refused() -> None:
    with pytest.raises(ValueError, match="touching"):
        load_part("check", "alpha").params(touching=0)
