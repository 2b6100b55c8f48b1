"""The check `prompt_match`, on the thumbnails of presets."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assetgen.checks._likeness import _conv
from assetgen.checks.prompt_match import prompt_match
from assetgen.images import ImageSet, color_image
from assetgen.pack.library import PackFile
from assetgen.pack.resolve import resolve_pack
from assetgen.pixels.image_files import read_image

THUMBNAILS = Path(__file__).parents[2] / "presets/thumbnails"
PROMPTS = {
    "pixel_sprite": "a wizard in a blue robe",
    "tile_texture": "wooden floor planks",
    "pixel_tile": "grey cobblestone",
    "pbr_material": "mossy stone bricks",
    "painted_concept": "a castle by a lake",
    "isometric_building": "a castle tower",
    "skybox_strip": "a sunset sky",
    "item_icon": "a potion",
}


def picture(name: str) -> ImageSet:
    return color_image(read_image(THUMBNAILS / f"{name}.png"))


def test_pictures_fit_their_own_prompts_better_than_those_of_others() -> None:
    scores = np.array([[prompt_match(picture(n), prompt=p).score for p in PROMPTS.values()] for n in PROMPTS])
    own, others = np.diag(scores), scores[~np.eye(len(PROMPTS), dtype=bool)]
    assert own.mean() < 0.15 < 0.35 < others.mean()


def test_the_quality_is_the_higher_the_better_a_picture_fits() -> None:
    verdicts = [prompt_match(picture(name), prompt="a potion") for name in ("item_icon", "tile_texture")]
    assert (verdicts[0].quality or 0) > (verdicts[1].quality or 0)


def test_a_picture_over_the_limit_fails_with_its_share() -> None:
    verdict = prompt_match(picture("tile_texture"), prompt="a red potion", limit=0.1)
    assert (verdict.passed, verdict.reason) == (
        False,
        f"{verdict.score:.0%} of other captions fit it better than 'a red potion'",
    )


def test_a_prompt_of_unknown_words_tells_nothing() -> None:
    verdict = prompt_match(picture("item_icon"), prompt="ŧŋ", limit=0.1)
    assert (verdict.passed, verdict.quality) == (True, 0.5)


def test_a_picture_of_one_pixel_is_rated() -> None:
    assert 0 <= prompt_match(color_image(np.zeros((1, 1, 4), np.uint8)), prompt="a potion").score <= 1


@pytest.mark.parametrize(("side", "stride"), [(3, 1), (3, 2), (1, 2)])
def test_convolutions_equal_those_of_pytorch(side: int, stride: int) -> None:
    import torch

    random = np.random.default_rng(0)
    x, weight = random.normal(size=(4, 9, 8)).astype("f4"), random.normal(size=(5, 4, side, side)).astype("f4")
    ours = _conv(x, weight, np.arange(5, dtype=np.float32), stride)
    theirs = torch.nn.functional.conv2d(
        torch.from_numpy(x)[None], torch.from_numpy(weight), torch.arange(5.0), stride, side // 2
    )
    np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "checks"), [("", ["seam", "content"]), (", best_of: 4", ["seam", "content", "prompt_match"])]
)
def test_it_rates_where_several_attempts_are_compared(
    settings: str, checks: list[str], write_pack: Callable[[str], PackFile]
) -> None:
    [recipe] = resolve_pack(write_pack(f"pack: p\nassets: {{a: {{preset: tile_texture, prompt: moss{settings}}}}}"))
    assert [each.alias for each in recipe.checks] == checks
    assert all(each.arguments["prompt"] == "moss" for each in recipe.checks if each.alias == "prompt_match")
