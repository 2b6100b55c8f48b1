"""Check that an image shows something clear: not one colour, not black, not several things, not a smear."""

import re
from typing import Annotated

from pydantic import Field

from assetgen.checks._smears import SMEAR_LIMIT, smear
from assetgen.checks._traits import areas_of, cells_of, contrast_of, traits_of
from assetgen.images import FloatArray, ImageSet, split_alpha, to_float
from assetgen.parts import Verdict, part

_DARK = 0.1  # mean Oklab lightness; one in 500 drawn textures is darker
_FILLED = 0.9  # of its box: a sprite that fills less shows a shape, also in one colour
_PIECES = 3
_SECOND = 0.2  # of the visible area: another thing
_LOOSE = 0.25  # of the visible area: all pieces but the largest
_PLURAL = re.compile(
    r"\b(two|three|four|five|several|many|some|pair|set|pile|heap|stack|bunch|swarm|group|crowd|\w\w+[^\Wsui]s)\b"
)


@part(version=1, ranks=True)
def content(
    images: ImageSet,
    *,
    prompt: str = "",
    one: bool = True,
    contrast: Annotated[float, Field(ge=0, le=1)] = 0.003,
) -> Verdict:
    """Fail an image that shows nothing clear: nearly black, nearly one colour; a sprite in loose pieces, or a smear.

    It measures shapes and colours only: a clean drawing of the wrong thing passes. `best_of` prefers sprites that are
    less like smears. The shape of a sprite that started from a drawing, with its alpha, is not judged.

    - `prompt`: the asset's own prompt. Where it names several things ("boots", "two keys"), pieces are allowed.
    - `one`: a sprite shows one thing, in few pieces, with a clear shape. Use false for splatters, sparks and smoke.
    - `contrast`: the smallest allowed root mean square distance of the colours from their mean, in Oklab.

    The score is the worst fault as a multiple of its limit: above 1 fails, lower is better.

    Example:
        - content: {one: false}
    """
    cover = to_float(split_alpha(images["color"])[1])
    lab, seen = cells_of(images["color"])
    if not seen.any():
        return Verdict(2.0, False, "nothing is visible", quality=0.0)
    faults = [_dark(lab[seen])]
    if seen[1:-1, 1:-1].mean() > _FILLED:
        faults.append(_plain(lab[seen], contrast))
    likelihood = 0.5
    if one and cover.min() < 1 and not images.meta.given_alpha:
        several = names_several(prompt)
        faults += [] if several else _pieces(areas_of(seen))
        likelihood, reason = smear(traits_of(lab, seen), several=several)
        faults.append((likelihood / SMEAR_LIMIT, reason))
    score, reason = max(faults)
    return Verdict(round(score, 3), score <= 1, reason if score > 1 else "", quality=round(1 - likelihood, 4))


def names_several(prompt: str) -> bool:
    """Whether a prompt asks for several things: a number, a word such as "pile", or a plural."""
    return _PLURAL.search(prompt.lower()) is not None


def _dark(colors: FloatArray) -> tuple[float, str]:
    light = float(colors[:, 0].mean())
    return _DARK / max(light, 0.01), "it is nearly black"


def _plain(colors: FloatArray, contrast: float) -> tuple[float, str]:
    spread = contrast_of(colors)
    return contrast / max(spread, 1e-4), f"it is nearly one colour (contrast {spread:.3f}, at least {contrast:g})"


def _pieces(areas: FloatArray) -> list[tuple[float, str]]:
    """Too many pieces, several things and loose pieces, as multiples of their limits, with what they are."""
    second, loose = float(areas[1:2].sum()), float(areas[1:].sum())
    return [
        (len(areas) / _PIECES, f"{len(areas)} separate pieces, at most {_PIECES}"),
        (second / _SECOND, f"several things: the second has {second:.0%} of the visible area, at most {_SECOND:.0%}"),
        (loose / _LOOSE, f"loose pieces are {loose:.0%} of the visible area, at most {_LOOSE:.0%}"),
    ]
