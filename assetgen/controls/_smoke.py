"""Smoke, spray and sparks of a drawn landscape: over a volcano, at the foot of a fall, in deep water."""

import numpy as np

from assetgen.controls._clouds import Heap, with_heaps
from assetgen.controls._features import CONE_TOP, CONE_Z, FALL_Z, cone_x
from assetgen.controls._mood import Mood
from assetgen.controls._noise import Noise, Values, color, ramp_between
from assetgen.controls._sight import Sun
from assetgen.controls._terrain import Land, View

_FIRE = np.array([1.0, 0.42, 0.1], np.float32)


def plume(view: View, land: Land, sun: Sun, noise: Noise, rng: np.random.Generator) -> None:
    """Smoke over the crater of a volcano, drawn in its sky, and the glow of its fire."""
    height = view.picture.shape[0]
    column, distance = view.column(cone_x(noise), CONE_Z)
    row = float(view.row(CONE_TOP - 1.5 - land.eye, distance))
    unit, drift = view.focal / distance, float(rng.choice([-1, 1]))
    heaps = []
    for number in range(9):
        share = number / 8
        half = unit * (2.2 + 9.5 * share**1.2)
        at = column + drift * unit * 14 * share**1.6
        heaps.append(Heap(at, row + half * 0.3 - unit * 19 * share, half, half * 1.1, False))
    dark, lit = color("0a0709"), color("4c3634")
    view.picture[:] = with_heaps(view.picture, list(reversed(heaps)), (dark, lit), (view.sight, sun), rng)
    rows, columns = np.mgrid[0:height, 0 : view.picture.shape[1]].astype(np.float32)
    far = np.hypot((columns - column) * 1.1, np.where(rows < row, (row - rows) * 0.8, (rows - row) * 1.6)) / (unit * 9)
    view.picture += (0.6 * np.exp(-((far * 1.5) ** 1.1)))[..., None] * _FIRE


def sparks(view: View, land: Land, noise: Noise, rng: np.random.Generator) -> Values:
    """Glowing stones thrown from a crater, as a layer of light."""
    import cv2

    layer = np.zeros_like(view.picture)
    column, distance = view.column(cone_x(noise), CONE_Z)
    row, unit = float(view.row(CONE_TOP - 1.0 - land.eye, distance)), view.focal / distance
    for _ in range(30):
        side, power = float(rng.uniform(-2.2, 2.2)), float(rng.uniform(4, 10))
        times = np.linspace(0, float(rng.uniform(0.25, 0.95)), 12)
        x = column + unit * side * times * 1.6
        y = row - unit * (power * times - 2.6 * times**2 * power / 4)
        path = np.rint(np.stack([x, y], axis=1)[4:]).astype(np.int32)
        cv2.polylines(layer, [path], False, (1.6, 0.8, 0.25), max(1, view.picture.shape[0] // 400), cv2.LINE_AA)
    return np.asarray(layer, np.float32)


def spray(view: View, land: Land, mood: Mood) -> None:
    """Mist at the foot of a fall."""
    height = view.picture.shape[0]
    rows, columns = np.mgrid[0:height, 0 : view.picture.shape[1]].astype(np.float32)
    column, distance = view.column(0.0, FALL_Z - 2.0)
    row, unit = float(view.row(0.4 - land.eye, distance)), view.focal / distance
    far = np.hypot((columns - column) / (unit * 3.0), (rows - row) / (unit * 1.1))
    share = 0.55 * np.exp(-(far**2))[..., None]
    mist = np.minimum(0.5 * mood.horizon + 0.45 * (mood.ambient + 0.4 * mood.key), 1)
    view.picture[:] = view.picture + (mist - view.picture) * share


def shafts(view: View, rng: np.random.Generator) -> None:
    """Rays of light from the surface of deep water, over all that is drawn."""
    height, width = view.picture.shape[:2]
    noise = Noise(int(rng.integers(2**31)))
    x, z = view.sight.across / np.maximum(np.hypot(*view.sight.across), 1e-6)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    lean = 0.12 * down
    rays = noise.at((x + lean) * 5 + 3, np.broadcast_to(z[None] * 5, (height, width)), 2)
    strength = 0.34 * ramp_between(0.52, 0.85, rays) * (1 - down) ** 1.3
    view.picture += strength[..., None] * np.array([0.75, 1.0, 0.95], np.float32)


def fireflies(view: View, rng: np.random.Generator) -> Values:
    """Small lights that hover over the ground, as a layer of light."""
    import cv2

    height, width = view.picture.shape[:2]
    layer = np.zeros_like(view.picture)
    for size, count in ((0.0035, 70), (0.006, 26)):
        dots = np.zeros_like(layer)
        for _ in range(count * max(1, width // height)):
            row, column = int(rng.uniform(0.42, 0.97) * height), int(rng.integers(width))
            tint = ((1.0, 0.95, 0.45), (0.5, 1.0, 0.85), (0.75, 0.7, 1.0))[int(rng.integers(3))]
            cv2.circle(dots, (column, row), max(1, round(size * height)), tint, -1, cv2.LINE_AA)
        layer += dots + 1.6 * cv2.GaussianBlur(dots, (0, 0), 5 * size * height)
    return np.asarray(layer, np.float32)
