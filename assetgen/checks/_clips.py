"""What the checks of animations share."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, Tag, split_alpha, to_float

VISIBLE = 0.5
"""The alpha from which on a pixel counts."""


@dataclass(frozen=True)
class Clip:
    """One animation of a sequence: its tag, and the colours of its frames, RGBA in 0..1."""

    tag: Tag
    frames: tuple[Array, ...]

    def name(self, number: int) -> str:
        """A frame of the clip, counted from 0, as messages name it: by its number in the whole sequence."""
        return f"frame {self.tag.first + number}"

    @property
    def steps(self) -> NDArray[np.float64]:
        """How much each frame differs from the one before it, from the second frame on; see `difference`."""
        return np.array([difference(one, other) for one, other in pairwise(self.frames)])


def clips(images: ImageSet) -> Iterator[Clip]:
    """The animations of a sequence of more than one frame; a sequence without tags is one. Refuses a still.

    Where every animation has a single frame, as each side of a turnaround, all frames are one that does not loop.
    """
    frames = [frame for _, frame in all_frames(images)]
    tags = images.meta.frames.tags if images.meta.frames else ()
    if tags and all(tag.first == tag.last for tag in tags):
        tags = (Tag("all", 0, len(frames) - 1, loop=False),)
    for tag in tags or (Tag("default", 0, len(frames) - 1),):
        if tag.last > tag.first:
            yield Clip(tag, tuple(frames[tag.first : tag.last + 1]))


def all_frames(images: ImageSet) -> Iterator[tuple[int, Array]]:
    """The number and the colours, RGBA in 0..1, of each frame of a sequence. Refuses a still."""
    if images.meta.frames is None:
        raise InputError("the image is not an animation", cure="Use this check in presets of animations")
    for number, frame in enumerate(images.frames):
        yield number, np.concatenate([to_float(each) for each in split_alpha(frame["color"])], axis=2)


def difference(one: Array, other: Array) -> float:
    """How much two frames differ, 0..1: the mean of the largest channel's difference, over what either shows.

    Colours count as far as they are visible (premultiplied by alpha).
    """
    cover = np.maximum(one[..., 3], other[..., 3])
    shown = [np.concatenate([each[..., :3] * each[..., 3:], each[..., 3:]], axis=2) for each in (one, other)]
    apart = np.abs(shown[0] - shown[1]).max(axis=2)
    return float(apart.sum(dtype=np.float64) / max(float(cover.sum(dtype=np.float64)), 1.0))
