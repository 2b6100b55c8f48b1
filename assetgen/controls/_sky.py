"""The sky of a drawn scene: gradient, sun or moon, clouds and stars."""

from dataclasses import dataclass

import numpy as np

from assetgen.controls._mood import Mood
from assetgen.controls._noise import Noise, Values, mixed, ramp_between


@dataclass(frozen=True)
class Sight:
    """What each pixel of a picture looks at. `across` are the columns' directions (x, z), `2×W`; `rise` the tangents
    of the rows' elevations, `H`, falling; `top` is the tangent at the top of the sky; `around` is a whole circle."""

    across: Values
    rise: Values
    top: float
    around: bool

    @property
    def horizon(self) -> int:
        """The first row below the horizon."""
        return int(np.searchsorted(-self.rise, 0.0))


@dataclass(frozen=True)
class Sun:
    """Place of the sun or moon: column direction (x, z) and tangent of its elevation."""

    across: tuple[float, float]
    rise: float

    @property
    def direction(self) -> Values:
        """Unit vector towards it: x right, y up, z away."""
        vector = np.array([self.across[0], self.rise, self.across[1]], np.float32)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def sun_of(mood: Mood, sight: Sight, rng: np.random.Generator) -> Sun:
    """A place for the sun: in the picture where it is low, else to one side."""
    width = sight.across.shape[1]
    column = int(width * (rng.uniform(0.2, 0.42) if rng.random() < 0.5 else rng.uniform(0.58, 0.8)))
    x, z = (float(each) for each in sight.across[:, column])
    if not mood.sun_in_view:
        side = -1.0 if column < width // 2 else 1.0
        return Sun((side * 0.8, -0.5), 0.75)
    return Sun((x, z), mood.sun_height * sight.top)


def painted_sky(mood: Mood, sight: Sight, sun: Sun, seed: int) -> Values:
    """The sky over the whole picture, `H×W×3`; below the horizon its colours there go on."""
    rng, noise = np.random.default_rng(seed), Noise(seed + 1)
    rise = np.maximum(sight.rise, 0)[:, None]
    height = np.clip(rise / sight.top, 0, 1) + 0.03 * (noise.at(*_plane(sight, rise, 1.2), octaves=3) - 0.5)
    sky = mixed(mood.horizon, mood.middle, ramp_between(-0.08, 0.5, height)[..., None])
    sky = mixed(sky, mood.zenith, ramp_between(0.25, 1.1, height)[..., None])
    near = _nearness(sight, sun, rise)
    warm = mood.glow * (0.75 * np.exp(-(((1 - near) * 9) ** 0.8)) + 0.25 * np.exp(-rise / (0.3 * sight.top)) * near**2)
    sky = mixed(sky, mood.sun, np.clip(warm, 0, 0.92)[..., None])
    if mood.stars:
        sky = _with_stars(sky, mood, rng, noise, sight, rise)
    if mood.sun_in_view:
        sky = _with_disk(sky, mood, sight, sun, rise)
    sky = _with_clouds(sky, mood, sight, sun, noise)
    return _with_lightning(sky, sight, rng) if mood.storm else sky


def _plane(sight: Sight, rise: Values, frequency: float) -> tuple[Values, Values]:
    """Places on a plane of clouds over the viewer."""
    height = rise / sight.top
    away = frequency * (4.0 * np.exp(-1.7 * height) if sight.around else 1.6 / (height + 0.16))
    return sight.across[0] * away, sight.across[1] * away


def _nearness(sight: Sight, sun: Sun, rise: Values) -> Values:
    """How near each pixel's direction is to the sun's: 1 at the sun, 0 from a right angle on."""
    x, z = sight.across
    length = np.sqrt(x * x + z * z + rise * rise)
    towards = sun.direction
    return np.asarray(np.clip((x * towards[0] + rise * towards[1] + z * towards[2]) / length, 0, 1), np.float32)


