"""From where a figure is seen: names for animations, and words for prompts."""

from collections.abc import Mapping
from typing import Literal

Facing = Literal["down", "down_left", "left", "up_left", "up", "up_right", "right", "down_right"]
"""Where a figure looks on the screen; `down` is towards the viewer."""

FACING_WORDS: Mapping[Facing, str] = {
    "down": "seen from the front",
    "down_left": "seen from the front, turned to the left",
    "left": "seen from the side, facing left",
    "up_left": "seen from behind, turned to the left",
    "up": "seen from behind",
    "up_right": "seen from behind, turned to the right",
    "right": "seen from the side, facing right",
    "down_right": "seen from the front, turned to the right",
}
"""Words for each direction, in steps of 45 degrees of the camera's azimuth."""
