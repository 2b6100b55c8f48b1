"""The check of cut-outs: what a good one is, and every fault."""

import numpy as np

from assetgen.checks.alpha import alpha
from assetgen.images import Array, ImageSet, picture
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
    assert reason(picture(ball())) == ""
    assert reason(trim(picture(ball()))) == ""
    assert reason(outline(trim(picture(ball(), background="#ffffff"), padding=2), width=2)) == ""


def test_nothing_left_is_rejected() -> None:
    assert "nothing is left" in reason(picture(ball(2)))


def test_no_cut_out_is_rejected() -> None:
    assert "not cut out" in reason(picture(np.full((8, 8, 3), 90, np.uint8)))


def test_a_sprite_cut_by_the_border_is_rejected_even_after_trimming() -> None:
    cropped = picture(ball(24, x=6))
    assert "cuts it off" in reason(cropped)
    assert "cuts it off" in reason(trim(cropped, padding=2))


def test_touching_the_border_lightly_is_no_fault() -> None:
    assert reason(picture(ball(20, x=19))) == ""


def test_crumbs_are_rejected() -> None:
    crumbs = ball(12)
    crumbs[2:62:6, 2:12:4] = crumbs[2:62:6, 52:62:4] = (9, 9, 9, 255)
    assert "crumbs" in reason(picture(crumbs))


def test_a_rim_of_the_background_is_rejected() -> None:
    rimmed, core = ball(20), ball(18)
    rimmed[..., :3] = np.where(core[..., 3:] > 127, rimmed[..., :3], (240, 240, 240))
    assert "rim" in reason(picture(rimmed, background="#ffffff"))
    assert reason(picture(rimmed, background="#00ff00")) == ""
