"""Text and binary mesh files: their triangles, their order, and files that are large or damaged."""

import itertools
import resource
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assetgen.controls._mesh import read_mesh
from assetgen.errors import Cancelled, InputError, is_cancelled

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"
HEADER = "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
FACES = "element face {}\nproperty list uchar int vertex_indices\nend_header\n"
CORNERS = "0 0 0\n1 0 0\n1 1 0\n0 1 0\n"


def triangles(path: Path, content: str | bytes) -> list[list[list[float]]]:
    """The triangles of a file as x and y of their corners, without changing the axes."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found: list[list[list[float]]] = read_mesh(path, "y").triangles[..., :2].tolist()
    return found


@pytest.mark.parametrize(
    "face", ["f 1 2 3", "f 1/7 2/8 3/9", "f 1//7 2//8 3//9", "f -4/1/1 -3/1/1 -2/1/1", "f 1 2 \\\n3"]
)
def test_a_face_of_an_obj_file_may_have_any_form(tmp_path: Path, face: str) -> None:
    assert triangles(tmp_path / "a.obj", SQUARE + face) == [[[0, 0], [1, 0], [1, 1]]]


def test_negative_vertex_numbers_count_from_the_face(tmp_path: Path) -> None:
    first, second = "v 0 0 0\nv 1 0 0\nv 1 1 0\nf -3 -2 -1\n", "v 5 0 0\nv 6 0 0\nv 6 1 0\nf -3 -2 -1\n"
    assert triangles(tmp_path / "a.obj", first + second) == [[[0, 0], [1, 0], [1, 1]], [[5, 0], [6, 0], [6, 1]]]


def test_polygons_become_fans_and_the_last_material_comes_first(tmp_path: Path) -> None:
    content = f"{SQUARE}v 0 2 0\nusemtl a\nf 1 2 3 4 5\nusemtl b\nf 1 2 3 4\nf 2 3 4 1\n"
    quads = [[[0, 0], [1, 0], [1, 1]], [[1, 0], [1, 1], [0, 1]], [[1, 1], [0, 1], [0, 0]], [[0, 1], [0, 0], [1, 0]]]
    fan = [[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]], [[0, 0], [0, 1], [0, 2]]]
    assert triangles(tmp_path / "a.obj", content) == quads + fan


@pytest.mark.parametrize("number", ["0", "5", "-5", "99999999999999999999"])
def test_a_vertex_that_does_not_exist_is_refused(tmp_path: Path, number: str) -> None:
    with pytest.raises(InputError):
        triangles(tmp_path / "a.obj", f"{SQUARE}f 1 2 {number}")


def test_text_ply_may_mix_polygons(tmp_path: Path) -> None:
    content = HEADER + FACES.format(2) + CORNERS + "4 0 1 2 3\n3 0 1 2\n"
    first, second = [[0, 0], [1, 0], [1, 1]], [[1, 1], [0, 1], [0, 0]]
    assert triangles(tmp_path / "a.ply", content) == [first, first, second]


def binary_ply(order: str, *faces: tuple[int, ...]) -> bytes:
    header = (HEADER + FACES.format(len(faces))).replace(
        "ascii", f"binary_{'big' if order == '>' else 'little'}_endian"
    )
    corners = np.array([float(word) for word in CORNERS.split()], f"{order}f4").tobytes()
    return (
        header.encode() + corners + b"".join(struct.pack(f"{order}B{len(face)}i", len(face), *face) for face in faces)
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_binary_ply_has_either_byte_order(tmp_path: Path, order: str) -> None:
    content = binary_ply(order, (0, 1, 2, 3))
    assert triangles(tmp_path / "a.ply", content) == [[[0, 0], [1, 0], [1, 1]], [[1, 1], [0, 1], [0, 0]]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (binary_ply("<", (0, 1, 2), (0, 1, 2, 3)), "different lengths"),
        (binary_ply("<", (0, 1, 2))[:-4], "truncated"),
        (binary_ply("<", (0, 1, 4)), "does not exist"),
        ((HEADER + FACES.format(10**10) + CORNERS).encode(), "10,000,000,000 triangles"),
        ((HEADER + FACES.format(1) + CORNERS + "2000000000 0 1 2").encode(), "some of its faces are incomplete"),
        (HEADER.encode(), "truncated"),
    ],
    ids=["mixed", "truncated", "index", "count", "list", "header"],
)
def test_a_damaged_ply_file_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        triangles(tmp_path / "a.ply", content)


def test_text_stl_may_have_several_solids(tmp_path: Path) -> None:
    solid = "solid a\nfacet normal 0 0 1\nouter loop\nVERTEX 0 0 0\nvertex 1 0 0\nvertex 1 1 0\nendloop\nendfacet\n"
    assert len(triangles(tmp_path / "a.stl", (solid + "endsolid a\n") * 3)) == 3
    with pytest.raises(InputError, match="truncated"):
        triangles(tmp_path / "a.stl", solid)


def test_a_very_long_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one of its lines is longer"):
        triangles(tmp_path / "a.obj", f"{SQUARE}f {'1 ' * 600_000}")


def test_reading_a_mesh_can_be_cancelled(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(SQUARE * 100_000 + "f 1 2 3\n")
    asked = itertools.count()
    is_cancelled.set(lambda: next(asked) > 1)
    try:
        with pytest.raises(Cancelled):
            read_mesh(tmp_path / "a.obj")
    finally:
        is_cancelled.set(lambda: False)


def limit_time_and_memory() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))


@pytest.mark.parametrize("kind", ["obj", "stl"])
def test_a_hundred_thousand_materials_or_solids_take_little_time(tmp_path: Path, kind: str) -> None:
    corner = "vertex {0} 0 0\nvertex {0} 1 0\nvertex 0 0 1\n"
    each = {"obj": "usemtl m{0}\ng g{0}\nf 1 2 3\n", "stl": f"solid a\n{corner}endsolid a\n"}[kind]
    path = tmp_path / f"many.{kind}"
    path.write_text((SQUARE if kind == "obj" else "") + "".join(each.format(index) for index in range(100_000)))
    code = "import sys, pathlib\nfrom assetgen.controls._mesh import read_mesh\nread_mesh(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=300, preexec_fn=limit_time_and_memory)