def _with_disk(sky: Values, mood: Mood, sight: Sight, sun: Sun, rise: Values) -> Values:
    radius = sight.top * (0.075 if mood.is_dark else 0.085)
    x, z = sight.across
    aside = np.where(z * sun.across[1] + x * sun.across[0] > 0, x * sun.across[1] - z * sun.across[0], 9.0)
    distance = np.sqrt(aside**2 + (rise - sun.rise) ** 2)
    halo = 0.5 * np.exp(-((distance / (3.2 * radius)) ** 1.2))
    sky = mixed(sky, mood.sun, (halo * (0.8 if mood.is_dark else 1))[..., None])
    return mixed(sky, 0.25 * mood.sun + 0.75, ramp_between(1.05, 0.9, distance / radius)[..., None])


def _with_stars(sky: Values, mood: Mood, rng: np.random.Generator, noise: Noise, sight: Sight, rise: Values) -> Values:
    """Stars of several sizes, and a faint band of them."""
    height, width = sky.shape[:2]
    x, y = _plane(sight, rise, 0.5)
    band = np.exp(-(((x * 0.6 + y * 0.8 - 0.9) / 0.5) ** 2)) * noise.at(3 * x, 3 * y, 5)
    sky = sky + (0.30 * mood.stars * ramp_between(0.1, 0.7, band))[..., None] * np.array([0.65, 0.75, 1.0])
    unit = max(1, height // 150)
    for size, count, light in ((unit, 130, 0.7), (unit + 1, 60, 1.0), (unit + 2, 16, 1.0)):
        number = int(count * width / height * mood.stars)
        tops, lefts = rng.integers(0, height, number), rng.integers(0, width, number)
        tints = mixed(np.array([0.75, 0.85, 1.0]), np.array([1.0, 0.9, 0.75]), rng.random((number, 1)) ** 2)
        for top, left, tint in zip(tops, lefts, tints * light, strict=True):
            if top + size < sight.horizon:
                spot = sky[top : top + size, left : left + size]
                spot[:] = np.maximum(spot, tint)
    return np.asarray(sky, np.float32)


def _with_clouds(sky: Values, mood: Mood, sight: Sight, sun: Sun, noise: Noise) -> Values:
    rise = np.maximum(sight.rise, 0)[:, None]
    near = _nearness(sight, sun, rise)
    x, y = _plane(sight, rise, 1.0 if mood.storm else 1.3)
    warp = 0.5 * noise.at(x + 40, y, 3)
    density = noise.at(x + warp, y + warp, 6, 0.52)
    shift = 0.22 * sun.direction
    towards = noise.at(x + warp + shift[0], y + warp + shift[2] - 0.12, 5, 0.52)
    limit = 0.74 - 0.5 * mood.cover
    soft = 0.22 if mood.storm else 0.15
    alpha = ramp_between(limit, limit + soft, density) * ramp_between(-0.02, 0.14, rise / sight.top)
    body = ramp_between(limit, limit + 0.28, density)
    light = np.clip(0.55 + 5.0 * (density - towards) - 0.45 * body + 0.35 * near**6, 0, 1)
    clouds = mixed(mood.cloud_dark, mood.cloud_lit, light[..., None])
    edge = np.clip((1 - body) * near**10 * mood.glow, 0, 1)
    clouds = mixed(clouds, mood.sun, edge[..., None])
    return mixed(sky, clouds, (alpha * (0.95 if mood.storm else 0.88))[..., None])


def _with_lightning(sky: Values, sight: Sight, rng: np.random.Generator) -> Values:
    """A bolt from the clouds to the horizon, with a fork, and its glow."""
    import cv2

    height, width = sky.shape[:2]
    bolt = np.zeros((height, width), np.uint8)
    start = float(rng.uniform(0.15, 0.85) * width)
    for first, last, thick in ((0.12, 1.0, 2), (0.45, 0.85, 1)):
        rows = np.linspace(first, last, 14) * sight.horizon
        drift = np.cumsum(rng.normal(0, 0.012 * height, 14)) * (1 if first < 0.2 else 1.8)
        points = np.stack([start + drift, rows], axis=1)
        start = float(points[5, 0])
        cv2.polylines(bolt, [np.rint(points).astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    line = bolt.astype(np.float32)[..., None] / 255
    glow = cv2.GaussianBlur(line, (0, 0), height / 14)[..., None]
    lit = sky + 2.2 * glow * np.array([0.7, 0.75, 1.0], np.float32)
    return mixed(lit, np.array([1.0, 0.98, 0.95], np.float32), line)
