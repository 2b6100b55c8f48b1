"""Caves: rings of rock that grow dark towards the viewer, round a light."""

import numpy as np

from assetgen.controls._mood import Mood
from assetgen.controls._noise import Noise, Values, color, mixed, ramp_between

_RINGS = 7
_LIGHTS = {
    "lava": ("ff9a3c", "5a2018", "160a0a"),
    "ice": ("d8f6ff", "4a86a8", "0e1c2c"),
    "crystal": ("c8a0ff", "4a3a7a", "120e22"),
    "day": ("b4cfc4", "5a6e68", "12171a"),
}
_CRYSTALS = ("7fe0ff", "c88aff", "ff8ad8")


def draw_cave(
    size: tuple[int, int], words: frozenset[str], mood: Mood, noise: Noise, rng: np.random.Generator
) -> Values:
    """A cave with a light at its end; crystals, lava or ice by the words."""
    width, height = size
    kind = next((name for name in _LIGHTS if {name, name + "s", "icy" if name == "ice" else ""} & words), "day")
    bright, middle, dark = map(color, _LIGHTS[kind])
    if mood.is_dark and kind == "day":
        bright, middle = color("8ab4d8"), color("34506a")
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32) / height
    at_x = width / height * (0.5 + 0.1 * float(rng.choice([-1, 1])))
    dx, dy = columns - at_x, rows - 0.46
    turn = np.arctan2(dy, dx)
    far = np.hypot(dx * (0.9 if width < 2 * height else 0.6), dy)
    picture = mixed(bright * 1.05, bright * 0.85, ramp_between(0, 0.25, far)[..., None])
    for ring in range(_RINGS):
        share = ring / (_RINGS - 1)
        radius = 0.13 + 0.42 * share**1.25
        edge = radius * (0.72 + 0.62 * noise.at(np.cos(turn) * 1.5 + 5 * ring + 40, np.sin(turn) * 1.5 + 40, 3))
        teeth = noise.ridged(columns * (9 - 4 * share) + 7 * ring, np.full_like(rows, 3.0 + ring), 2) ** 2
        hang = (0.05 + 0.13 * share) * teeth * (0.2 + 0.8 * ramp_between(0.04, -0.1, dy))
        inside = far - edge + hang
        mask = ramp_between(-0.004, 0.004, inside)
        base = mixed(
            mixed(bright, middle, min(1.0, 0.35 + share * 1.3)), dark, ramp_between(0.25, 1.0, np.full(1, share))
        )
        bump = noise.at(columns * 7 + 13 * ring, rows * 7, 5) - noise.at(
            columns * 7 + 13 * ring + 0.12, rows * 7 + 0.16, 5
        )
        rim = np.exp(-np.maximum(inside, 0) / (0.02 + 0.05 * share))
        rock = base * (0.85 + 2.6 * bump[..., None]) + (0.5 * (1 - 0.75 * share) * rim)[..., None] * mixed(
            bright, middle, 0.4
        )
        picture = mixed(picture, np.clip(rock, 0, 2), mask[..., None])
    picture = _with_floor(picture, (bright, middle), kind, noise, at_x)
    if kind == "crystal" or (kind == "day" and {"magic", "glowing"} & words):
        picture = _with_crystals(picture, rng)
    glow = np.exp(-((far / 0.3) ** 1.5))
    return np.asarray(picture + (0.12 * glow)[..., None] * bright, np.float32)


def _with_floor(picture: Values, colors: tuple[Values, Values], kind: str, noise: Noise, at_x: float) -> Values:
    """A stream towards the viewer, of water or lava."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32) / height
    down = (rows - 0.56) / 0.44
    middle = at_x + 0.1 * np.sin(5 * down) * down
    half = 0.035 + 0.3 * np.maximum(down, 0) ** 1.6
    edge = np.abs(columns - middle) - half * (0.75 + 0.5 * noise.at(rows * 14, columns * 3, 3))
    mask = ramp_between(0.008, -0.008, edge) * (down > 0)
    ripple = noise.at(columns * 3 / (0.3 + np.maximum(down, 0)), 9 * np.sqrt(np.maximum(down, 0)) + 3 * columns, 4)
    if kind == "lava":
        flow = mixed(np.array([1.3, 0.42, 0.06]), np.array([1.6, 1.0, 0.3]), ripple[..., None])
    else:
        away = np.clip(np.rint((1.12 - rows + 0.03 * (ripple - 0.5)) * height), 0, height - 1).astype(int)
        mirror = picture[away, np.clip(np.rint((columns + 0.03 * (ripple - 0.5)) * height), 0, width - 1).astype(int)]
        flow = 0.72 * mirror * (0.85 + 0.3 * ripple[..., None]) + 0.03 * colors[0]
    bank = np.exp(-np.maximum(edge, 0) / 0.03) * (down > 0) * (1 - mask)
    return mixed(picture + (0.2 * bank)[..., None] * colors[0], flow, mask[..., None])


def _with_crystals(picture: Values, rng: np.random.Generator) -> Values:
    """Clusters of shining crystals on both sides."""
    import cv2

    height, width = picture.shape[:2]
    shown, light = picture.copy(), np.zeros_like(picture)
    for number in range(max(7, 7 * width // height)):
        x = float(rng.uniform(0.03, 0.97)) * width
        if abs(x / width - 0.5) < 0.16:
            x = x * 0.4 if number % 2 else width - 0.4 * (width - x)
        depth = float(rng.uniform(0.68, 0.96))
        tint = color(_CRYSTALS[int(rng.integers(3))])
        for _ in range(5):
            lean, tall = float(rng.uniform(-0.6, 0.6)), height * float(rng.uniform(0.07, 0.2)) * depth
            half, foot = tall * 0.13, np.array([x + float(rng.normal(0, 0.014)) * height, depth * height])
            along, across = np.array([np.sin(lean), -np.cos(lean)]), np.array([np.cos(lean), np.sin(lean)])
            for way, shade in ((-1.0, 0.55), (1.0, 1.05)):
                corners = [
                    foot,
                    foot + way * half * across,
                    foot + way * half * across + 0.75 * tall * along,
                    foot + tall * along,
                ]
                points = np.rint(np.array(corners) * 16).astype(np.int32)
                cv2.fillPoly(shown, [points], (tint * shade).tolist(), cv2.LINE_AA, 4)
                cv2.fillPoly(light, [points], (tint * shade).tolist(), cv2.LINE_AA, 4)
    return np.asarray(shown + 0.7 * cv2.GaussianBlur(light, (0, 0), height / 22), np.float32)
