"""Animations in Godot: `SpriteFrames`."""

from collections.abc import Mapping
from math import gcd

from assetgen.exporters._godot_files import internal, quoted, resource_file
from assetgen.images import Frames, ImageSet, Region, Tag
from assetgen.pixels.sheets import animations

_MILLISECONDS = 1000


def sprite_frames(
    path: str, sheet: ImageSet, frames: Frames, textures: Mapping[str, str], canvas: Mapping[str, str]
) -> bytes:
    """The `SpriteFrames` of a sheet, with an animation for each tag.

    `textures` maps ids of the images to `res://` paths. Frames are cut from the texture `color`, or from a
    `CanvasTexture` with the properties `canvas`, if there are any.
    """
    regions = sheet.meta.regions or {}
    atlas = 'SubResource("texture")' if canvas else 'ExtResource("color")'
    texture = internal("CanvasTexture", "texture", canvas) if canvas else ""
    cut = "".join(
        internal("AtlasTexture", f"frame_{number}", {"atlas": atlas, **_cut(region)})
        for number, region in regions.items()
    )
    tags = sorted(animations(frames), key=lambda tag: tag.name)  # as Godot sorts them
    made = ", ".join(_animation(tag, frames.durations[tag.first : tag.last + 1]) for tag in tags)
    return resource_file(path, "SpriteFrames", {"animations": f"[{made}]"}, textures, texture + cut)


def _cut(region: Region) -> dict[str, str]:
    x, y, width, height = region.rect
    return {"region": f"Rect2({x}, {y}, {width}, {height})", "filter_clip": "true"}


def _animation(tag: Tag, durations: tuple[int, ...]) -> str:
    """A frame is shown for `duration / speed` seconds: with whole durations none is rounded."""
    unit = gcd(*durations)
    frames = ", ".join(
        f'{{\n"duration": {float(duration // unit)},\n"texture": SubResource("frame_{number}")\n}}'
        for number, duration in enumerate(durations, tag.first)
    )
    loop, speed = str(tag.loop).lower(), _MILLISECONDS / unit
    return f'{{\n"frames": [{frames}],\n"loop": {loop},\n"name": &{quoted(tag.name)},\n"speed": {speed}\n}}'
