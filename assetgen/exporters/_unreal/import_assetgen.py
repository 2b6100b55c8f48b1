"""Import what assetgen published in this folder: textures, Paper2D sprites, flipbooks and tile sets, and materials.

For Unreal Engine 5.1 and later with the plugins Python Editor Script Plugin and Paper2D. In the editor: Tools > Execute
Python Script. Without a window: UnrealEditor-Cmd GAME.uproject -run=pythonscript -script=PATH/import_assetgen.py

Run it again after each build. Assets that it imported before are updated in place, so that levels and blueprints keep
their references; an asset of the same name that it did not import is never changed. Materials that exist are kept as
they are, with their new textures: delete one to have it made again. Assets that left the pack stay.
"""

# This script was written from Epic's reference of the Python API and has never run in a real editor.
from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import unreal

_ASSETS = unreal.EditorAssetLibrary
_GRAPH = unreal.MaterialEditingLibrary
_FORMAT = {"exporter": "unreal", "version": 1}
_TAG = "assetgen"  # metadata of every asset that this script made; of a texture the SHA-256 of its file
_ENUMS = {
    "compression_settings": unreal.TextureCompressionSettings,
    "lod_group": unreal.TextureGroup,
    "mip_gen_settings": unreal.TextureMipGenSettings,
    "filter": unreal.TextureFilter,
    "address_x": unreal.TextureAddress,
    "address_y": unreal.TextureAddress,
}
_ROW = 300  # between the nodes of a material graph


def import_folder(folder: Path) -> None:
    """Import every asset of a target. Raises `RuntimeError` at the end where some could not be imported."""
    documents = [each for path in sorted(folder.rglob("*.json")) if (each := _read(path))]
    _check(documents)
    failed = 0
    with unreal.ScopedSlowTask(len(documents), "Importing assets of assetgen") as task:
        task.make_dialog(True)
        for document in documents:
            if task.should_cancel():
                break
            task.enter_progress_frame(1, document["content"])
            try:
                _import(document)
            except RuntimeError as error:
                unreal.log_error(f"{document['content']}: {error}")
                failed += 1
    unreal.log(f"assetgen: imported {len(documents) - failed} of {len(documents)} assets from {folder}")
    if failed:
        raise RuntimeError(f"{failed} assets were not imported; the output log says why")


def _read(path: Path) -> dict[str, Any] | None:
    """A JSON file of the exporter, with its folder; None for other files."""
    try:
        data = json.loads(path.read_bytes())
    except ValueError:
        return None
    if not isinstance(data, dict) or data.get("assetgen") != _FORMAT:
        return None
    return {**data, "folder": path.parent}


def _check(documents: list[dict[str, Any]]) -> None:
    paths = Counter(document["content"].lower() for document in documents)
    doubled = sorted(path for path, count in paths.items() if count > 1)
    if doubled:
        raise RuntimeError(f"two assets of assetgen would both be imported as {doubled[0]}: rename one of the two")
    if any(document["sprites"] or document["tile_sets"] for document in documents) and not hasattr(
        unreal, "PaperSprite"
    ):
        raise RuntimeError("sprites need the plugin Paper2D: enable it under Edit > Plugins, and restart the editor")


def _import(document: Mapping[str, Any]) -> None:
    content = document["content"]
    textures = {each["name"]: _texture(document["folder"], content, each) for each in document["textures"]}
    sprites = {each["name"]: _sprite(content, each, textures) for each in document["sprites"]}
    for each in document["flipbooks"]:
        _flipbook(content, each, sprites)
    for each in document["tile_sets"]:
        _tile_set(content, each, textures)
    for each in document["materials"]:
        _material(content, each, textures)


def _texture(folder: Path, content: str, entry: Mapping[str, Any]) -> Any:
    path, file = f"{content}/{entry['name']}", folder / entry["file"]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    texture = _find(path, unreal.Texture2D)
    if not texture or _ASSETS.get_metadata_tag(texture, _TAG) != digest:
        task = unreal.AssetImportTask()
        task.set_editor_property("filename", str(file))
        task.set_editor_property("destination_path", content)
        task.set_editor_property("destination_name", entry["name"])
        task.set_editor_property("automated", True)
        task.set_editor_property("replace_existing", True)
        unreal.AssetToolsHelpers.get_asset_tools().import_asset_tasks([task])
        texture = _ASSETS.load_asset(path)
        if not isinstance(texture, unreal.Texture2D):
            raise RuntimeError(f"Unreal did not import {file}")
    for key, value in entry["settings"].items():
        texture.set_editor_property(key, getattr(_ENUMS[key], value) if key in _ENUMS else value)
    return _save(texture, digest)


