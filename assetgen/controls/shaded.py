"""A shaded render of a mesh in the colours and light that a prompt names: the picture that sampling starts from."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.controls._brush import bloomed, brushed
from assetgen.controls._camera import Camera, Orbit
from assetgen.controls._fit import ControlSize, resize_to
from assetgen.controls._materials import Material, material_of, surface
from assetgen.controls._mesh import Up, read_mesh
from assetgen.controls._mood import Mood, mood_of, words_in
from assetgen.controls._noise import Noise, Values, mixed, ramp_between
from assetgen.controls._places import Place, ground_of, place_of
from assetgen.controls._raster import Floats
from assetgen.controls._shot import (
    Azimuth,
    CameraSource,
    Distance,
    Elevation,
    Fov,
    Projection,
    Shot,
    Zoom,
    make_shot,
    not_visible,
)
from assetgen.controls._sight import Sun
from assetgen.controls._sky import painted_sky
from assetgen.controls._smooth import corner_normals
from assetgen.controls._terrain import outlook
from assetgen.errors import InputError
from assetgen.images import ImageSet, color_image, to_uint8
from assetgen.parts import InputFile, part

_LARGE = 512
"""Pictures with fewer rows are rendered at twice their size, then reduced."""
_SHADOW_MAP = 384  # pixels of each side
_BIAS = 0.02  # of the model's radius: what casts no shadow on itself
_LEAST_SKY, _NO_GROUND = 0.12, 0.62
"""Rows of sky at least, and with no ground in view, as shares of the picture."""
_UNITS = 7.0  # world units of the landscapes in a model's radius


@part(version=2)
def shaded(
    *,
    mesh: InputFile,
    prompt: str = "",
    size: ControlSize = (512, 512),
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0,
    camera: CameraSource = "orbit",
    azimuth: Azimuth = 35.0,
    elevation: Elevation = 20.0,
    fov: Fov = 40.0,
    zoom: Zoom = 1.0,
    distance: Distance | None = None,
    projection: Projection = "perspective",
    up: Up | None = None,
    ground: bool = True,
    kind: Literal["image_to_image"] = "image_to_image",
) -> ImageSet:
    """Start from a shaded render of a `mesh` (image-to-image with the `strength` of `diffusion`).

    Words of the `prompt` choose the material (stone, wood, metal, a colour), the ground, the time of day and the
    weather; `seed` the side of the light, the clouds and the texture. The camera arguments are those of `depth`, and
    taken from it where the asset has one.

    Example:
        - shaded: {mesh: keep.glb, prompt: a stone castle at sunset}
    """
    orbit = Orbit(azimuth, elevation, fov, zoom, distance, projection == "perspective")
    scale = 1 if size[1] >= _LARGE else 2
    large = size[0] * scale, size[1] * scale
    words = words_in(prompt)
    try:
        shot = make_shot(read_mesh(mesh.path, up), orbit if camera == "orbit" else None, large)
        stage = _Stage(shot, large, mood_of(words), place_of(words, "plains"), material_of(words), seed)
        picture = _painted(stage, ground)
    except InputError as error:
        raise error.at(mesh.path.name) from error
    return color_image(to_uint8(resize_to(picture, size)))


@dataclass(frozen=True)
class _Stage:
    """What is rendered."""

    shot: Shot
    size: tuple[int, int]
    mood: Mood
    place: Place
    material: Material
    seed: int


@dataclass(frozen=True)
class _Seen:
    """What each pixel shows: a mask of mesh or ground, the nearness, world positions and normals."""

    mesh: np.ndarray
    solid: np.ndarray
    nearness: Floats
    where: Floats
    normals: Floats


def _painted(stage: _Stage, ground: bool) -> Values:
    width, height = stage.size
    seeds = [int(each) for each in np.random.SeedSequence(stage.seed).generate_state(4)]
    side = 1.0 if seeds[0] % 2 else -1.0
    seen = _look(stage, ground)
    horizon = np.flatnonzero(seen.solid.mean(axis=1) > 0.9)
    share = max(_LEAST_SKY, horizon[0] / height) if len(horizon) and ground else _NO_GROUND
    view = outlook(width, height, float(share), around=False)
    in_sky = Sun((0.3 * side, 1.0), stage.mood.sun_height * view.sight.top)
    sky = painted_sky(stage.mood, view.sight, in_sky, seeds[1])
    sky = _with_ridges(sky, stage, view.sight.horizon, seeds[2])
    colors = _colors(stage, seen, side, Noise(seeds[3]))
    far = sky[max(0, view.sight.horizon - 2)]
    picture = np.where(seen.solid[..., None], _hazed(stage, seen, colors, far), sky)
    picture = bloomed(picture, 0.8 if stage.mood.glow > 0.3 else 0.3)
    return brushed(picture, seeds[2], width * height // 60)


def _look(stage: _Stage, ground: bool) -> _Seen:
    shot, size = stage.shot, stage.size
    triangles = shot.mesh.triangles
    nearness, towards = shot.camera.facing(
        triangles, corner_normals(triangles), size, shot.near, lambda normals: np.asarray(normals, np.float32)
    )
    mesh = np.isfinite(nearness)
    if not mesh.any():
        raise not_visible()
    turn = shot.camera.view[:3, :3]
    normals = towards @ turn
    if ground:
        below = shot.camera.ground(shot.mesh.foot, size, shot.reach)
        under = below > nearness
        nearness, mesh = np.where(under, below, nearness), mesh & ~under
        normals[under] = (0.0, 1.0, 0.0)
    solid = np.isfinite(nearness)
    return _Seen(mesh, solid, nearness, _places(shot.camera, nearness, size), normals)


def _places(camera: Camera, nearness: Floats, size: tuple[int, int]) -> Floats:
    """World positions of what is seen at each pixel, `H×W×3`; the origin where there is nothing."""
    known = np.isfinite(nearness)
    depth = np.where(
        known, 1 / np.where(known, nearness, 1) if camera.perspective else -np.where(known, nearness, 0), 1
    )
    spread = depth / camera.focal if camera.perspective else np.full_like(depth, 1 / camera.focal)
    across = (np.arange(size[0]) + 0.5 - size[0] / 2)[None] * spread
    upward = (size[1] / 2 - np.arange(size[1]) - 0.5)[:, None] * spread
    seen = np.stack([across, upward, -depth], axis=-1) - camera.view[:3, 3]
    return np.where(known[..., None], seen @ camera.view[:3, :3], 0)


def _colors(stage: _Stage, seen: _Seen, side: float, noise: Noise) -> Values:
    """The lit colours of mesh and ground."""
    mesh, mood = stage.shot.mesh, stage.mood
    back = stage.shot.camera.view[2, :3]
    heading = np.degrees(np.arctan2(back[0], back[2])) + side * 62
    low = mood.sun_in_view and not mood.is_dark
    orbit = Orbit(float(heading), 24.0 if low else 42.0, 40, 1.0, None, False)
    light = orbit.around(mesh.centre, mesh.radius * 1.3, (_SHADOW_MAP, _SHADOW_MAP))
    facing = np.clip(seen.normals @ light.view[2, :3], 0, 1)
    lit = facing * _sunlit(stage, seen.where + seen.normals * (_BIAS * mesh.radius), light)
    units = ((seen.where - mesh.centre) * (_UNITS / mesh.radius)).astype(np.float32)
    rise = ((seen.where[..., 1] - mesh.foot) / max(2 * (mesh.centre[1] - mesh.foot), 1e-9)).astype(np.float32)
    earth = ground_of(stage.place, noise)(units[..., 0], units[..., 2] + 12, np.zeros_like(rise), np.zeros_like(rise))
    body, shine = surface(stage.material, units, seen.normals.astype(np.float32), rise, noise, mood.is_dark)
    albedo = np.where(seen.mesh[..., None], body, earth)
    above = 0.5 + 0.5 * seen.normals[..., 1:2]
    ambient = (1.25 if low else 1.0) * mood.ambient * (0.55 + 0.45 * above) * _open(seen)[..., None]
    colors = (
        albedo * (ambient + (1.35 if low else 1.05) * mood.key * lit[..., None]) * (1 - 0.3 * _edges(seen)[..., None])
    )
    return np.asarray(np.where((seen.mesh & (shine.max(axis=-1) > 0))[..., None], shine, colors), np.float32)


def _sunlit(stage: _Stage, places: Floats, light: Camera) -> Floats:
    """1 where the light reaches a place, 0 in the shadow of the mesh."""
    import cv2

    side = (_SHADOW_MAP, _SHADOW_MAP)
    nearest = light.nearness(stage.shot.mesh.triangles, side, -1e9)
    seen = places @ light.view[:3, :3].T + light.view[:3, 3]
    column = np.rint(_SHADOW_MAP / 2 + seen[..., 0] * light.focal - 0.5)
    row = np.rint(_SHADOW_MAP / 2 - seen[..., 1] * light.focal - 0.5)
    inside = (column >= 0) & (column < _SHADOW_MAP) & (row >= 0) & (row < _SHADOW_MAP)
    at = np.clip(row, 0, _SHADOW_MAP - 1).astype(int), np.clip(column, 0, _SHADOW_MAP - 1).astype(int)
    reached = ~inside | (seen[..., 2] >= nearest[at] - _BIAS * stage.shot.mesh.radius)
    return np.asarray(cv2.GaussianBlur(reached.astype(np.float32), (0, 0), 0.8), np.float64)


def _open(seen: _Seen) -> Floats:
    """How much of the sky lights each pixel: less in hollows, where the surroundings are nearer."""
    import cv2

    known = seen.nearness[seen.solid]
    near = np.where(seen.solid, seen.nearness, known.min())
    near = ((near - known.min()) / max(float(np.ptp(known)), 1e-12)).astype(np.float32)
    hidden = np.zeros_like(near)
    for share, strength in ((0.012, 14.0), (0.035, 5.0)):
        hidden += np.clip(strength * (cv2.GaussianBlur(near, (0, 0), share * near.shape[0]) - near), 0, 0.35)
    return np.asarray(1 - hidden, np.float64)


def _edges(seen: _Seen) -> Floats:
    """1 on creases and outlines."""
    normals = np.where(seen.solid[..., None], seen.normals, 0)
    change = sum(np.abs(normals - np.roll(normals, 1, axis)).sum(axis=-1) for axis in (0, 1))
    return np.asarray(np.clip(np.asarray(change) - 0.35, 0, 1))


def _hazed(stage: _Stage, seen: _Seen, colors: Values, far: Values) -> Values:
    camera, mesh = stage.shot.camera, stage.shot.mesh
    depth = np.linalg.norm(seen.where - mesh.centre, axis=-1) * np.sign(
        ((mesh.centre - seen.where) @ camera.view[2, :3]) + 1e-9
    )
    beyond = np.clip(depth / mesh.radius + 1.0, 0, None)
    share = 1 - np.exp(-beyond * min(0.7, 7.0 / stage.mood.haze))
    return mixed(colors, far[None], (0.95 * share)[..., None].astype(np.float32))


def _with_ridges(sky: Values, stage: _Stage, horizon: int, seed: int) -> Values:
    """Two distant ridges above the horizon."""
    height, width = sky.shape[:2]
    noise, at = Noise(seed), np.arange(width, dtype=np.float32) / height
    earth = ground_of(stage.place, noise)(at, at, np.zeros_like(at), np.zeros_like(at)).mean(axis=0)
    rows = np.arange(height, dtype=np.float32)[:, None]
    for number, (tall, fade) in enumerate(((0.11, 0.8), (0.05, 0.6))):
        top = horizon - height * tall * noise.at(at * 3.1 + 7 * number, np.full_like(at, 5.0 * number), 5)
        veil = mixed(earth * stage.mood.ambient, stage.mood.horizon, 1 - (1 - fade) * min(1.0, stage.mood.haze / 60))
        sky = mixed(sky, veil, ramp_between(-0.7, 0.7, rows - top)[..., None])
    return sky
