"""The glTF exporter, read back by trimesh."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from assetgen.errors import InputError
from assetgen.exporters.gltf import gltf
from assetgen.images import Frames, ImageSet, color_image
from assetgen.parts import Files, load_part
from assetgen.pixels.image_files import decode_image
from assetgen.pixels.texture_files import Textures

COLOR = np.arange(4 * 8 * 3, dtype=np.uint8).reshape(4, 8, 3)
MATERIAL = color_image(COLOR).replace(normal=COLOR, orm=COLOR + 1)


def document(files: Files, name: str = "wall") -> dict[str, Any]:
    read: dict[str, Any] = json.loads(files[f"{name}.gltf"])
    return read


def written(files: Files, folder: Path) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def test_trimesh_reads_the_plane_with_its_material(tmp_path: Path) -> None:
    import trimesh

    scene = trimesh.load_scene(written(gltf(MATERIAL, "stone/wall"), tmp_path) / "stone/wall.gltf")
    [mesh] = scene.geometry.values()
    assert np.allclose(mesh.extents, [1, 0.5, 0])
    assert np.allclose(mesh.face_normals, [0, 0, 1])
    assert (np.array(mesh.visual.material.baseColorTexture.convert("RGB")) == COLOR).all()
    assert (np.array(mesh.visual.material.normalTexture.convert("RGB")) == COLOR).all()
    assert (np.array(mesh.visual.material.metallicRoughnessTexture.convert("RGB")) == COLOR + 1).all()


def test_the_top_of_the_image_is_the_top_of_the_plane(tmp_path: Path) -> None:
    import trimesh

    scene = trimesh.load_scene(written(gltf(MATERIAL, "wall"), tmp_path) / "wall.gltf")
    [mesh] = scene.geometry.values()
    top = mesh.vertices[:, 1] > 0
    assert (mesh.visual.uv[top, 1] == 1).all()  # trimesh turns v upwards
    assert (mesh.visual.uv[~top, 1] == 0).all()


def test_every_view_lies_inside_the_buffer_and_is_aligned() -> None:
    data = document(gltf(MATERIAL, "wall"))
    sizes = {"SCALAR": 2, "VEC2": 8, "VEC3": 12, "VEC4": 16}
    for accessor, view in zip(data["accessors"], data["bufferViews"], strict=True):
        assert view["byteLength"] == accessor["count"] * sizes[accessor["type"]]
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + view["byteLength"] <= data["buffers"][0]["byteLength"]


def test_packed_maps_serve_roughness_metal_and_occlusion() -> None:
    data = document(gltf(MATERIAL, "wall"))["materials"][0]
    surface = data["pbrMetallicRoughness"]
    assert surface["metallicRoughnessTexture"] == data["occlusionTexture"]
    assert surface["metallicFactor"] == 1


def test_separate_maps_are_packed_with_rough_and_unmetallic_where_missing() -> None:
    files = gltf(color_image(COLOR).replace(ao=np.full((4, 8, 1), 7, np.uint8)), "wall")
    assert (decode_image(files["wall_orm.png"]) == (7, 255, 0)).all()
    assert "wall_ao.png" not in files


def test_colour_alone_is_a_rough_nonmetallic_surface() -> None:
    data = document(gltf(color_image(COLOR), "wall"))
    assert data["materials"][0]["pbrMetallicRoughness"]["metallicFactor"] == 0
    assert "normalTexture" not in data["materials"][0]


@pytest.mark.parametrize(("alpha", "mode"), [(255, "OPAQUE"), (0, "MASK"), (100, "BLEND")])
def test_the_alpha_mode_matches_the_image(alpha: int, mode: str) -> None:
    color = np.full((2, 2, 4), 255, np.uint8)
    color[0, 0, 3] = alpha
    assert document(gltf(color_image(color), "wall"))["materials"][0]["alphaMode"] == mode


def test_pixel_art_is_sampled_without_blur_and_sprites_do_not_repeat() -> None:
    [sampler] = document(gltf(color_image(COLOR), "wall", use="pixel_sprite"))["samplers"]
    assert sampler == {"magFilter": 9728, "minFilter": 9984, "wrapS": 33071, "wrapT": 33071}


def test_empty_lists_are_left_out() -> None:
    data = document(gltf(ImageSet({"height": COLOR[..., :1]}), "wall"))
    assert "textures" not in data
    assert "images" not in data


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(ValidationError, match="scale"):
        load_part("exporter", "gltf").params(scale=2)


def test_an_animation_is_refused() -> None:
    with pytest.raises(InputError, match="glTF has no animated textures"):
        gltf(color_image(np.zeros((8, 4, 3), np.uint8), frames=Frames((100, 100))), "coin")


def test_webp_textures_are_those_of_an_extension() -> None:
    files = gltf(color_image(np.zeros((4, 4, 3), np.uint8)), "wall", textures=Textures[str](format="webp"))
    document = json.loads(files["wall.gltf"])
    assert document["extensionsRequired"] == document["extensionsUsed"] == ["EXT_texture_webp"]
    assert document["textures"][0]["extensions"] == {"EXT_texture_webp": {"source": 0}}
    assert (document["images"][0]["uri"], "wall.webp" in files) == ("wall.webp", True)
