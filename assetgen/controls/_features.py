"""Single features of a drawn landscape, added to its heights and colours: a volcano's cone, a fall, a river, fields."""

from collections.abc import Callable

import numpy as np

from assetgen.controls._noise import Noise, Values, color, mixed, ramp_between

Reshape = Callable[[Values, Values, Values, Noise], Values]
"""Changed heights: of places (x, z), heights there and noise."""
Paint = Callable[[Values, Values, Values, Values, Noise], Values]
"""Changed colours: of places (x, z), heights and colours there and noise."""
CONE_Z, CONE_TOP = 44.0, 13.5
"""Distance and height of a volcano's crater, in world units."""
_CONE_RIM, _CONE_FOOT = 3.2, 34.0
FALL_Z = 19.0
"""Distance of a waterfall."""
_FALL_HALF = 1.5
_LAVA = np.array([3.4, 1.15, 0.2], np.float32)
_PLOTS = [color(code) for code in ("d9b64f", "7f9a3c", "8c6c44", "a9b355", "5f8238", "cfa24a")]


def cone_x(noise: Noise) -> float:
    """How far aside a volcano stands."""
    return 11.0 if float(noise.at(np.full(1, 0.5), np.full(1, 0.5), 1)[0]) > 0.5 else -11.0


def _cone(x: Values, z: Values, found: Values, noise: Noise) -> Values:
    dx, dz = x - cone_x(noise), z - CONE_Z
    far = np.hypot(dx, dz)
    turn = np.arctan2(dx, dz)
    slope = CONE_TOP * np.exp(-np.maximum(far - _CONE_RIM, 0) / 10.5) * ramp_between(_CONE_FOOT, 10, far) ** 0.5
    gullies = noise.ridged(turn * 5 + 20, far * 0.05, 3) - 0.5
    rim = 0.9 * noise.at(turn * 2.2, far * 0 + 4, 3)
    crater = 2.8 * ramp_between(_CONE_RIM, 1.0, far)
    rough = 1.1 * gullies * ramp_between(2, 9, far) * ramp_between(_CONE_FOOT, 12, far)
    return np.asarray(found + slope + rough + rim * ramp_between(8, 3, far) - crater, np.float32)


def _lava(x: Values, z: Values, height: Values, found: Values, noise: Noise) -> Values:
    dx, dz = x - cone_x(noise), CONE_Z - z
    far = np.hypot(dx, dz)
    turn = np.arctan2(dx, dz)
    glow = ramp_between(3.6, 2.2, far)
    for number, way in enumerate((-0.75, -0.12, 0.5)):
        bend = 0.9 * (noise.at(far * 0.13 + 9 * number, far * 0 + 2, 3) - 0.5)
        aside = np.abs(turn - way - bend) * far
        wide = 0.35 + 0.022 * far
        reach = (30.0, 44.0, 22.0)[number]
        glow = np.maximum(glow, ramp_between(1.5, 0.5, aside / wide) * ramp_between(reach, reach - 9, far))
    middle = 1.6 * np.sin(z * 0.2 + 0.6) + 0.3 * cone_x(noise) * ramp_between(6, 34, z)
    river = ramp_between(1.15, 0.75, np.abs(x - middle) + 0.5 * (noise.at(x * 1.3, z * 1.3, 3) - 0.5))
    river = river * ramp_between(34, 28, z) * ramp_between(0, 1.5, z)
    glow = np.maximum(glow, river)
    crust = ramp_between(0.5, 0.68, noise.at(x * 0.9 + 5, z * 0.5, 3)) * river
    hot = _LAVA * (0.8 + 0.5 * noise.at(x * 0.8, z * 0.8, 2)[..., None])
    return mixed(found, mixed(hot, np.array([0.5, 0.1, 0.05]), 0.75 * crust[..., None]), glow[..., None])