def _sprite(content: str, entry: Mapping[str, Any], textures: Mapping[str, Any]) -> Any:
    sprite, is_new = _made(f"{content}/{entry['name']}", unreal.PaperSprite, unreal.PaperSpriteFactory)
    sprite.set_editor_property("source_texture", textures[entry["texture"]])
    for key in ("source_texture_dimension", "source_uv", "source_dimension"):
        sprite.set_editor_property(key, unreal.Vector2D(*entry[key]))
    sprite.set_editor_property("pixels_per_unreal_unit", entry["pixels_per_unreal_unit"])
    sprite.set_editor_property("additional_source_textures", [textures[name] for name in entry["additional_textures"]])
    sprite.set_editor_property("snap_pivot_to_pixel_grid", False)
    sprite.set_editor_property("pivot_mode", unreal.SpritePivotMode.CUSTOM)
    sprite.set_editor_property("custom_pivot_point", unreal.Vector2D(*entry["custom_pivot_point"]))
    if is_new:
        sprite.set_editor_property("default_material", _ASSETS.load_asset(entry["default_material"]))
    return _save(sprite)


def _flipbook(content: str, entry: Mapping[str, Any], sprites: Mapping[str, Any]) -> None:
    flipbook, is_new = _made(f"{content}/{entry['name']}", unreal.PaperFlipbook, unreal.PaperFlipbookFactory)
    key_frames = []
    for each in entry["key_frames"]:
        key_frame = unreal.PaperFlipbookKeyFrame()
        key_frame.set_editor_property("sprite", sprites[each["sprite"]])
        key_frame.set_editor_property("frame_run", each["frame_run"])
        key_frames.append(key_frame)
    flipbook.set_editor_property("frames_per_second", entry["frames_per_second"])
    flipbook.set_editor_property("key_frames", key_frames)
    if is_new:
        flipbook.set_editor_property("default_material", _ASSETS.load_asset(entry["default_material"]))
    _save(flipbook)


def _tile_set(content: str, entry: Mapping[str, Any], textures: Mapping[str, Any]) -> None:
    tile_set, _ = _made(f"{content}/{entry['name']}", unreal.PaperTileSet, unreal.PaperTileSetFactory)
    tile_set.set_editor_property("tile_sheet", textures[entry["texture"]])
    tile_set.set_editor_property("tile_size", unreal.IntPoint(*entry["tile_size"]))
    _save(tile_set)


def _material(content: str, entry: Mapping[str, Any], textures: Mapping[str, Any]) -> None:
    material, is_new = _made(f"{content}/{entry['name']}", unreal.Material, unreal.MaterialFactoryNew)
    if not is_new:
        return
    material.set_editor_property("blend_mode", getattr(unreal.BlendMode, entry["blend_mode"]))
    material.set_editor_property("two_sided", entry["two_sided"])
    for row, sample in enumerate(entry["samples"]):
        node = _GRAPH.create_material_expression(material, unreal.MaterialExpressionTextureSample, -_ROW, row * _ROW)
        node.set_editor_property("texture", textures[sample["texture"]])
        node.set_editor_property("sampler_type", getattr(unreal.MaterialSamplerType, sample["sampler_type"]))
        for output, name in sample["outputs"]:
            _GRAPH.connect_material_property(node, output, getattr(unreal.MaterialProperty, name))
    _GRAPH.recompile_material(material)
    _save(material)


def _find(path: str, kind: type) -> Any:
    """The asset at a content path, or None. Raises `RuntimeError` for one that this script did not import."""
    if not _ASSETS.does_asset_exist(path):
        return None
    found = _ASSETS.load_asset(path)
    if not isinstance(found, kind) or not _ASSETS.get_metadata_tag(found, _TAG):
        raise RuntimeError(f"{path} exists and was not imported by this script: move or rename it")
    return found


def _made(path: str, kind: type, factory: Callable[[], Any]) -> tuple[Any, bool]:
    """The asset at a content path, made where there is none; and whether it is new."""
    if found := _find(path, kind):
        return found, False
    folder, _, name = path.rpartition("/")
    made = unreal.AssetToolsHelpers.get_asset_tools().create_asset(name, folder, kind, factory())
    if made is None:
        raise RuntimeError(f"Unreal did not create {path}")
    return made, True


def _save(asset: Any, tag: str = "1") -> Any:
    if _ASSETS.get_metadata_tag(asset, _TAG) != tag:
        _ASSETS.set_metadata_tag(asset, _TAG, tag)
    if not _ASSETS.save_loaded_asset(asset):
        raise RuntimeError(f"Unreal did not save {asset.get_path_name()}: is it read-only or locked?")
    return asset


import_folder(Path(__file__).resolve().parent)
