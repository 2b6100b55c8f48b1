"""Text files of Godot, byte for byte as Godot 4.6 writes them: UIDs, `.import` files, `.tres` resources."""

import hashlib
import json
from collections.abc import Mapping

_UID_DIGITS = "abcdefghijklmnopqrstuvwxy012345678"  # core/io/resource_uid.cpp: 34 of them, no 'z' and no '9'
_UID_MASK = 2**63 - 1

# editor/import/resource_importer_texture.cpp: every key, in its order, with the editor's defaults
_DEFAULT_PARAMS = {
    "compress/mode": "0",
    "compress/high_quality": "false",
    "compress/lossy_quality": "0.7",
    "compress/uastc_level": "0",
    "compress/rdo_quality_loss": "0.0",
    "compress/hdr_compression": "1",
    "compress/normal_map": "0",
    "compress/channel_pack": "0",
    "mipmaps/generate": "false",
    "mipmaps/limit": "-1",
    "roughness/mode": "0",
    "roughness/src_normal": '""',
    "process/channel_remap/red": "0",
    "process/channel_remap/green": "1",
    "process/channel_remap/blue": "2",
    "process/channel_remap/alpha": "3",
    "process/fix_alpha_border": "true",
    "process/premult_alpha": "false",
    "process/normal_map_invert_y": "false",
    "process/hdr_as_srgb": "false",
    "process/hdr_clamp_exposure": "false",
    "process/size_limit": "0",
    "detect_3d/compress_to": "1",
}
VRAM_COMPRESSED = "2"  # compress/mode
NOT_IMPORTED = ".ktx2"
"""Files that Godot loads themselves; without a `.import` they have no UID."""


def uid(path: str) -> str:
    """UID of the resource at a `res://` path, derived from the path so that rebuilds keep references."""
    number = int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "big") & _UID_MASK
    digits = ""
    while number:
        number, digit = divmod(number, len(_UID_DIGITS))
        digits = _UID_DIGITS[digit] + digits
    return f"uid://{digits}"


def import_file(path: str, params: Mapping[str, str]) -> bytes:
    """The `.import` file of the texture at a `res://` path; `params` override the editor's defaults."""
    params = {**_DEFAULT_PARAMS, **params}
    in_vram = params["compress/mode"] == VRAM_COMPRESSED
    imported = f"res://.godot/imported/{path.rpartition('/')[2]}-{hashlib.md5(path.encode()).hexdigest()}"
    imported += ".s3tc.ctex" if in_vram else ".ctex"  # desktop editors import to S3TC
    formats = '"imported_formats": ["s3tc_bptc"],\n' if in_vram else ""
    head = f"""\
[remap]

importer="texture"
type="CompressedTexture2D"
uid="{uid(path)}"
path{".s3tc" if in_vram else ""}="{imported}"
metadata={{
{formats}"vram_texture": {str(in_vram).lower()}
}}

[deps]

source_file="{path}"
dest_files=["{imported}"]

[params]

"""
    return (head + "".join(f"{key}={value}\n" for key, value in params.items())).encode()


def resource_file(
    path: str, kind: str, properties: Mapping[str, str], textures: Mapping[str, str], inner: str = ""
) -> bytes:
    """The `.tres` file of a resource of class `kind`.

    `properties` are values in Godot's syntax, `textures` maps ids to `res://` paths, `inner` is the text of
    sub-resources.
    """
    outside = "".join(external("Texture2D", texture, key) for key, texture in textures.items())
    head = f'[gd_resource type="{kind}" format=3 uid="{uid(path)}"]\n\n{outside}\n'
    return (head + inner + "[resource]\n" + assignments(properties)).encode()


def external(kind: str, path: str, key: str) -> str:
    """The line that names another file of class `kind` at a `res://` path as `ExtResource("KEY")`."""
    named = "" if path.endswith(NOT_IMPORTED) else f'uid="{uid(path)}" '
    return f'[ext_resource type="{kind}" {named}path="{path}" id="{key}"]\n'


def internal(kind: str, key: str, properties: Mapping[str, str]) -> str:
    """The text of a sub-resource of class `kind`, which is `SubResource("KEY")`."""
    return f'[sub_resource type="{kind}" id="{key}"]\n{assignments(properties)}\n'


def assignments(properties: Mapping[str, str]) -> str:
    """Lines of `key = value`."""
    return "".join(f"{key} = {value}\n" for key, value in properties.items())


def quoted(text: str) -> str:
    """A string in Godot's syntax."""
    return json.dumps(text, ensure_ascii=False)
