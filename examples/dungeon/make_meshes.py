"""Draw the greybox meshes of this example, `keep.glb` and `hall.glb`: `python make_meshes.py`. CC0, see LICENCES.md."""

import math
from pathlib import Path

import numpy as np
import trimesh
from trimesh.creation import box, cone, cylinder
from trimesh.transformations import rotation_matrix

Vector = tuple[float, float, float]
HERE = Path(__file__).parent
SIDES = 16  # of a round tower


def block(size: Vector, foot: Vector) -> trimesh.Trimesh:
    """A box of `size` (x, y up, z); the centre of its bottom is at `foot`."""
    mesh = box(extents=size)
    mesh.apply_translation((foot[0], foot[1] + size[1] / 2, foot[2]))
    return mesh


def drum(radius: float, height: float, foot: Vector, sides: int = SIDES) -> trimesh.Trimesh:
    """An upright cylinder; the centre of its bottom is at `foot`."""
    mesh = cylinder(radius, height, sections=sides)
    mesh.apply_transform(rotation_matrix(-math.pi / 2, (1, 0, 0)))
    mesh.apply_translation((foot[0], foot[1] + height / 2, foot[2]))
    return mesh


def spire(radius: float, height: float, foot: Vector) -> trimesh.Trimesh:
    """A pointed roof."""
    mesh = cone(radius, height, sections=SIDES)
    mesh.apply_transform(rotation_matrix(-math.pi / 2, (1, 0, 0)))
    mesh.apply_translation(foot)
    return mesh


def crown(radius: float, foot: Vector, teeth: int = 8) -> list[trimesh.Trimesh]:
    """Battlements round a tower."""
    rim = [drum(radius * 1.18, 0.25, foot)]
    for tooth in range(teeth):
        angle = 2 * math.pi * tooth / teeth
        piece = block((radius * 0.4, 0.45, radius * 0.25), (0, 0, radius * 1.05))
        piece.apply_transform(rotation_matrix(angle, (0, 1, 0)))
        piece.apply_translation((foot[0], foot[1] + 0.25, foot[2]))
        rim.append(piece)
    return rim


def tower(radius: float, height: float, foot: Vector, roof: float = 0) -> list[trimesh.Trimesh]:
    """A round tower with battlements, or with a pointed roof of this height."""
    x, y, z = foot
    top = (x, y + height, z)
    shaft = [drum(radius * 1.2, height * 0.2, foot), drum(radius, height, foot)]
    return [*shaft, spire(radius * 1.3, roof, top)] if roof else [*shaft, *crown(radius, top)]


def wall(start: tuple[float, float], end: tuple[float, float], height: float, base: float) -> list[trimesh.Trimesh]:
    """A curtain wall on the ground plan from `start` to `end` (x, z), with battlements."""
    across, along = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, along)
    pieces = [block((length, height, 0.5), (0, 0, 0))]
    teeth = int(length / 0.9)
    pieces += [block((0.45, 0.4, 0.5), ((i + 0.5) * length / teeth - length / 2, height, 0)) for i in range(teeth)]
    turn = rotation_matrix(math.atan2(-along, across), (0, 1, 0))
    for piece in pieces:
        piece.apply_transform(turn)
        piece.apply_translation(((start[0] + end[0]) / 2, base, (start[1] + end[1]) / 2))
    return pieces


def hill(radius: float, height: float, rings: int = 8, sides: int = 28) -> trimesh.Trimesh:
    """A rocky mound with a flat top at `height`."""
    rng = np.random.default_rng(7)
    rows = [np.array([[0.0, height, 0.0]])]
    for ring in range(1, rings + 1):
        share = ring / rings
        angle = np.arange(sides) * 2 * np.pi / sides
        rough = rng.uniform(-1, 1, (2, sides)) * (0.0 if share <= 0.5 else 0.06)
        reach = radius * share * (1 + rough[0])
        fall = height * (np.cos(np.pi * np.clip((share - 0.5) * 2, 0, 1)) + 1) / 2
        up = np.maximum(fall + height * rough[1] * (share < 1), 0)
        rows.append(np.stack([reach * np.cos(angle), np.broadcast_to(up, sides), reach * np.sin(angle)], axis=1))
    faces = [[0, 1 + (i + 1) % sides, 1 + i] for i in range(sides)]
    for ring in range(rings - 1):
        for i in range(sides):
            a, b = 1 + ring * sides + i, 1 + ring * sides + (i + 1) % sides
            faces += [[a, b, a + sides], [b, b + sides, a + sides]]
    return trimesh.Trimesh(np.concatenate(rows), faces, process=False)


