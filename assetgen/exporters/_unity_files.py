"""Text files of Unity 2022.3, which later versions read: GUIDs, `.meta` files, animation clips.

Fields and their order are those that the editor writes; numbers of enumerations are those of UnityCsReference
(TextureImporterEnums.cs). Pixels are counted from the bottom left.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from math import gcd
from typing import Any

import numpy as np

from assetgen.exporters._sprites import Sprite
from assetgen.images import Borders

DEFAULT, NORMAL_MAP, CURSOR, SPRITE = 0, 1, 7, 8
"""Values of `textureType`."""
SINGLE, MULTIPLE = 1, 2
"""Values of `spriteMode`."""
_CUSTOM_PIVOT = 9  # SpriteAlignment
_SPRITE_CLASS, _SPRITE_RENDERER_CLASS = 213, 212
_SINGLE_SPRITE_ID = "5e97eb03825dee720800000000000000"  # of every texture with one sprite
_TEXTURE_FILE_ID, _CLIP_FILE_ID = 2_800_000, 7_400_000
_SECOND = 1000  # milliseconds
_WORD = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_YAML_CONSTANTS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}

_NO_MESH = {"vertices": [], "indices": "", "edges": [], "weights": []}
_PLATFORM = {
    "serializedVersion": 3,
    "buildTarget": "DefaultTexturePlatform",
    "maxTextureSize": 2048,
    "resizeAlgorithm": 0,
    "textureFormat": -1,
    "textureCompression": 1,
    "compressionQuality": 50,
    "crunchedCompression": 0,
    "allowsAlphaSplitting": 0,
    "overridden": 0,
    "ignorePlatformSupport": 0,
    "androidETC2FallbackOverride": 0,
    "forceMaximumCompressionQuality_BC6H_BC7": 0,
}
_NO_BUNDLE = {"userData": "", "assetBundleName": "", "assetBundleVariant": ""}
_TEXTURE: Mapping[str, Any] = {
    "internalIDToNameTable": [],
    "externalObjects": {},
    "serializedVersion": 12,
    "mipmaps": {
        "mipMapMode": 0,
        "enableMipMap": 0,
        "sRGBTexture": 1,
        "linearTexture": 0,
        "fadeOut": 0,
        "borderMipMap": 0,
        "mipMapsPreserveCoverage": 0,
        "alphaTestReferenceValue": 0.5,
        "mipMapFadeDistanceStart": 1,
        "mipMapFadeDistanceEnd": 3,
    },
    "bumpmap": {
        "convertToNormalMap": 0,
        "externalNormalMap": 0,
        "heightScale": 0.25,
        "normalMapFilter": 0,
        "flipGreenChannel": 0,
    },
    "isReadable": 0,
    "streamingMipmaps": 0,
    "streamingMipmapsPriority": 0,
    "vTOnly": 0,
    "ignoreMipmapLimit": 0,
    "grayScaleToAlpha": 0,
    "generateCubemap": 6,
    "cubemapConvolution": 0,
    "seamlessCubemap": 0,
    "textureFormat": 1,
    "maxTextureSize": 2048,
    "textureSettings": {
        "serializedVersion": 2,
        "filterMode": 1,
        "aniso": 1,
        "mipBias": 0,
        "wrapU": 1,
        "wrapV": 1,
        "wrapW": 1,
    },
    "nPOTScale": 0,
    "lightmap": 0,
    "compressionQuality": 50,
    "spriteMode": 0,
    "spriteExtrude": 1,
    "spriteMeshType": 1,
    "alignment": 0,
    "spritePivot": "{x: 0.5, y: 0.5}",
    "spritePixelsToUnits": 100,
    "spriteBorder": "{x: 0, y: 0, z: 0, w: 0}",
    "spriteGenerateFallbackPhysicsShape": 1,
    "alphaUsage": 1,
    "alphaIsTransparency": 0,
    "spriteTessellationDetail": -1,
    "textureType": DEFAULT,
    "textureShape": 1,
    "singleChannelComponent": 0,
    "flipbookRows": 1,
    "flipbookColumns": 1,
    "maxTextureSizeSet": 0,
    "compressionQualitySet": 0,
    "textureFormatSet": 0,
    "ignorePngGamma": 0,
    "applyGammaDecoding": 0,
    "swizzle": 50462976,
    "cookieLightType": 0,
    "platformSettings": [_PLATFORM],
    "spriteSheet": {
        "serializedVersion": 2,
        "sprites": [],
        "outline": [],
        "physicsShape": [],
        "bones": [],
        "spriteID": "",
        "internalID": 0,
        **_NO_MESH,
        "secondaryTextures": [],
        "nameFileIdTable": {},
    },
    "mipmapLimitGroupName": "",
    "pSDRemoveMatte": 0,
    **_NO_BUNDLE,
}
_NONE = "{fileID: 0}"
_CLIP: Mapping[str, Any] = {
    "m_ObjectHideFlags": 0,
    "m_CorrespondingSourceObject": _NONE,
    "m_PrefabInstance": _NONE,
    "m_PrefabAsset": _NONE,
    "m_Name": "",
    "serializedVersion": 7,
    "m_Legacy": 0,
    "m_Compressed": 0,
    "m_UseHighQualityCurve": 1,
    "m_RotationCurves": [],
    "m_CompressedRotationCurves": [],
    "m_EulerCurves": [],
    "m_PositionCurves": [],
    "m_ScaleCurves": [],
    "m_FloatCurves": [],
    "m_PPtrCurves": [],
    "m_SampleRate": 60,
    "m_WrapMode": 0,
    "m_Bounds": {"m_Center": "{x: 0, y: 0, z: 0}", "m_Extent": "{x: 0, y: 0, z: 0}"},
    "m_ClipBindingConstant": {
        "genericBindings": [
            {
                "serializedVersion": 2,
                "path": 0,
                "attribute": 0,
                "script": _NONE,
                "typeID": _SPRITE_RENDERER_CLASS,
                "customType": 23,
                "isPPtrCurve": 1,
                "isIntCurve": 0,
                "isSerializeReferenceCurve": 0,
            }
        ],
        "pptrCurveMapping": [],
    },
    "m_AnimationClipSettings": {
        "serializedVersion": 2,
        "m_AdditiveReferencePoseClip": _NONE,
        "m_AdditiveReferencePoseTime": 0,
        "m_StartTime": 0,
        "m_StopTime": 0,
        "m_OrientationOffsetY": 0,
        "m_Level": 0,
        "m_CycleOffset": 0,
        "m_HasAdditiveReferencePose": 0,
        "m_LoopTime": 0,
        "m_LoopBlend": 0,
        "m_LoopBlendOrientation": 0,
        "m_LoopBlendPositionY": 0,
        "m_LoopBlendPositionXZ": 0,
        "m_KeepOriginalOrientation": 0,
        "m_KeepOriginalPositionY": 1,
        "m_KeepOriginalPositionXZ": 0,
        "m_HeightFromFeet": 0,
        "m_Mirror": 0,
    },
    "m_EditorCurves": [],
    "m_EulerEditorCurves": [],
    "m_HasGenericRootTransform": 0,
    "m_HasMotionFloatCurves": 0,
    "m_Events": [],
}
_SPRITE: Mapping[str, Any] = {
    "serializedVersion": 2,
    "name": "",
    "rect": {"serializedVersion": 2, "x": 0, "y": 0, "width": 0, "height": 0},
    "alignment": 0,
    "pivot": "{x: 0.5, y: 0.5}",
    "border": "{x: 0, y: 0, z: 0, w: 0}",
    "outline": [],
    "physicsShape": [],
    "tessellationDetail": -1,
    "bones": [],
    "spriteID": "",
    "internalID": 0,
    **_NO_MESH,
}


def guid(path: str) -> str:
    """GUID of the file at a path inside the project: the first 128 bits of the SHA-256 of the path."""
    return hashlib.sha256(path.encode()).hexdigest()[:32]


def file_id(sprite: str) -> int:
    """`internalID`, by which scenes refer to a sprite of a sheet: 64 bits of the SHA-256 of its name, and not 0."""
    return int.from_bytes(hashlib.sha256(sprite.encode()).digest()[:8], "big", signed=True) or 1


def texture_meta(
    path: str, settings: Mapping[str, Any], sprites: Sequence[Sprite] = (), normal_map: str = "", height: int = 0
) -> bytes:
    """The `.meta` of a texture. `settings` override the editor's defaults, as nested as these.

    `sprites` are those of a sheet, `height` is its height in pixels. `normal_map` is the path of the normal map that
    lights them.
    """
    ids = {_scalar(sprite.name): file_id(sprite.name) for sprite in sprites}
    table = [{"first": {_SPRITE_CLASS: number}, "second": name} for name, number in ids.items()]
    sheet: dict[str, Any] = {"sprites": [_sprite(sprite, height) for sprite in sprites], "nameFileIdTable": ids}
    if settings.get("spriteMode") == SINGLE:
        sheet["spriteID"] = _SINGLE_SPRITE_ID
    if normal_map:
        texture = f"{{fileID: {_TEXTURE_FILE_ID}, guid: {guid(normal_map)}, type: 3}}"
        sheet["secondaryTextures"] = [{"texture": texture, "name": "_NormalMap"}]
    importer = _merged(_merged(_TEXTURE, settings), {"internalIDToNameTable": table, "spriteSheet": sheet})
    return _meta(path, "TextureImporter", importer)


def platform(max_size: int, *, compressed: bool) -> list[dict[str, Any]]:
    """`platformSettings`: one entry for all platforms. Textures with more than `max_size` pixels a side are shrunk."""
    return [{**_PLATFORM, "maxTextureSize": max_size, "textureCompression": int(compressed)}]


def placement(pivot: tuple[float, float] | None, borders: Borders | None, prefix: str = "") -> dict[str, Any]:
    """Alignment, pivot and border of a sprite; `prefix` is that of the field names of a single sprite."""
    x, y = pivot or (0.5, 0.5)
    left, top, right, bottom = borders or (0, 0, 0, 0)
    names = (f"{prefix}Pivot", f"{prefix}Border") if prefix else ("pivot", "border")
    point = f"{{x: {_number(x)}, y: {_number(1 - y)}}}"
    border = f"{{x: {left}, y: {bottom}, z: {right}, w: {top}}}"
    return {"alignment": _CUSTOM_PIVOT if pivot else 0, names[0]: point, names[1]: border}


def clip_meta(path: str) -> bytes:
    """The `.meta` of an animation clip."""
    importer = {"externalObjects": {}, "mainObjectFileID": _CLIP_FILE_ID, **_NO_BUNDLE}
    return _meta(path, "NativeFormatImporter", importer)


def animation_clip(name: str, sheet: str, sprites: Sequence[str], durations: Sequence[int], *, loop: bool) -> bytes:
    """An `AnimationClip` that shows sprites of the texture `sheet` (a path) in a `SpriteRenderer` of the same object.

    `sprites` are names, `durations` milliseconds. The last key of a clip is shown for one sample, so a longer last
    frame has a second key; the sample rate is the lowest whole number at which all durations are whole samples.
    """
    sample, total = gcd(_SECOND, *durations), sum(durations)
    keys = [(sum(durations[:number]), sprite) for number, sprite in enumerate(sprites)]
    if durations[-1] > sample:
        keys.append((total - sample, sprites[-1]))
    shown = [f"{{fileID: {file_id(sprite)}, guid: {guid(sheet)}, type: 3}}" for _, sprite in keys]
    curve = {
        "serializedVersion": 2,
        "curve": [{"time": _seconds(start), "value": value} for (start, _), value in zip(keys, shown, strict=True)],
        "attribute": "m_Sprite",
        "path": "",
        "classID": _SPRITE_RENDERER_CLASS,
        "script": _NONE,
        "flags": 2,
    }
    changes = {
        "m_Name": _scalar(name),
        "m_PPtrCurves": [curve],
        "m_SampleRate": _SECOND // sample,
        "m_ClipBindingConstant": {"pptrCurveMapping": shown},
        "m_AnimationClipSettings": {"m_StopTime": _seconds(total), "m_LoopTime": int(loop)},
    }
    head = f"%YAML 1.1\n%TAG !u! tag:unity3d.com,2011:\n--- !u!74 &{_CLIP_FILE_ID}\n"
    return head.encode() + _yaml({"AnimationClip": _merged(_CLIP, changes)})


def _sprite(sprite: Sprite, sheet_height: int) -> dict[str, Any]:
    x, y, width, height = sprite.rect
    identity = file_id(sprite.name)
    changes = {
        "name": _scalar(sprite.name),
        "rect": {"x": x, "y": sheet_height - y - height, "width": width, "height": height},
        **placement(sprite.pivot, sprite.borders),
        "spriteID": f"{identity % 2**64:016x}"[::-1] + "0800000000000000",  # as the editor makes it from the other
        "internalID": identity,
    }
    return _merged(_SPRITE, changes)


def _meta(path: str, importer: str, fields: Mapping[str, Any]) -> bytes:
    return _yaml({"fileFormatVersion": 2, "guid": guid(path), importer: fields})


def _merged(defaults: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`defaults` in their order with the values of `changes`, which may leave out entries of mappings."""
    if unknown := set(changes) - set(defaults):
        raise KeyError(f"Unity has no fields {sorted(unknown)}")
    nested = {
        key: _merged(value, changes[key])
        for key, value in defaults.items()
        if value and key in changes and isinstance(value, Mapping)
    }
    return {**defaults, **changes, **nested}


