"""A material on a ball, for its preview: lit from above, with the relief of its normal map."""

import numpy as np

from ..client.tones import Floats
from .painting import sampled

REPEATS = 2.0
"""Tiles along half of the ball's equator."""
KEY, FILL, AMBIENT = 0.85, 0.25, 0.25
LIGHTS = np.array([[-0.45, 0.6, 0.66], [0.8, 0.1, 0.6]])
"""Directions to the two lights: x to the right, y up, z to the viewer."""
VIEWER = np.array([0.0, 0.0, 1.0])
SHINE = 0.5
GAMMA = 2.2


def ball(color: Floats, normal: Floats | None, roughness: Floats | None, side: int) -> Floats:
    """A picture `side × side × 4` in 0..1, row 0 the lowest. The maps are `height × width × 3`, the top row first;
    `normal` is in OpenGL's convention."""
    across = ((np.arange(side) + 0.5) / side * 2 - 1) * 1.02
    x, y = np.meshgrid(across, across)
    inside = x**2 + y**2 < 1
    z = np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))
    surface = np.stack([x, y, z], axis=-1)
    u, v = np.arctan2(x, np.maximum(z, 1e-6)) / np.pi + 0.5, np.arcsin(np.clip(y, -1, 1)) / np.pi + 0.5
    at = np.stack([u * REPEATS, v * REPEATS], axis=-1).reshape(-1, 2) % 1
    if normal is not None:
        surface = _bent(surface, sampled(normal, at).reshape(side, side, 3) * 2 - 1)
    base = sampled(color, at).reshape(side, side, 3) ** GAMMA
    gloss = 1 - (sampled(roughness, at).reshape(side, side, 3)[..., :1] if roughness is not None else 0.8)
    lit = np.full_like(base, AMBIENT)
    shine = np.zeros((side, side, 1))
    for light, strength in zip(LIGHTS / np.linalg.norm(LIGHTS, axis=1)[:, None], (KEY, FILL), strict=True):
        lit += strength * np.clip(surface @ light, 0, 1)[..., None]
        half = light + VIEWER
        half /= np.linalg.norm(half)
        shine += strength * gloss * np.clip(surface @ half, 0, 1)[..., None] ** (4 + 60 * gloss)
    shown = np.clip(base * lit + SHINE * shine, 0, 1) ** (1 / GAMMA)
    edge = np.clip((1 - np.sqrt(x**2 + y**2)) * side / 2, 0, 1)
    return np.concatenate([shown, np.where(inside, edge, 0)[..., None]], axis=-1)


def _bent(surface: Floats, relief: Floats) -> Floats:
    """The normals of the ball with those of the map: its x runs along the equator, its y upwards."""
    right = np.cross((0.0, 1.0, 0.0), surface)
    right /= np.maximum(np.linalg.norm(right, axis=-1, keepdims=True), 1e-6)
    up = np.cross(surface, right)
    bent = right * relief[..., :1] + up * relief[..., 1:2] + surface * relief[..., 2:]
    return bent / np.maximum(np.linalg.norm(bent, axis=-1, keepdims=True), 1e-6)
