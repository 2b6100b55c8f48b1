"""What `import_assetgen.py` uses of Unreal's Python API. Other names of classes, properties and values are errors.

The names are those of Epic's reference (https://dev.epicgames.com/documentation/en-us/unreal-engine/python-api, 5.7).
"""

import sys
import types
from pathlib import Path
from typing import Any

PROPERTIES = {
    "AssetImportTask": "filename destination_path destination_name automated replace_existing save",
    "Texture2D": "srgb compression_settings lod_group mip_gen_settings filter address_x address_y flip_green_channel "
    "virtual_texture_streaming",
    "PaperSprite": "source_texture source_texture_dimension source_uv source_dimension pixels_per_unreal_unit "
    "additional_source_textures snap_pivot_to_pixel_grid pivot_mode custom_pivot_point default_material",
    "PaperFlipbook": "frames_per_second key_frames default_material collision_source",
    "PaperFlipbookKeyFrame": "sprite frame_run",
    "PaperTileSet": "tile_sheet tile_size border_margin per_tile_spacing drawing_offset",
    "Material": "blend_mode two_sided",
    "MaterialExpressionTextureSample": "texture sampler_type",
}
VALUES = {
    "TextureCompressionSettings": "TC_DEFAULT TC_NORMALMAP TC_MASKS TC_GRAYSCALE TC_EDITOR_ICON",
    "TextureGroup": "TEXTUREGROUP_WORLD TEXTUREGROUP_WORLD_NORMAL_MAP TEXTUREGROUP_SKYBOX TEXTUREGROUP_UI "
    "TEXTUREGROUP_PIXELS2D",
    "TextureMipGenSettings": "TMGS_FROM_TEXTURE_GROUP TMGS_NO_MIPMAPS",
    "TextureFilter": "TF_NEAREST TF_DEFAULT",
    "TextureAddress": "TA_WRAP TA_CLAMP",
    "SpritePivotMode": "CUSTOM",
    "BlendMode": "BLEND_OPAQUE BLEND_MASKED BLEND_TRANSLUCENT",
    "MaterialSamplerType": "SAMPLERTYPE_COLOR SAMPLERTYPE_NORMAL SAMPLERTYPE_MASKS",
    "MaterialProperty": "MP_BASE_COLOR MP_NORMAL MP_AMBIENT_OCCLUSION MP_ROUGHNESS MP_METALLIC MP_EMISSIVE_COLOR "
    "MP_OPACITY MP_OPACITY_MASK",
}
FACTORIES = ["PaperSpriteFactory", "PaperFlipbookFactory", "PaperTileSetFactory", "MaterialFactoryNew"]


class Editor(types.ModuleType):
    """The module `unreal` with its content browser, in memory."""

    def __init__(self) -> None:
        super().__init__("unreal")
        self.assets: dict[str, Any] = {}
        self.imported: list[str] = []
        self.messages: list[str] = []
        self.errors: list[str] = []
        for name, properties in PROPERTIES.items():
            setattr(self, name, type(name, (Object,), {"known": properties.split()}))
        for name, values in VALUES.items():
            setattr(self, name, types.SimpleNamespace(**{value: value for value in values.split()}))
        for name in FACTORIES:
            setattr(self, name, object)
        self.Vector2D = self.IntPoint = lambda x, y: (x, y)
        self.EditorAssetLibrary = self.AssetToolsHelpers = self.MaterialEditingLibrary = self.ScopedSlowTask = self
        self.log, self.log_error = self.messages.append, self.errors.append

    def run(self, script: Path) -> None:
        """Execute a script as the editor does, with `__file__`."""
        sys.modules["unreal"] = self
        try:
            exec(compile(script.read_text(), script, "exec"), {"__file__": str(script), "__name__": "__main__"})
        finally:
            del sys.modules["unreal"]

    def values(self, path: str) -> dict[str, Any]:
        """The properties of an asset."""
        found: dict[str, Any] = self.assets[path].properties
        return found

    def __call__(self, total: int, text: str) -> "Editor":  # ScopedSlowTask
        return self

    def __enter__(self) -> "Editor":
        return self

    def __exit__(self, *error: object) -> None: ...

    def make_dialog(self, can_cancel: bool) -> None: ...

    def should_cancel(self) -> bool:
        return False

    def enter_progress_frame(self, work: float, text: str) -> None: ...

    def get_asset_tools(self) -> "Editor":
        return self

    def import_asset_tasks(self, tasks: list[Any]) -> None:
        for task in tasks:
            given = task.properties
            path = f"{given['destination_path']}/{given['destination_name']}"
            assert Path(given["filename"]).is_file() and given["automated"]
            assert path not in self.assets or given["replace_existing"]
            self.imported.append(path)
            self.assets.setdefault(path, self.Texture2D())

    def create_asset(self, name: str, folder: str, kind: type, factory: object) -> Any:
        assert f"{folder}/{name}" not in self.assets
        self.assets[f"{folder}/{name}"] = made = kind()
        return made

    def does_asset_exist(self, path: str) -> bool:
        return path in self.assets

    def load_asset(self, path: str) -> Any:
        return self.assets.get(path, path)

    def get_metadata_tag(self, asset: Any, tag: str) -> str:
        return str(asset.tags.get(tag, ""))

    def set_metadata_tag(self, asset: Any, tag: str, value: str) -> None:
        asset.tags[tag] = value

    def save_loaded_asset(self, asset: Any) -> bool:
        return asset in self.assets.values()

    def create_material_expression(self, material: Any, kind: type, x: int, y: int) -> Any:
        material.nodes.append(node := kind())
        return node

    def connect_material_property(self, node: Any, output: str, name: str) -> bool:
        node.tags[name] = output
        return True

    def recompile_material(self, material: Any) -> None: ...


class Object:
    """An object of Unreal: only the properties of its class can be set."""

    known: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.properties: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.nodes: list[Object] = []

    def set_editor_property(self, name: str, value: Any) -> None:
        assert name in self.known, name
        self.properties[name] = value