def keep() -> dict[str, trimesh.Trimesh]:
    """A keep on a hill: donjon, four wall towers, curtain walls and a gatehouse at the front (+z)."""
    base = 3.0
    corners = [(-4.0, 4.0), (4.0, 4.0), (4.0, -4.0), (-4.0, -4.0)]
    curtain = [piece for i in range(1, 4) for piece in wall(corners[i], corners[(i + 1) % 4], 2.2, base)]
    curtain += wall((-4.0, 4.0), (-1.4, 4.0), 2.2, base) + wall((1.4, 4.0), (4.0, 4.0), 2.2, base)
    towers = [piece for x, z in corners for piece in tower(0.95, 3.4, (x, base - 0.8, z), roof=2.0 if z < 0 else 0)]
    gate = [block((0.9, 3.0, 1.6), (side * 1.15, base, 4.2)) for side in (-1, 1)]
    gate += [block((3.2, 1.1, 1.6), (0, base + 2.0, 4.2))]
    gate += [block((0.5, 0.4, 1.6), (x, base + 3.1, 4.2)) for x in (-1.2, 0.0, 1.2)]
    gate += [block((1.6, 0.3, 3.2), (0, base - 0.3, 6.2))]
    donjon = [block((3.6, 6.5, 3.6), (0, base, -0.6)), block((4.1, 0.4, 4.1), (0, base + 6.5, -0.6))]
    for x in (-1.7, -0.6, 0.6, 1.7):
        for z in (-2.4, 1.2):
            donjon += [
                block((0.55, 0.5, 0.4), (x, base + 6.9, z)),
                block((0.4, 0.5, 0.55), (z + 0.6, base + 6.9, x - 0.6)),
            ]
    donjon += tower(0.8, 8.4, (1.6, base, -2.2), roof=2.6)
    named = {"hill": [hill(11.0, base)], "walls": curtain, "towers": towers, "gatehouse": gate, "donjon": donjon}
    return {name: trimesh.util.concatenate(pieces) for name, pieces in named.items()}


def hall() -> dict[str, trimesh.Trimesh]:
    """A pillared corridor without its front wall, with steps and an altar at its end; look in from the front (+z)."""
    width, height, length = 8.0, 6.0, 20.0
    shell = [block((width, 0.3, length), (0, -0.3, 0)), block((width, 0.3, length), (0, height, 0))]
    shell += [block((0.3, height, length), (side * width / 2, 0, 0)) for side in (-1, 1)]
    shell += [block((width, height, 0.3), (0, 0, -length / 2))]
    pillars: list[trimesh.Trimesh] = []
    for z in (-6.0, -2.0, 2.0, 6.0):
        for x in (-2.4, 2.4):
            pillars += [drum(0.45, height, (x, 0, z), 12), block((1.3, 0.5, 1.3), (x, 0, z))]
            pillars += [block((1.2, 0.5, 1.2), (x, height - 0.5, z))]
        pillars += [block((width, 0.5, 0.6), (0, height - 0.4, z))]
    steps = [block((5.0 - i, 0.3, 3.0 - i * 0.8), (0, i * 0.3, -8.3 - i * 0.2)) for i in range(3)]
    altar = [block((1.8, 1.0, 0.8), (0, 0.9, -8.8)), block((2.2, 0.2, 1.0), (0, 1.9, -8.8))]
    named = {"shell": shell, "pillars": pillars, "altar": steps + altar}
    return {name: trimesh.util.concatenate(pieces) for name, pieces in named.items()}


def write(name: str, parts: dict[str, trimesh.Trimesh], eye: Vector | None = None) -> None:
    """Write a .glb of named parts, with a camera that looks along -z from `eye`."""
    scene = trimesh.Scene()
    for part, mesh in parts.items():
        mesh.visual = trimesh.visual.ColorVisuals()
        mesh.merge_vertices(merge_tex=True, merge_norm=True)
        scene.add_geometry(mesh, geom_name=part, node_name=part)
    if eye:
        where = np.eye(4)
        where[:3, 3] = eye
        scene.camera = trimesh.scene.Camera(name="camera", fov=(60, 60))
        scene.camera_transform = where
    (HERE / name).write_bytes(scene.export(file_type="glb", include_normals=False))


if __name__ == "__main__":
    write("keep.glb", keep())
    write("hall.glb", hall(), eye=(0.6, 2.2, 9.5))
