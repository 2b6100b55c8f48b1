"""Draw the states of a control of a user interface by changes of colour."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.images import UI_STATES, ImageSet, split_alpha, to_float
from assetgen.parts import adds, part
from assetgen.pixels.color import oklab_from_srgb, srgb_from_oklab
from assetgen.steps._resample import like_samples

State = Literal["hover", "pressed", "disabled", "empty"]
_CHANGES: dict[State, tuple[float, float, float]] = {
    "hover": (1.12, 1.1, 0.0),
    "pressed": (0.8, 1.0, 0.0),
    "disabled": (0.75, 0.15, 0.2),
    "empty": (0.5, 0.3, 0.05),
}
"""Factors of Oklab lightness and chroma, and lightness added."""


@part(version=1)
@adds(*UI_STATES)
def ui_states(
    images: ImageSet,
    *,
    states: Annotated[tuple[State, ...], Field(min_length=1)] = ("hover", "pressed", "disabled"),
) -> ImageSet:
    """Add one channel for each state, a copy of `color` with other lightness and saturation (in Oklab).

    - `states`: `hover` is lighter, `pressed` darker, `disabled` grey and pale; `empty` is dark, for the part of a bar
      that is not filled.

    Exporters write them as `NAME_hover.png`, …, and for Godot a theme.

    Example:
        - ui_states: {states: [hover, pressed]}
    """
    rgb, alpha = (to_float(array) for array in split_alpha(images["color"]))
    channels = {}
    for state in states:
        lightness, chroma, lift = _CHANGES[state]
        lab = oklab_from_srgb(rgb) * np.array([lightness, chroma, chroma], np.float32)
        lab[..., 0] += np.float32(lift)
        made = np.concatenate([np.clip(srgb_from_oklab(lab), 0, 1), alpha], axis=2).astype(np.float32)
        channels[state] = like_samples(made, images["color"])
    return images.replace(**channels)
