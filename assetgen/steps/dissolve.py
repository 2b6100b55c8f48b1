"""Dissolving, from a still."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.images import ImageSet, Milliseconds, is_colored
from assetgen.parts import adds, part
from assetgen.pixels.canvas import Box
from assetgen.pixels.color import HexColor, srgb_from_hex
from assetgen.pixels.quantize import bayer
from assetgen.steps._motion import FrameCount, animated, canvas_for, still_of
from assetgen.steps._resample import like_samples

_CELL, _OCTAVES = 1 / 5, 3
"""Of the noise: its largest cells, of the side of a square with as many pixels as are visible."""


@adds(frames=True)
@part(version=2, frames=True)
def dissolve(
    images: ImageSet,
    *,
    frames: FrameCount = 8,
    duration: Milliseconds = 80,
    pattern: Literal["noise", "ordered"] = "noise",
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0,
    edge: HexColor | None = None,
    reverse: bool = False,
) -> ImageSet:
    """Animate a still so that it vanishes: frame 0 is the still, the last frame is empty.

    - `frames`, `duration`: how many, and the milliseconds that each is shown.
    - `pattern`: `noise` opens holes that grow together, `ordered` removes the pixels of a regular Bayer pattern.
    - `seed`: of the noise.
    - `edge`: the colour, "#rrggbb", of the pixels that vanish next, as in paper that burns; by default all keep theirs.
    - `reverse`: appear instead.

    Each frame loses the same number of pixels. The noise is the sum of three octaves of value noise.

    Example:
        - dissolve: {frames: 10, edge: "#ff9a30"}
    """
    still, _ = still_of(images, "dissolve")
    canvas_for(still, Box(0, 0, *still.size), [Box(0, 0, *still.size)] * frames)
    order = _order(still, pattern, seed)
    gone = [(int(order.max()) + 1) * number // (frames - 1) for number in range(frames)]
    glowing = gone[1] // 2 + 1 if edge else 0
    steps = [_without(still, order < limit, order < limit + glowing * bool(limit), edge) for limit in gone]
    return animated("dissolve", steps[::-1] if reverse else steps, duration, loop=False)


def _order(still: ImageSet, pattern: str, seed: int) -> NDArray[np.intp]:
    """The number of each visible pixel in the order in which they vanish, `H×W`; -1 for invisible ones."""
    seen = still["color"][..., 3] > 0
    rng = np.random.default_rng(seed)
    noise = bayer(seen.shape, "") + rng.random(seen.shape) / 64 if pattern == "ordered" else _clouds(seen, rng)
    values = noise[seen]
    order = np.full(seen.shape, -1)
    ranks = np.empty(len(values), np.intp)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    order[seen] = ranks
    return order


def _clouds(seen: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Value noise over an image, `H×W`, whose largest cells are a fraction of the visible pixels' size."""
    cell = max(2.0, float(np.sqrt(seen.sum())) * _CELL)
    octaves = [_value_noise(seen.shape, max(1.0, cell / 2**each), rng) / 2**each for each in range(_OCTAVES)]
    clouds: NDArray[np.float64] = np.sum(octaves, axis=0)
    return clouds


def _value_noise(shape: tuple[int, ...], cell: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Random numbers at the corners of square cells, interpolated by a smooth step in between."""
    (top, y), (left, x) = (_cells(side, cell) for side in shape)
    corners = rng.random((top[-1] + 2, left[-1] + 2))
    across = corners[:, left] * (1 - x) + corners[:, left + 1] * x
    noise: NDArray[np.float64] = across[top] * (1 - y)[:, None] + across[top + 1] * y[:, None]
    return noise


def _cells(side: int, cell: float) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The cell of each pixel along an axis, and how far between its borders it lies, 0..1 after the smooth step."""
    places = np.arange(side) / cell
    first = places.astype(np.intp)
    share = places - first
    return first, share * share * (3 - 2 * share)


def _without(still: ImageSet, gone: NDArray[np.bool_], going: NDArray[np.bool_], edge: str | None) -> ImageSet:
    """The still without the alpha and the emission of some pixels; those that go next have the colour `edge`."""
    channels = {name: array.copy() for name, array in still.channels.items()}
    for name, array in channels.items():
        if is_colored(name):
            if edge:
                array[going, :3] = like_samples(srgb_from_hex(edge), array)
            array[gone, 3] = 0
        elif name == "emission":
            array[gone] = 0
    return ImageSet(channels, still.meta)
