"""Godot's resources for user interfaces: a `StyleBoxTexture`, and a `Theme` where an image has several states."""

from collections.abc import Iterator, Mapping

from assetgen.exporters._godot_files import assignments, resource_file
from assetgen.images import Borders, ImageSet

_SIDES = ("left", "top", "right", "bottom")
_STRETCH_MODES = {"stretch": "0", "tile": "2"}  # AxisStretchMode: 2 is AXIS_STRETCH_MODE_TILE_FIT
_CANVAS_NEAREST = "1"
_STYLES = {
    "Button/styles/normal": "color",
    "Button/styles/hover": "hover",
    "Button/styles/pressed": "pressed",
    "Button/styles/disabled": "disabled",
    "ProgressBar/styles/background": "empty",
    "ProgressBar/styles/fill": "color",
}
"""Theme items (class reference of Godot 4.6) by the channel that they show."""
_TRIGGERS = {"Button": "hover", "ProgressBar": "empty"}
"""A theme styles a control if the image has this channel."""


def ui_resources(
    images: ImageSet, name: str, borders: Borders, root: str, paths: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    """`NAME.tres`, a style box of the image with nine-slice margins, and `NAME_theme.tres` if it has other states."""
    inner, properties = _style_box(images, "color", borders)
    textures = {"color": paths["color"]}
    yield f"{name}.tres", resource_file(f"{root}{name}.tres", "StyleBoxTexture", properties, textures, inner)
    used = {
        item: channel
        for item, channel in _STYLES.items()
        if channel in images and _TRIGGERS[item.partition("/")[0]] in images
    }
    if used:
        boxes = ""
        for channel in dict.fromkeys(used.values()):
            inner, properties = _style_box(images, channel, borders)
            boxes += f'{inner}[sub_resource type="StyleBoxTexture" id="box_{channel}"]\n{assignments(properties)}\n'
        items = {item: f'SubResource("box_{channel}")' for item, channel in used.items()}
        textures = {channel: paths[channel] for channel in used.values()}
        yield f"{name}_theme.tres", resource_file(f"{root}{name}_theme.tres", "Theme", items, textures, boxes)


def _style_box(images: ImageSet, channel: str, borders: Borders) -> tuple[str, dict[str, str]]:
    """The text of a sub-resource before the style box (for pixel art, which needs its filter), and its properties."""
    texture, inner = f'ExtResource("{channel}")', ""
    if images.meta.pixel_art:
        canvas = {"diffuse_texture": texture, "texture_filter": _CANVAS_NEAREST}
        inner = f'[sub_resource type="CanvasTexture" id="canvas_{channel}"]\n{assignments(canvas)}\n'
        texture = f'SubResource("canvas_{channel}")'
    mode = _STRETCH_MODES[images.meta.middle or "stretch"]
    margins = {f"texture_margin_{side}": f"{value}.0" for side, value in zip(_SIDES, borders, strict=True)}
    stretch = {f"axis_stretch_{axis}": mode for axis in ("horizontal", "vertical")} if mode != "0" else {}
    return inner, {"texture": texture, **margins, **stretch}
