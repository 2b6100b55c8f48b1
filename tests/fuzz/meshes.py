"""Mesh files: read them, and render depth and normals."""

import json
import struct
from functools import cache
from pathlib import Path
from typing import Any

import trimesh
from cases import family_errors
from hypothesis import strategies as st
from mutations import Files, mutated_bytes, mutated_trees, with_special_files

from assetgen.controls.depth import depth
from assetgen.controls.normal import normal
from assetgen.pack.inbox import MESH_SUFFIXES
from assetgen.parts import InputFile

_SIZE = (64, 48)
_WORDS = (
    "accessors",
    "attributes",
    "buffer",
    "bufferViews",
    "byteLength",
    "byteOffset",
    "byteStride",
    "camera",
    "cameras",
    "children",
    "count",
    "componentType",
    "indices",
    "material",
    "matrix",
    "mesh",
    "meshes",
    "mode",
    "nodes",
    "normalized",
    "perspective",
    "primitives",
    "rotation",
    "scale",
    "scene",
    "scenes",
    "sparse",
    "translation",
    "type",
    "uri",
    "POSITION",
    "SCALAR",
    "VEC3",
    "MAT4",
    "extensionsRequired",
    "KHR_draco_mesh_compression",
    "skins",
    "joints",
    "data:application/octet-stream;base64,AAAA",
    "../secret.bin",
    "http://127.0.0.1/x",
    "images",
    "textures",
    "materials",
)
_CAMERA = {"type": "perspective", "perspective": {"yfov": 0.8, "znear": 0.1, "zfar": 100.0}}


@cache
def _glb() -> tuple[dict[str, Any], bytes]:
    """The JSON and the binary chunk of a cube with a camera."""
    data = trimesh.creation.box().export(file_type="glb")
    length = struct.unpack_from("<I", data, 12)[0]
    tree = json.loads(data[20 : 20 + length])
    tree["cameras"] = [_CAMERA]
    tree["nodes"].append({"name": "eye", "camera": 0, "translation": [0, 0, 4]})
    tree["scenes"][0]["nodes"].append(len(tree["nodes"]) - 1)
    return tree, data[28 + length :]


def _glb_bytes(tree: object, binary: bytes) -> bytes:
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _gltf_bytes(tree: object) -> bytes:
    return json.dumps(tree).encode()


@cache
def _gltf() -> dict[str, object]:
    files = trimesh.creation.box().export(file_type="gltf", embed_buffers=True)
    tree: dict[str, object] = json.loads(files["model.gltf"])
    return tree


@cache
def _whole() -> dict[str, bytes]:
    """A valid file of each format, and of the text forms of STL and PLY."""
    cube = trimesh.creation.box()
    tree, binary = _glb()
    files = {
        "mesh.glb": _glb_bytes(tree, binary),
        "mesh.gltf": _gltf_bytes(_gltf()),
        "mesh.obj": cube.export(file_type="obj").encode() + b"usemtl a\ng b\nvt 0 0\nvn 0 0 1\nf 1/1/1 2/1/1 3//1 4\n",
        "mesh.stl": cube.export(file_type="stl"),
        "mesh.STL": cube.export(file_type="stl_ascii").encode(),
        "mesh.ply": cube.export(file_type="ply"),
        "mesh.PLY": cube.export(file_type="ply", encoding="ascii"),
    }
    assert {Path(name).suffix.lower() for name in files} == set(MESH_SUFFIXES)
    return files


def _damaged() -> st.SearchStrategy[Files]:
    return st.sampled_from(sorted(_whole().items())).flatmap(
        lambda each: mutated_bytes(each[1]).map(lambda data: {each[0]: data})
    )


def _other_json() -> st.SearchStrategy[Files]:
    tree, binary = _glb()
    glb = mutated_trees(tree, _WORDS).map(lambda changed: {"mesh.glb": _glb_bytes(changed, binary)})
    gltf = mutated_trees(_gltf(), _WORDS).map(lambda changed: {"mesh.gltf": _gltf_bytes(changed)})
    return st.one_of(glb, gltf)


def cases() -> st.SearchStrategy[Files]:
    """A mesh file."""
    return with_special_files(st.one_of(_damaged(), _other_json()))


def known() -> list[Files]:
    """Cases that failed once."""
    return [
        *({name: data} for name, data in _whole().items()),
        {"mesh.obj": b"\n" * 400_000},
        {"mesh.obj": b"v 0 0 0\n" + b" \t" * 100_000},
        {"mesh.obj": b"v 0 0 0\nv 1e-320 0 0\nv 0 1e-320 0\nf 1 2 3\n"},
        {"mesh.STL": _whole()["mesh.STL"] + b"solid x\nfacet normal -solid \n"},
        *_with_eye({"translation": [1e308, 0, 4]}, {"translation": [10**400, 0, 0]}, {"scale": [1e200, 1e200, 1e-200]}),
    ]


def _with_eye(*places: dict[str, object]) -> list[Files]:
    """The cube, with its camera at other places."""
    tree, binary = _glb()
    eyes = ([*tree["nodes"][:-1], {"camera": 0, **place}] for place in places)
    return [{"mesh.glb": _glb_bytes({**tree, "nodes": nodes}, binary)} for nodes in eyes]


def check(root: Path) -> None:
    """Render the mesh from outside, and with its own camera."""
    [path] = [file for file in root.iterdir() if file.name.startswith("mesh.")]
    with family_errors():
        mesh = InputFile(path=path, sha256="")
        for part in (depth, normal):
            with family_errors():
                part(mesh=mesh, size=_SIZE)
        with family_errors():
            depth(mesh=mesh, size=_SIZE, camera="file", projection="orthographic")
