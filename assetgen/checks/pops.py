"""Check that no frame of an animation is repeated or falls out."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.checks._clips import VISIBLE, Clip, clips, difference
from assetgen.images import Array, ImageSet
from assetgen.parts import Verdict, part

_SAME = 0.01
"""Frames that differ less look equal: drawn sprites of 16 rows differ by at least 0.02 where one pixel moved."""
_ALIKE = 0.05
"""Colours of frames that differ less count as this much: a pixel may turn another one's colour."""
_LEVELS = 8


@part(version=1, frames=True)
def pops(
    images: ImageSet,
    *,
    limit: Annotated[float, Field(gt=1, le=100)] = 3.0,
    repeats: Annotated[int, Field(ge=0, le=64)] = 0,
) -> Verdict:
    """Fail an animation with a frame that does not belong to it, or with repeated frames.

    - `limit`: how many times as much as the others a frame may differ from both frames beside it: in its pixels (the
      others' median counts), and in the shares of its colours (the others' largest difference counts).
    - `repeats`: how many frames may equal the one before.

    The score is the worst fault as a multiple of its limit: above 1 fails, lower is better.

    Example:
        - pops: {repeats: 2}
    """
    found = list(clips(images))
    same = [f"{clip.name(at)} repeats {clip.name(before)}" for clip in found for before, at in _repeats(clip)]
    faults = [fault for clip in found for fault in _outliers(clip, limit)]
    if len(same) > repeats:
        faults.append((len(same) / max(1, repeats) + 1, "; ".join(same)))
    score, reason = max(faults, default=(0.0, "too few frames to compare"))
    return Verdict(round(score, 4), score <= 1, reason)


def _neighbours(clip: Clip) -> list[tuple[int, int]]:
    """Each frame and the next; the last and the first one are neighbours in a loop."""
    last = len(clip.frames) - 1
    return [*pairwise(range(last + 1)), *([(last, 0)] if clip.tag.loop and last > 1 else [])]


def _repeats(clip: Clip) -> list[tuple[int, int]]:
    frames = clip.frames
    return [pair for pair in _neighbours(clip) if difference(*(frames[at] for at in pair)) < _SAME]


def _outliers(clip: Clip, limit: float) -> Iterator[tuple[float, str]]:
    """How far each frame differs from both neighbours, as a multiple of the limit."""
    pairs, shares = _neighbours(clip), [_color_shares(frame) for frame in clip.frames]
    pixels = [difference(clip.frames[one], clip.frames[other]) for one, other in pairs]
    colors = [float(np.abs(shares[one] - shares[other]).sum()) / 2 for one, other in pairs]
    for number in range(len(clip.frames)):
        beside = [number in pair for pair in pairs]
        if sum(beside) < 2 or all(beside):
            continue
        ratios = {
            "pixels": _apart(pixels, beside, np.median, _SAME),
            "colours": _apart(colors, beside, np.max, _ALIKE),
        }
        for what, ratio in ratios.items():
            yield (
                ratio / limit,
                f"the {what} of {clip.name(number)} differ {ratio:.1f} × as much as those of the others",
            )


def _apart(steps: list[float], beside: list[bool], typical: Callable[[list[float]], float], least: float) -> float:
    """The smaller one of the steps beside a frame, relative to what is typical of the others."""
    others = [step for step, own in zip(steps, beside, strict=True) if not own]
    return min(step for step, own in zip(steps, beside, strict=True) if own) / max(float(typical(others)), least)


def _color_shares(frame: Array) -> NDArray[np.float64]:
    """The share of each colour among the visible pixels, with 8 levels a channel."""
    visible = frame[..., :3][frame[..., 3] >= VISIBLE]
    codes = np.rint(visible * (_LEVELS - 1)).astype(np.intp) @ (_LEVELS**2, _LEVELS, 1)
    return np.bincount(codes, minlength=_LEVELS**3) / max(len(codes), 1)