def _cliff(x: Values, z: Values, found: Values, noise: Noise) -> Values:
    edge = FALL_Z + 3.5 * (noise.at(x * 0.12 + 4, x * 0 + 3, 3) - 0.5) - 0.035 * x * x * (np.abs(x) < 30)
    edge = np.maximum(edge + 1.2 * ramp_between(2.6, 0.5, np.abs(x)), 9.0)
    wall = 6.2 + 2.4 * noise.at(x * 0.15, z * 0.04 + 9, 3) - 1.1 * ramp_between(2.2, 1.2, np.abs(x))
    rock = 0.8 * (noise.ridged(x * 0.4, z * 0.25 + 2, 3) - 0.5)
    up = ramp_between(0, 1.6, z - edge)
    basin = 1.7 * ramp_between(5.5, 2.5, np.hypot(x * 0.8, (z - FALL_Z + 5) * 0.55))
    stream = 0.9 * ramp_between(1.6, 0.8, np.abs(x + 0.4 * np.sin(z))) * (z < 14)
    return np.asarray(found + up * (wall + rock) + 0.5 - basin - stream, np.float32)


def _fall(x: Values, z: Values, height: Values, found: Values, noise: Noise) -> Values:
    wide = _FALL_HALF * (
        0.72 + 0.3 * ramp_between(7, 1, height) + 0.12 * (noise.at(height * 0.6, height * 0 + 2, 2) - 0.5)
    )
    inside = ramp_between(0.25, 0.0, np.abs(x) - wide + 0.25) * ramp_between(FALL_Z - 2.0, FALL_Z - 1.0, z)
    streaks = noise.at(x * 5.5, height * 0.5 + z * 0.2, 3)
    water = mixed(np.array([0.62, 0.8, 0.92]), np.array([1.5, 1.55, 1.6]), ramp_between(0.3, 0.65, streaks)[..., None])
    return mixed(found, water, (inside * ramp_between(FALL_Z + 9, FALL_Z + 5, z))[..., None])


def _channel(x: Values, z: Values) -> Values:
    """How far places are from the middle of a river, in half widths."""
    middle = 3.2 * np.sin(z * 0.15 + 0.4) * ramp_between(2, 12, z)
    return np.asarray(np.abs(x - middle) / (1.15 + 0.03 * np.abs(z)), np.float32)


def _river(x: Values, z: Values, found: Values, noise: Noise) -> Values:
    aside = _channel(x, z) + 0.25 * (noise.at(x * 0.5, z * 0.5 + 8, 2) - 0.5)
    return mixed(found + 0.45, np.full_like(found, -0.6), ramp_between(1.5, 0.8, aside) * ramp_between(75, 55, z))


def _banks(x: Values, z: Values, height: Values, found: Values, noise: Noise) -> Values:
    return mixed(found, color("b8a478"), 0.7 * ramp_between(0.16, 0.02, height)[..., None])


def _waves(x: Values, z: Values, found: Values, noise: Noise) -> Values:
    bend = 2.5 * (noise.at(x * 0.06 + 8, z * 0.06, 3) - 0.5)
    wave = np.mod(z * 0.105 + 0.03 * x + bend, 1)
    crest = np.where(wave < 0.72, (wave / 0.72) ** 2.2, ((1 - wave) / 0.28) ** 0.8)
    tall = 0.4 + 1.2 * noise.at(x * 0.05, z * 0.05 + 30, 2)
    found = found + 3.0 * tall * (crest - 0.45) * ramp_between(3.0, 13.0, np.hypot(x, z))
    return found + 0.3 * (noise.ridged(x * 0.3, z * 0.6 + 3, 3) - 0.5)


def _foam(x: Values, z: Values, height: Values, found: Values, noise: Noise) -> Values:
    deep = mixed(color("123a4c"), color("3f98a0"), ramp_between(-1.1, 1.0, height)[..., None])
    deep = deep * (0.62 + 0.35 * noise.at(x * 1.6, z * 2.4, 3))[..., None]
    net = noise.ridged(x * 0.7, z * 1.1, 4)
    crest = ramp_between(0.7, 1.3, height + 0.9 * (net - 0.5)) + 0.35 * ramp_between(0.8, 0.97, net)
    return mixed(deep, np.array([0.85, 0.9, 0.95]), np.clip(crest, 0, 0.92)[..., None])