def _yaml(document: Mapping[Any, Any]) -> bytes:
    return "".join(f"{line}\n" for line in _lines(document)).encode()


def _lines(node: Mapping[Any, Any], indent: str = "") -> Iterator[str]:
    """YAML as Unity writes it: lists as far left as their key, empty texts with a space behind the colon."""
    for key, value in node.items():
        if isinstance(value, Mapping) and value:
            yield f"{indent}{key}:"
            yield from _lines(value, f"{indent}  ")
        elif isinstance(value, list) and value:
            yield f"{indent}{key}:"
            for item in value:
                first, *rest = [f"{indent}  {item}"] if isinstance(item, str) else _lines(item, f"{indent}  ")
                yield f"{indent}- {first.strip()}"
                yield from rest
        else:
            yield f"{indent}{key}: {value}"


def _scalar(name: str) -> str:
    """A name as YAML text, quoted where YAML would read a number or a constant. Names have no quotes of their own."""
    return name if _WORD.fullmatch(name) and name.lower() not in _YAML_CONSTANTS else f"'{name}'"


def _number(value: float) -> str:
    """The shortest digits of a 32-bit float."""
    return np.format_float_positional(np.float32(value), trim="-")


def _seconds(milliseconds: int) -> str:
    return _number(milliseconds / _SECOND)
