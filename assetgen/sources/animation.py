"""Several animations of one character or thing in one sequence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import floor
from typing import Annotated

from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Frames, ImageSet, Milliseconds, Tag, sequence
from assetgen.parts import Context, adds, gained, part
from assetgen.pixels.canvas import Box, on_canvas

_ROUNDING = 1e-6  # of a fraction times a size


@adds(frames=True)
@part(version=1, members=True, ordered=True)
@gained("tags")
def animation(
    context: Context,
    *,
    duration: Milliseconds = 100,
    tags: tuple[Annotated[str, Field(pattern=r"^\w+$")], ...] | None = None,
) -> ImageSet:
    """Join the frames of other assets to one sequence, in the order of `members`.

    Animations keep their durations and the names of their tags; a name that occurs twice is preceded by that of its
    asset. Each still is shown for `duration` milliseconds: stills alone are the frames of one animation, `default`;
    beside animations, a still is one of a single frame, named after its asset. `tags` names all of them anew, in order.

    Frames get one size: members with pivots are moved so that these coincide, others must have one size. Their channels
    must be the same.

    Example:
        hero: {preset: animation, members: [hero_idle, hero_bob], animation: {tags: [idle, run]}}
    """
    members = context.members
    if not members:
        raise InputError("an animation needs members", cure="Name them: `members: [hero_idle, hero_walk]`")
    members = _on_one_canvas(members)
    frames = [frame for images in members.values() for frame in images.frames]
    durations = [each for images in members.values() for each in _durations(images, duration)]
    stills = not any(images.meta.frames for images in members.values())
    found = (Tag("default", 0, len(frames) - 1),) if stills else _tags(members)
    return sequence(frames, Frames(tuple(durations), found if tags is None else _renamed(found, tags)))


def _renamed(found: Sequence[Tag], names: Sequence[str]) -> tuple[Tag, ...]:
    """The tags with other names. Raises `InputError` where there is not one name for each."""
    if len(set(names)) != len(found) or len(names) != len(found):
        what = f"tags must be {len(found)} different names, one each for {', '.join(tag.name for tag in found)}"
        raise InputError(what, cure="Name every animation of the members once, in order")
    return tuple(replace(tag, name=name) for tag, name in zip(found, names, strict=True))


def _on_one_canvas(members: Mapping[str, ImageSet]) -> dict[str, ImageSet]:
    """The members with frames of one size. Raises `InputError` where they cannot be aligned."""
    stills = {name: images.frames[0] for name, images in members.items()}
    first, *others = stills
    for name in others:
        one, other = stills[first], stills[name]
        if bool(one.meta.pixel_art) != bool(other.meta.pixel_art):
            raise InputError(f"only one of '{first}' and '{name}' is pixel art", cure="Use the same preset for both")
        if one.size != other.size and not (one.meta.pivot and other.meta.pivot):
            sizes = " and ".join(f"{width} × {height}" for width, height in (one.size, other.size))
            cure = "Add the step `trim` to both, which sets their pivots, or give both one size by the step `resize`"
            raise InputError(f"the frames of '{first}' and '{name}' differ in size ({sizes} pixels)", cure=cure)
    if not all(still.meta.pivot for still in stills.values()):
        return dict(members)
    pivots = {name: _pivot(still) for name, still in stills.items()}
    left, top = (max(pivot[axis] for pivot in pivots.values()) for axis in (0, 1))
    width, height = (
        max(still.size[axis] - pivots[name][axis] for name, still in stills.items()) + (left, top)[axis]
        for axis in (0, 1)
    )
    boxes = {name: Box(x - left, y - top, width, height) for name, (x, y) in pivots.items()}
    return {name: on_canvas(images, boxes[name]) for name, images in members.items()}


def _pivot(still: ImageSet) -> tuple[int, int]:
    """The pivot in whole pixels from the top left."""
    across, down = still.meta.pivot or (0.0, 0.0)
    return floor(across * still.size[0] + _ROUNDING), floor(down * still.size[1] + _ROUNDING)


def _durations(images: ImageSet, duration: int) -> Sequence[int]:
    return images.meta.frames.durations if images.meta.frames else (duration,)


def _tags(members: Mapping[str, ImageSet]) -> tuple[Tag, ...]:
    """The tags of all members, moved to the places of their frames."""
    moved: list[tuple[str, Tag]] = []
    start = 0
    for name, images in members.items():
        tags = images.meta.frames.tags if images.meta.frames else (Tag(name, 0, 0),)
        moved += [(name, replace(tag, first=tag.first + start, last=tag.last + start)) for tag in tags]
        start += len(images.frames)
    names = [tag.name for _, tag in moved]
    return tuple(
        replace(tag, name=f"{member}_{tag.name}") if names.count(tag.name) > 1 else tag for member, tag in moved
    )
