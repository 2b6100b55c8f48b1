"""glTF 2.0: a material with separate texture files on a plane, for viewers, Blender and most engines.

Specification: Khronos glTF 2.0 (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html).
"""

import base64
import json
from pathlib import PurePosixPath
from typing import Literal

import numpy as np

from assetgen.errors import InputError
from assetgen.exporters._channels import (
    PACKED_IN_ORM,
    SURFACES,
    is_pixel_art,
    texture_files,
    texture_name,
    transparency,
    with_orm,
)
from assetgen.images import ImageSet
from assetgen.parts import Files, Use, gained, part
from assetgen.pixels.texture_files import Textures

_ALPHA_MODES = {"opaque": "OPAQUE", "cut": "MASK", "soft": "BLEND"}
_EXTENSIONS = {"webp": "EXT_texture_webp", "ktx2": "KHR_texture_basisu"}
_USED_CHANNELS = ("color", "normal", "orm")
# specification 5.26 (sampler) and 3.6.2 (accessors)
_NEAREST, _LINEAR, _NEAREST_MIPMAPS, _LINEAR_MIPMAPS = 9728, 9729, 9984, 9987
_CLAMP, _REPEAT = 33071, 10497
_FLOAT, _UNSIGNED_SHORT = 5126, 5123
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963


@gained("textures")
@part(version=1, contact_sheet=True)
def gltf(
    images: ImageSet,
    name: str,
    *,
    use: Use = "material",
    textures: Textures[Literal["png", "webp", "ktx2"]] | None = None,
) -> Files:
    """Write `NAME.gltf` and its textures: colour, normal (green up) and occlusion-roughness-metallic, on a plane.

    Without an `orm` channel, ao, roughness and metallic are packed into one if present. Height, which glTF does not
    support, is a separate PNG. The plane has width 1, the aspect ratio of the image, and faces +z. `use` decides
    filtering and wrapping. Raises `InputError` for an animation: textures of glTF do not move.

    - `textures`: the file format, as of `plain`: WebP by the extension EXT_texture_webp, KTX2 by KHR_texture_basisu.

    Example:
        engine: gltf
    """
    if images.meta.frames:
        raise InputError("glTF has no animated textures", cure="Choose another engine, such as `export: plain`")
    images = with_orm(images)
    files = texture_files(images, textures, use, leave_out=PACKED_IN_ORM)
    used = [channel for channel in _USED_CHANNELS if channel in files]
    title = PurePosixPath(name).name
    numbers = {channel: index for index, channel in enumerate(used)}
    document = {
        "asset": {"version": "2.0", "generator": "assetgen"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": title}],
        "materials": [_material(images, title, numbers)],
        **_textures(len(used), textures.format if textures else "png"),
        "images": [{"uri": texture_name(title, channel, textures)} for channel in used],
        "samplers": [_sampler(images, use)],
        **_plane(images.size),
    }
    text = json.dumps({key: value for key, value in document.items() if value}, indent=1) + "\n"
    named = {texture_name(name, channel, textures): data for channel, data in files.items()}
    return named | {f"{name}.gltf": text.encode()}


def _textures(count: int, format: str) -> dict[str, object]:
    """One texture for each image. Formats other than PNG are those of an extension, which a viewer must support."""
    if format not in _EXTENSIONS:
        return {"textures": [{"sampler": 0, "source": index} for index in range(count)]}
    names = [_EXTENSIONS[format]]
    made = [{"sampler": 0, "extensions": {names[0]: {"source": index}}} for index in range(count)]
    return {"extensionsUsed": names, "extensionsRequired": names, "textures": made}


def _material(images: ImageSet, title: str, textures: dict[str, int]) -> dict[str, object]:
    surface: dict[str, object] = {"metallicFactor": 0.0, "roughnessFactor": 1.0}
    material: dict[str, object] = {"name": title, "pbrMetallicRoughness": surface}
    if "color" in textures:
        surface["baseColorTexture"] = {"index": textures["color"]}
        mode = _ALPHA_MODES[transparency(images["color"])]
        material |= {"alphaMode": mode, "doubleSided": mode != "OPAQUE"}
    if "orm" in textures:
        surface |= {"metallicFactor": 1.0, "metallicRoughnessTexture": {"index": textures["orm"]}}
        material["occlusionTexture"] = {"index": textures["orm"]}
    if "normal" in textures:
        material["normalTexture"] = {"index": textures["normal"]}
    return material


def _sampler(images: ImageSet, use: Use) -> dict[str, int]:
    wrap = _REPEAT if use in SURFACES else _CLAMP
    pixel_art = is_pixel_art(images, use)
    near, far = (_NEAREST, _NEAREST_MIPMAPS) if pixel_art else (_LINEAR, _LINEAR_MIPMAPS)
    return {"magFilter": near, "minFilter": far, "wrapS": wrap, "wrapT": wrap}


def _plane(size: tuple[int, int]) -> dict[str, object]:
    """Mesh, accessors, views and an embedded buffer of two triangles, with tangents along u so that green is up."""
    width, height = size
    x, y = 0.5, 0.5 * height / width
    corners = {
        "POSITION": np.array([[-x, y, 0], [x, y, 0], [-x, -y, 0], [x, -y, 0]], "<f4"),
        "NORMAL": np.tile(np.array([0, 0, 1], "<f4"), (4, 1)),
        "TANGENT": np.tile(np.array([1, 0, 0, 1], "<f4"), (4, 1)),
        "TEXCOORD_0": np.array([[0, 0], [1, 0], [0, 1], [1, 1]], "<f4"),
    }
    triangles = np.array([0, 2, 1, 1, 2, 3], "<u2")
    accessors: list[dict[str, object]] = []
    views: list[dict[str, int]] = []
    data = b""
    for array in (*corners.values(), triangles):
        kind = f"VEC{array.shape[1]}" if array.ndim == 2 else "SCALAR"
        component = _FLOAT if array.ndim == 2 else _UNSIGNED_SHORT
        target = _ARRAY_BUFFER if array.ndim == 2 else _ELEMENT_ARRAY_BUFFER
        accessors.append({"bufferView": len(views), "componentType": component, "count": len(array), "type": kind})
        views.append({"buffer": 0, "byteOffset": len(data), "byteLength": array.nbytes, "target": target})
        data += array.tobytes()
    positions = corners["POSITION"]
    accessors[0] |= {"min": positions.min(axis=0).tolist(), "max": positions.max(axis=0).tolist()}
    attributes = {semantic: index for index, semantic in enumerate(corners)}
    uri = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    return {
        "meshes": [{"primitives": [{"attributes": attributes, "indices": len(corners), "material": 0}]}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(data), "uri": uri}],
    }
