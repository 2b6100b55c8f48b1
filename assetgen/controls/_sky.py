"""The sky of a drawn scene: gradient, sun or moon, clouds and stars."""

import numpy as np

from assetgen.controls._clouds import heaped_clouds
from assetgen.controls._mood import Mood
from assetgen.controls._noise import Noise, Values, mixed, ramp_between
from assetgen.controls._sight import Sight, Sun
from assetgen.controls._wonders import WONDERS, lightning


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
    sky, lights = sky_layers(mood, sight, sun, seed)
    return np.asarray(np.minimum(sky + lights, 1), np.float32)


def sky_layers(mood: Mood, sight: Sight, sun: Sun, seed: int) -> tuple[Values, Values]:
    """The sky as of `painted_sky`, and the sharp lights in it (stars, lightning), to be added where it is seen."""
    rng, noise = np.random.default_rng(seed), Noise(seed + 1)
    rise = np.maximum(sight.rise, 0)[:, None]
    height = np.clip(rise / sight.top, 0, 1) + 0.03 * (noise.at(*_plane(sight, rise, 1.2), octaves=3) - 0.5)
    sky = mixed(mood.horizon, mood.middle, ramp_between(-0.08, 0.5, height)[..., None])
    sky = mixed(sky, mood.zenith, ramp_between(0.25, 1.1, height)[..., None])
    near = _nearness(sight, sun, rise)
    warm = mood.glow * (0.75 * np.exp(-(((1 - near) * 9) ** 0.8)) + 0.25 * np.exp(-rise / (0.3 * sight.top)) * near**2)
    sky = mixed(sky, mood.sun, np.clip(warm, 0, 0.92)[..., None])
    lights = np.zeros_like(sky)
    if mood.stars:
        sky, lights = _with_stars(sky, mood, rng, noise, sight)
    for wonder in (name for name in WONDERS if name in mood.wonders):
        before = sky
        sky = WONDERS[wonder](sky, sight, np.random.default_rng([seed, len(wonder)]))
        if wonder not in ("nebula", "aurora"):
            lights = lights * (np.abs(sky - before).max(axis=2, keepdims=True) < 0.12)
    if mood.sun_in_view and mood.wonders.isdisjoint({"moon", "moons", "planet"}):
        sky = _with_disk(sky, mood, sight, sun, rise)
    bare = sky
    sky = _with_clouds(sky, mood, sight, sun, noise)
    if mood.cover and not mood.flat:
        sky = heaped_clouds(sky, mood, sight, sun, rng)
    lights = lights * np.clip(1 - 6 * np.abs(sky - bare).max(axis=2, keepdims=True), 0, 1)
    if mood.storm:
        lights = lightning(sky, sight, rng)
    return sky, np.asarray(lights, np.float32)


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


def _with_stars(sky: Values, mood: Mood, rng: np.random.Generator, noise: Noise, sight: Sight) -> tuple[Values, Values]:
    """A band of faint stars in the sky, and the layer of the bright ones, of several sizes."""
    import cv2

    height, width = sky.shape[:2]
    up = sight.rise[:, None] / sight.top
    x, z = sight.across
    tilt = up - 0.55 - (0.34 * x / np.maximum(np.hypot(x, z), 1e-6) * 1.6)[None]
    gas = noise.at(x * 4 + 2 * up, z * 4 - 3 * up, 5)
    strong = 0.62 if "milkyway" in mood.wonders else 0.2
    band = (
        np.exp(-((tilt / 0.2) ** 2))
        * (0.25 + 1.1 * gas)
        * (1 - 0.4 * np.exp(-((tilt / 0.07) ** 2)) * ramp_between(0.42, 0.6, noise.at(x * 9, z * 9 + 4 * up, 4)))
    )
    tint = mixed(np.array([0.55, 0.6, 1.0]), np.array([1.0, 0.85, 0.8]), gas[..., None])
    sky = sky + (strong * mood.stars * band * (up > 0))[..., None] * tint
    stars = np.zeros_like(sky)
    for size, count, bright in ((0.5, 300, 0.55), (0.8, 90, 0.9), (1.4, 22, 1.6)):
        number = int(count * width / height * mood.stars * sight.horizon / height)
        layer = np.zeros_like(sky)
        tops, lefts = rng.integers(0, max(1, sight.horizon), number), rng.integers(0, width, number)
        tints = mixed(np.array([0.7, 0.8, 1.0]), np.array([1.0, 0.9, 0.75]), rng.random((number, 1)) ** 2)
        layer[tops, lefts] = tints * rng.uniform(0.5, 1.0, (number, 1))
        spread = size * height / 400
        layer = cv2.GaussianBlur(layer, (0, 0), spread) * (6.3 * spread**2 + 1)
        stars += bright * layer
    return np.asarray(sky, np.float32), np.asarray(stars, np.float32)


def _with_clouds(sky: Values, mood: Mood, sight: Sight, sun: Sun, noise: Noise) -> Values:
    rise = np.maximum(sight.rise, 0)[:, None]
    near = _nearness(sight, sun, rise)
    x, y = _plane(sight, rise, 1.0 if mood.flat else 0.9)
    warp = 0.5 * noise.at(x + 40, y, 3)
    density = noise.at(x + warp, y + warp, 6, 0.52)
    shift = 0.22 * sun.direction
    towards = noise.at(x + warp + shift[0], y + warp + shift[2] - 0.12, 5, 0.52)
    limit = 0.74 - 0.5 * mood.cover
    soft = 0.22 if mood.flat else 0.45
    alpha = ramp_between(limit, limit + soft, density) * ramp_between(-0.02, 0.14, rise / sight.top)
    body = ramp_between(limit, limit + 0.28, density)
    light = np.clip(
        0.55 + (2.0 if mood.flat and not mood.storm else 5.0) * (density - towards) - 0.45 * body + 0.35 * near**6, 0, 1
    )
    clouds = mixed(mood.cloud_dark, mood.cloud_lit, light[..., None])
    edge = np.clip((1 - body) * near**10 * mood.glow, 0, 1)
    clouds = mixed(clouds, mood.sun, edge[..., None])
    return mixed(sky, clouds, (alpha * (0.95 if mood.flat else 0.5))[..., None])
