"""What may stand in a drawn sky beside sun and clouds: aurora, nebula, rainbow, moons, planets, lightning."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from assetgen.controls._noise import Noise, Values, color, mixed, ramp_between
from assetgen.controls._sight import Sight

Wonder = Callable[[Values, Sight, np.random.Generator], Values]
"""Adds something to a sky."""


@dataclass(frozen=True)
class Globe:
    """A moon or planet: column (share of the width), height (share of the sky), radius (share of the sky's height),
    two colours; `bands` stripe it, `ring` is the outer radius of a ring in radii, or 0."""

    column: float
    height: float
    radius: float
    colors: tuple[str, str]
    bands: bool = False
    ring: float = 0.0
    light: tuple[float, float, float] = (-0.6, 0.45, 0.5)


def with_globe(sky: Values, sight: Sight, globe: Globe, noise: Noise) -> Values:
    """The sky with a globe that is lit from one side."""
    width = sky.shape[1]
    sun_x, sun_z = (float(each) for each in sight.across[:, int(globe.column * (width - 1))])
    x, z = sight.across
    aside = np.where(z * sun_z + x * sun_x > 0, x * sun_z - z * sun_x, 9.0)
    scale = globe.radius * sight.top
    dx = np.broadcast_to(aside[None] / scale, sky.shape[:2])
    dy = np.broadcast_to((sight.rise[:, None] - globe.height * sight.top) / scale, sky.shape[:2])
    away = np.hypot(dx, dy)
    deep = np.sqrt(np.clip(1 - away**2, 0, 1))
    if globe.bands:
        texture = noise.at(0.15 * dx + 7, 3.2 * (dy + 0.25 * dx) + 0.35 * noise.at(dx * 2, dy * 4, 3), 4)
    else:
        texture = noise.at(2.2 * dx / (deep + 0.7) + 5, 2.2 * dy / (deep + 0.7) + 3, 5)
    lit = np.clip(dx * globe.light[0] + dy * globe.light[1] + deep * globe.light[2], 0, 1) ** 0.8
    body = mixed(color(globe.colors[0]), color(globe.colors[1]), ramp_between(0.36, 0.64, texture)[..., None])
    body = (
        body * (0.02 + 1.1 * lit[..., None])
        + 0.1 * color(globe.colors[1]) * (ramp_between(0.6, 1, away) * lit)[..., None]
    )
    halo = 0.22 * np.exp(-np.maximum(away - 1, 0) * 5) * (away > 1)
    sky = sky + halo[..., None] * color(globe.colors[1])
    ring = _ring(dx, dy, globe.ring)
    tint = mixed(color(globe.colors[0]), color(globe.colors[1]), 0.7)
    sky = mixed(sky, tint, (ring * (dy + 0.3 * dx > 0))[..., None])
    sky = mixed(sky, body + 0.85 * sky * (1 - lit[..., None]), ramp_between(1.015, 0.985, away)[..., None])
    return mixed(sky, tint, (ring * (dy + 0.3 * dx <= 0))[..., None])


def _ring(dx: Values, dy: Values, outer: float) -> Values:
    """How much of the ring of a globe is seen at each place."""
    if not outer:
        return np.zeros_like(dx)
    far = np.hypot(dx * 0.96 - 0.28 * dy, (dy + 0.3 * dx) * 4.2)
    gap = 1 - 0.8 * ramp_between(0.06, 0.02, np.abs(far - 0.78 * outer))
    return 0.85 * gap * ramp_between(1.25, 1.32, far) * ramp_between(outer, outer - 0.05, far)


def aurora(sky: Values, sight: Sight, rng: np.random.Generator) -> Values:
    """Curtains of green and violet light."""
    noise = Noise(int(rng.integers(2**31)))
    x, z = sight.across / np.maximum(np.hypot(*sight.across), 1e-6)
    height = np.clip(sight.rise / sight.top, 0, 2)[:, None]
    found = sky
    for number, (share, tall) in enumerate(((0.36, 0.55), (0.5, 0.4), (0.24, 0.3))):
        base = share + 0.32 * (noise.at(x * 1.3 + 9 * number, z * 1.3 + 4, 3) - 0.5)
        wave = noise.at(x * 9 + 3 * number, z * 9 + 8, 3)
        over = height - base - 0.05 * (wave - 0.5)
        glow = np.where(over > 0, np.exp(-over / (tall * (0.3 + 0.6 * wave))), np.exp(over / 0.035))
        strength = 0.5 * glow * (0.35 + 0.9 * ramp_between(0.3, 0.7, noise.at(x * 26 + number, z * 26, 2)))
        strength = strength * ramp_between(0.3, 0.62, noise.at(x * 1.7 + 5 * number + 2, z * 1.7, 2) + 0.12)
        tint = mixed(color("4dffa6"), color("9a5cff"), ramp_between(0.05, 0.5, over / tall)[..., None])
        found = found + strength[..., None] * tint * 0.8
    return np.asarray(found, np.float32)


def nebula(sky: Values, sight: Sight, rng: np.random.Generator) -> Values:
    """Glowing gas in two colours, with dark lanes."""
    noise = Noise(int(rng.integers(2**31)))
    pairs = (("c13f8c", "3f6cff"), ("e0703a", "4a3fb0"), ("2fb0a8", "8a3fd0"))
    first, second = (color(code) for code in pairs[int(rng.integers(3))])
    up = sight.rise[:, None] / sight.top
    x, y = sight.across[0] * 1.5 + 1.1 * up, sight.across[1] * 1.5 - 1.6 * up
    warp = noise.at(x + 30, y, 4)
    gas = ramp_between(0.4, 0.85, noise.at(x + 1.4 * warp, y + 1.4 * warp, 6, 0.55))
    lanes = ramp_between(0.62, 0.48, noise.at(2 * x + 60, 2 * y + 2 * warp, 5))
    tint = mixed(second, first, ramp_between(0.35, 0.65, noise.at(x * 0.8 + 11, y * 0.8, 3))[..., None])
    bright = (gas * (0.3 + 0.7 * lanes))[..., None]
    return np.asarray(sky + 0.85 * bright * tint + 0.35 * bright**3, np.float32)


def rainbow(sky: Values, sight: Sight, rng: np.random.Generator) -> Values:
    """An arc of colours."""
    x, z = sight.across / np.maximum(np.hypot(*sight.across), 1e-6)
    turn = np.arctan2(x, z) - 0.08
    far = np.hypot(turn, 1.05 * sight.rise[:, None]) / sight.top * 0.82
    place = np.clip((far - 0.60) / 0.12, 0, 1)
    stops = np.array([color(code) for code in ["8a4cff", "3f7bff", "38d07a", "f4ef5a", "ff9c38", "ff4a4a"]])
    tint = np.stack([np.interp(place, np.linspace(0, 1, 6), stops[:, channel]) for channel in range(3)], axis=-1)
    share = 0.55 * ramp_between(0, 0.2, place) * ramp_between(1, 0.8, place) * (sight.rise[:, None] > 0)
    return mixed(sky, tint, share[..., None])


def _globes(*globes: Globe) -> Wonder:
    def draw(sky: Values, sight: Sight, rng: np.random.Generator) -> Values:
        mirror = bool(rng.random() < 0.5)
        for globe in globes:
            column = 0.5 + (globe.column - 0.5) * (0.35 if sight.around else 1.0)
            placed = replace(globe, column=1 - column if mirror else column)
            sky = with_globe(sky, sight, placed, Noise(int(rng.integers(2**31))))
        return sky

    return draw


def lightning(sky: Values, sight: Sight, rng: np.random.Generator) -> Values:
    """The light of a bolt from the clouds to the horizon, with forks, and its glow; black elsewhere."""
    import cv2

    height, width = sky.shape[:2]
    bolt = np.zeros((height, width), np.uint8)
    start, rows = float(rng.choice([0.3, 0.68]) * width), max(1, sight.horizon)
    main = _crack(rng, (start, 0.06 * rows), 0.94 * rows, height)
    cv2.polylines(bolt, [np.rint(main).astype(np.int32)], False, 255, max(2, height // 170), cv2.LINE_AA)
    for at in (6, 12, 17):
        fork = _crack(rng, (main[at][0], main[at][1]), float(rng.uniform(0.2, 0.35)) * rows, height)
        fork[:, 0] += float(rng.choice([-1, 1])) * np.linspace(0, 0.14 * rows, len(fork))
        cv2.polylines(bolt, [np.rint(fork).astype(np.int32)], False, 190, 1, cv2.LINE_AA)
    line = bolt.astype(np.float32) / 255
    glow = cv2.GaussianBlur(line, (0, 0), height / 40) * 2.2 + cv2.GaussianBlur(line, (0, 0), height / 10) * 3
    return np.asarray(line[..., None] + glow[..., None] * np.array([0.55, 0.6, 1.0]), np.float32)


def _crack(rng: np.random.Generator, start: tuple[float, float], long: float, height: int) -> Values:
    rows = start[1] + np.linspace(0, long, 24)
    drift = np.cumsum(rng.normal(0, 0.016 * height, 24)) + rng.normal(0, 0.004 * height, 24)
    return np.stack([start[0] + drift - drift[0], rows], axis=1)


WONDERS: dict[str, Wonder] = {
    "nebula": nebula,
    "aurora": aurora,
    "planet": _globes(
        Globe(0.72, 0.62, 0.3, ("b0703c", "e8c890"), bands=True, ring=2.0), Globe(0.24, 0.8, 0.07, ("8a94a8", "c8d0dc"))
    ),
    "earth": _globes(Globe(0.7, 0.66, 0.2, ("2a5aa8", "dfe8f0"))),
    "moon": _globes(Globe(0.66, 0.6, 0.27, ("b8bcc4", "f4f2e6"), light=(-0.2, 0.2, 0.95))),
    "moons": _globes(Globe(0.7, 0.66, 0.2, ("b87a6a", "f0c8a8")), Globe(0.3, 0.8, 0.085, ("7a8ab0", "cfd8f0"))),
    "rainbow": rainbow,
}
"""What draws each wonder, the most distant first."""
