"""Animations in Godot: `SpriteFrames` and a scene that plays them."""

import json
from collections.abc import Mapping
from math import gcd
from pathlib import PurePosixPath

from assetgen.exporters._godot_files import assignments, external, internal, resource_file, uid
from assetgen.images import Frames, ImageSet, Region, Tag
from assetgen.pixels.sheets import animations

_NEAREST = "1"  # CanvasItem.TEXTURE_FILTER_NEAREST
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
    return f'{{\n"frames": [{frames}],\n"loop": {loop},\n"name": &{_quoted(tag.name)},\n"speed": {speed}\n}}'


def animated_sprite(path: str, resource: str, sheet: ImageSet, frames: Frames, *, pixel_art: bool) -> bytes:
    """A scene with an `AnimatedSprite2D` whose origin is the pivot and which plays the first animation."""
    first = _quoted(animations(frames)[0].name)
    properties = {"texture_filter": _NEAREST} if pixel_art else {}
    properties |= {"sprite_frames": 'ExtResource("frames")', "animation": f"&{first}", "autoplay": first}
    if sheet.meta.pivot is not None:
        properties |= {"centered": "false", "offset": _offset(sheet, pixel_art=pixel_art)}
    node = _quoted(PurePosixPath(path).stem.translate(_NOT_IN_NODE_NAMES))
    head = f'[gd_scene format=3 uid="{uid(path)}"]\n\n{external("SpriteFrames", resource, "frames")}\n'
    return (head + f'[node name={node} type="AnimatedSprite2D"]\n' + assignments(properties)).encode()


_NOT_IN_NODE_NAMES = str.maketrans(dict.fromkeys('.:@/"%', "_"))  # String.validate_node_name


def _offset(sheet: ImageSet, *, pixel_art: bool) -> str:
    """From the pivot to the top left corner; of pixel art in whole pixels, else the pixels lie between the screen's."""
    x, y = sheet.meta.pivot or (0.5, 0.5)
    _, _, width, height = next(iter((sheet.meta.regions or {}).values())).rect
    left, top = (-round(x * width), -round(y * height)) if pixel_art else (0 - x * width, 0 - y * height)
    return f"Vector2({left}, {top})"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
