"""Scenes of sprites in Godot: animations that play, and parts of an image that glow in the dark."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from assetgen.exporters._godot_files import assignments, external, internal, quoted, uid
from assetgen.images import Frames, ImageSet
from assetgen.pixels.sheets import animations

_NEAREST = "1"  # CanvasItem.TEXTURE_FILTER_NEAREST
_NOT_IN_NODE_NAMES = str.maketrans(dict.fromkeys('.:@/"%', "_"))  # String.validate_node_name
_GLOW = """\
shader_type canvas_item;
render_mode unshaded, blend_premul_alpha;

void fragment() {
	COLOR.a = max(COLOR.r, max(COLOR.g, COLOR.b));
}
"""
"""Neither lit nor darkened (by `CanvasModulate`). It covers what is below as far as it is bright: added to it, a colour
in full light would change its hue."""
_FOLLOW = """\
extends AnimatedSprite2D


func _process(_delta: float) -> void:
	var body: AnimatedSprite2D = get_parent()
	animation = body.animation
	set_frame_and_progress(body.frame, body.frame_progress)
	flip_h = body.flip_h
	flip_v = body.flip_v
"""


def animated_sprite(
    path: str, resource: str, sheet: ImageSet, frames: Frames, *, emission: str = "", pixel_art: bool
) -> bytes:
    """A scene with an `AnimatedSprite2D` whose origin is the pivot and which plays the first animation.

    With `emission`, the `SpriteFrames` of what glows, a child shows the same frame of it.
    """
    first = quoted(animations(frames)[0].name)
    _, _, width, height = next(iter((sheet.meta.regions or {}).values())).rect
    place = _place(sheet, (width, height), pixel_art=pixel_art)
    shown = {"sprite_frames": 'ExtResource("frames")', "animation": f"&{first}", "autoplay": first}
    filtered = {"texture_filter": _NEAREST} if pixel_art else {}
    body = filtered | shown | place
    glow = {"sprite_frames": 'ExtResource("emission")', "animation": f"&{first}", **place}
    inner = internal("GDScript", "follow", {"script/source": quoted(_FOLLOW)}) if emission else ""
    glow |= {"script": 'SubResource("follow")'} if emission else {}
    resources = {"frames": resource, **({"emission": emission} if emission else {})}
    head = "".join(external("SpriteFrames", each, key) for key, each in resources.items())
    return _scene(path, head, inner, ("AnimatedSprite2D", body, glow if emission else {}))


def glowing_sprite(path: str, images: ImageSet, texture: str, emission: str, *, pixel_art: bool) -> bytes:
    """A scene with a `Sprite2D` of a texture, and a child that shows its emission, whatever the light."""
    place = _place(images, images.size, pixel_art=pixel_art)
    filtered = {"texture_filter": _NEAREST} if pixel_art else {}
    head = external("Texture2D", texture, "color") + external("Texture2D", emission, "emission")
    body = {**filtered, "texture": 'ExtResource("color")', **place}
    return _scene(path, head, "", ("Sprite2D", body, {"texture": 'ExtResource("emission")', **place}))


def _scene(path: str, head: str, inner: str, sprite: tuple[str, Mapping[str, str], Mapping[str, str]]) -> bytes:
    """A sprite's class and properties, and those of its child `Emission`, if it has any."""
    kind, body, glow = sprite
    name = quoted(PurePosixPath(path).stem.translate(_NOT_IN_NODE_NAMES))
    text = f'[gd_scene format=3 uid="{uid(path)}"]\n\n{head}\n{inner}'
    if glow:
        text += internal("Shader", "glow_shader", {"code": quoted(_GLOW)})
        text += internal("ShaderMaterial", "glow", {"shader": 'SubResource("glow_shader")'})
    text += f'[node name={name} type="{kind}"]\n{assignments(body)}'
    if glow:
        child = {"material": 'SubResource("glow")', **glow}
        text += f'\n[node name="Emission" type="{kind}" parent="."]\n{assignments(child)}'
    return text.encode()


def _place(images: ImageSet, size: tuple[int, int], *, pixel_art: bool) -> dict[str, str]:
    """From the pivot to the top left corner; of pixel art in whole pixels, else the pixels lie between the screen's."""
    if images.meta.pivot is None:
        return {}
    (x, y), (width, height) = images.meta.pivot, size
    left, top = (-round(x * width), -round(y * height)) if pixel_art else (0 - x * width, 0 - y * height)
    return {"centered": "false", "offset": f"Vector2({left}, {top})"}
