"""Several animations of one character or thing in one sequence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assetgen.errors import InputError
from assetgen.images import Frames, ImageSet, Milliseconds, Tag, sequence
from assetgen.parts import Context, adds, part


@adds(frames=True)
@part(version=1, members=True, ordered=True)
def animation(context: Context, *, duration: Milliseconds = 100) -> ImageSet:
    """Join the frames of other assets to one sequence, in the order of `members`.

    Animations keep their durations and the names of their tags; a name that occurs twice is preceded by that of its
    asset. Each still is shown for `duration` milliseconds: stills alone are the frames of one animation, `default`;
    beside animations, a still is one of a single frame, named after its asset. All members must have frames of one size
    and the same channels.

    Example:
        hero: {preset: animation, members: [hero_idle, hero_walk]}
    """
    members = context.members
    if not members:
        raise InputError("an animation needs members", cure="Name them: `members: [hero_idle, hero_walk]`")
    _check_sizes(members)
    frames = [frame for images in members.values() for frame in images.frames]
    durations = [each for images in members.values() for each in _durations(images, duration)]
    stills = not any(images.meta.frames for images in members.values())
    tags = (Tag("default", 0, len(frames) - 1),) if stills else _tags(members)
    return sequence(frames, Frames(tuple(durations), tags))


def _check_sizes(members: Mapping[str, ImageSet]) -> None:
    """Raise `InputError` for two members that differ in the size of their frames or of their game pixels."""
    first, *others = members
    for name in others:
        one, other = members[first].frames[0], members[name].frames[0]
        if one.size != other.size:
            sizes = " and ".join(f"{width} × {height}" for width, height in (one.size, other.size))
            cure = "Make them from one asset, or give both one size by the step `trim` or `resize`"
            raise InputError(f"the frames of '{first}' and '{name}' differ in size ({sizes} pixels)", cure=cure)
        if bool(one.meta.pixel_art) != bool(other.meta.pixel_art):
            raise InputError(f"only one of '{first}' and '{name}' is pixel art", cure="Use the same preset for both")


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