def _craters(x: Values, z: Values, found: Values, noise: Noise) -> Values:
    rng = np.random.default_rng(int(1e6 * float(noise.at(np.full(1, 3.3), np.full(1, 1.7), 1)[0])))
    for number in range(26):
        away = 5 + 45 * (number / 26) ** 1.4
        turn = float(rng.uniform(-np.pi, np.pi) if number % 2 else rng.uniform(-0.6, 0.6))
        size = float(rng.uniform(0.9, 1.8)) * (0.6 + 0.05 * away)
        far = np.hypot(x - away * np.sin(turn), z - away * np.cos(turn)) / size
        bowl = np.where(far < 1, far**2 - 0.75, 0.25 * np.exp(-((far - 1) * 3.2)))
        found = found + 0.3 * size * bowl
    return np.asarray(found, np.float32)


def _fields(x: Values, z: Values, height: Values, found: Values, noise: Noise) -> Values:
    u, v = (x * 0.94 + z * 0.34) / 5.2, (z * 0.94 - x * 0.34) / 6.8
    v = v + 0.37 * np.floor(u)
    kind = noise.at(np.floor(u) * 3.7 + 40, np.floor(v) * 5.3 + 40, 1)
    paint = np.asarray(_PLOTS)[np.clip((kind * 8 - 1).astype(int), 0, len(_PLOTS) - 1)]
    rows = 0.5 + 0.5 * np.sin(u * 2 * np.pi * 9)
    fine = ramp_between(26, 6, np.hypot(x, z))
    paint = paint * (1 - 0.3 * (rows * fine)[..., None])
    border = np.minimum(np.minimum(u % 1, 1 - u % 1) * 5.2, np.minimum(v % 1, 1 - v % 1) * 6.8)
    paint = mixed(color("4c6a2e"), paint, ramp_between(0.12, 0.3, border)[..., None])
    return mixed(found, paint, (ramp_between(3.5, 6, z + np.abs(x)) * ramp_between(4.5, 2.5, height))[..., None])


def _caustics(x: Values, z: Values, height: Values, found: Values, noise: Noise) -> Values:
    net = noise.ridged(x * 0.8 + 2, z * 0.8, 2)
    return np.asarray(found * (0.75 + 0.9 * ramp_between(0.6, 0.95, net)[..., None]), np.float32)


def _offing(x: Values, z: Values, found: Values, noise: Noise) -> Values:
    return np.asarray(found - 3.5 * ramp_between(24, 12, np.hypot(x, z)), np.float32)


def _cobbles(x: Values, z: Values, height: Values, found: Values, noise: Noise) -> Values:
    row = np.floor(z / 0.16)
    along = x / 0.2 + 0.5 * (row % 2)
    tint = noise.at(np.floor(along) * 7.3 + 90, row * 5.7 + 90, 1)
    joint = np.minimum(np.minimum(along % 1, 1 - along % 1) * 0.2, np.minimum(z / 0.16 % 1, 1 - z / 0.16 % 1) * 0.16)
    near = ramp_between(9, 2.5, z)
    paint = found * (1 + near * (0.7 * tint - 0.35))[..., None]
    return np.asarray(paint * (1 - 0.4 * near * ramp_between(0.03, 0.008, joint))[..., None], np.float32)


SHAPES: dict[str, Reshape] = {
    "cone": _cone,
    "fall": _cliff,
    "river": _river,
    "waves": _waves,
    "craters": _craters,
    "offing": _offing,
}
"""What changes the heights, by the name of a feature."""
PAINTS: dict[str, Paint] = {
    "cone": _lava,
    "fall": _fall,
    "river": _banks,
    "waves": _foam,
    "fields": _fields,
    "caustics": _caustics,
    "cobbles": _cobbles,
}
"""What changes the colours."""
