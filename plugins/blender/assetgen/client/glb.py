"""A mesh and a camera as a binary glTF 2.0 file."""

import json
import struct

import numpy as np

from .tones import Floats

MAGIC, JSON_CHUNK, BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
Y_UP = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], np.float64)
"""From Blender's axes to those of glTF."""
FLOAT = 5126


def write_glb(triangles: Floats, view: Floats, projection: Floats) -> bytes:
    """Triangles `n × 3 × 3` of the world, and a camera by its matrix and its projection (OpenGL's) as a .glb file."""
    points = (triangles.reshape(-1, 3) @ Y_UP[:3, :3].T).astype("<f4")
    data = points.tobytes()
    accessor = {"bufferView": 0, "componentType": FLOAT, "count": len(points), "type": "VEC3"}
    accessor |= {"min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist()}
    gltf = {
        "asset": {"version": "2.0", "generator": "assetgen"},
        "scene": 0,
        "scenes": [{"nodes": [0, 1]}],
        "nodes": [{"mesh": 0}, {"camera": 0, "matrix": (Y_UP @ view).T.ravel().tolist()}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "cameras": [_camera(projection)],
        "accessors": [accessor],
        "bufferViews": [{"buffer": 0, "byteLength": len(data)}],
        "buffers": [{"byteLength": len(data)}],
    }
    text = json.dumps(gltf).encode()
    text += b" " * (-len(text) % 4)
    length = 12 + 8 + len(text) + 8 + len(data)
    head = struct.pack("<III", MAGIC, 2, length) + struct.pack("<II", len(text), JSON_CHUNK)
    return head + text + struct.pack("<II", len(data), BIN_CHUNK) + data


def _camera(projection: Floats) -> dict[str, object]:
    if projection[3, 3] == 0:
        return {
            "type": "perspective",
            "perspective": {
                "yfov": 2 * float(np.arctan(1 / projection[1, 1])),
                "aspectRatio": float(projection[1, 1] / projection[0, 0]),
                "znear": 0.01,
            },
        }
    sizes = {"xmag": float(1 / projection[0, 0]), "ymag": float(1 / projection[1, 1])}
    return {"type": "orthographic", "orthographic": {**sizes, "znear": 0.0, "zfar": 1e4}}
