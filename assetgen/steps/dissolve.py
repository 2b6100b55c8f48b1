"""Dissolving, from a still."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.images import ImageSet, Milliseconds, is_colored
from assetgen.parts import adds, part
from assetgen.pixels.canvas import Box
from assetgen.pixels.quantize import bayer
from assetgen.steps._motion import FrameCount, animated, canvas_for, still_of


@adds(frames=True)
@part(version=1, frames=True)
def dissolve(
    images: ImageSet,
    *,
    frames: FrameCount = 8,
    duration: Milliseconds = 80,
    pattern: Literal["noise", "ordered"] = "noise",
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0,
    reverse: bool = False,
) -> ImageSet:
    """Animate a still so that it vanishes pixel by pixel: frame 0 is the still, the last frame is empty.

    - `frames`, `duration`: how many, and the milliseconds that each is shown.
    - `pattern`: the order of the pixels: `noise` is random, `ordered` a regular Bayer pattern.
    - `seed`: of the noise.
    - `reverse`: appear instead.

    Each frame loses the same number of pixels. Colours are unchanged.

    Example:
        - dissolve: {frames: 10, pattern: ordered}
    """
    still, _ = still_of(images, "dissolve")
    canvas_for(still, Box(0, 0, *still.size), [Box(0, 0, *still.size)] * frames)
    order = _order(still, pattern, seed)
    count = int(order.max()) + 1
    gone = [count * number // (frames - 1) for number in range(frames)]
    steps = [_without(still, order < limit) for limit in (reversed(gone) if reverse else gone)]
    return animated("dissolve", steps, duration, loop=False)


def _order(still: ImageSet, pattern: str, seed: int) -> NDArray[np.intp]:
    """The number of each visible pixel in the order in which they vanish, `H×W`; -1 for invisible ones."""
    seen = still["color"][..., 3] > 0
    noise = np.random.default_rng(seed).random(seen.shape)
    values = (bayer(seen.shape, "") + noise / 64 if pattern == "ordered" else noise)[seen]
    order = np.full(seen.shape, -1)
    ranks = np.empty(len(values), np.intp)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    order[seen] = ranks
    return order


def _without(still: ImageSet, gone: NDArray[np.bool_]) -> ImageSet:
    """The still without the alpha and the emission of some pixels."""
    channels = {name: array.copy() for name, array in still.channels.items()}
    for name, array in channels.items():
        if is_colored(name):
            array[gone, 3] = 0
        elif name == "emission":
            array[gone] = 0
    return ImageSet(channels, still.meta)
