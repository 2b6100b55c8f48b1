"""Check the colours of an image."""

from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.errors import InputError, counted
from assetgen.images import ImageSet, split_alpha, to_uint8
from assetgen.parts import InputFile, Verdict, part
from assetgen.pixels.palettes import MAX_COLORS, read_palette

_NAMED = 3  # foreign colours listed in the reason


@part(version=1, frames=True)
def palette(
    images: ImageSet,
    *,
    colors: Annotated[int, Field(ge=1, le=MAX_COLORS)] | None = None,
    palette: InputFile | None = None,
) -> Verdict:
    """Fail an image with more than `colors` colours, or with colours outside the `palette` file.

    The score is the number of colours; lower is better. Fully transparent pixels do not count. Without arguments every
    image passes.

    Example:
        - palette: {colors: 16}
    """
    seen = _seen(images)
    allowed = {tuple(row) for row in read_palette(palette.path).tolist()} if palette else None
    foreign = [] if allowed is None else [color for color in seen if color not in allowed]
    reasons = []
    if colors is not None and len(seen) > colors:
        reasons.append(f"{counted(len(seen), 'colour')}, {colors} allowed")
    if palette and foreign:
        named = ", ".join("#{:02x}{:02x}{:02x}".format(*color) for color in foreign[:_NAMED])
        reasons.append(
            f"{counted(len(foreign), 'colour is', 'colours are')} not in {palette.path.name} ({named}{_more(foreign)})"
        )
    return Verdict(len(seen), not reasons, "; ".join(reasons) or counted(len(seen), "colour"))


def _seen(images: ImageSet) -> list[tuple[int, ...]]:
    """The visible colours, most frequent first."""
    if "color" not in images:
        raise InputError("palette needs an image with a 'color' channel", cure=f"It has {', '.join(images.channels)}")
    rgb, alpha = split_alpha(images["color"])
    visible = to_uint8(rgb)[alpha[..., 0] > 0]
    colors, counts = np.unique(visible.reshape(-1, 3), axis=0, return_counts=True)
    return [tuple(color) for color in colors[np.argsort(-counts, kind="stable")].tolist()]


def _more(foreign: list[tuple[int, ...]]) -> str:
    return ", …" if len(foreign) > _NAMED else ""
