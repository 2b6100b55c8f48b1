"""What hangs into a drawn landscape from its upper edge: vines and broad leaves of a jungle."""

import numpy as np

from assetgen.controls._mood import Mood
from assetgen.controls._noise import Values, color
from assetgen.controls._terrain import View

_DARK, _LIT = "16301c", "3f6a2c"


def hang_vines(view: View, mood: Mood, rng: np.random.Generator) -> None:
    """Draw vines and leaves before the scene, dense at the sides of the picture."""
    height, width = view.picture.shape[:2]
    for number in range(round(13 * width / height)):
        x = float(rng.uniform(-0.02, 1.02))
        if not view.sight.around and 0.3 < x < 0.7:
            x = x * 0.4 if number % 2 else 1 - 0.4 * (1 - x)
        _vine(view, (x * width, height * float(rng.uniform(0.1, 0.42))), mood, rng)
    for number in range(round(26 * width / height)):
        side = number % 2
        spread = float(rng.uniform(0, 1) if view.sight.around else rng.random() ** 2 * 0.3)
        x = (1 - spread if side else spread) * width
        down = float(rng.uniform(-0.02, 0.1)) * (1 if view.sight.around else 1 + 1.2 * (1 - spread / 0.3))
        turn = np.pi / 2 + (0.9 if side else -0.9) * float(rng.uniform(-0.2, 1))
        _leaf(view, (x, down * height), (turn, height * float(rng.uniform(0.1, 0.2))), _shade(mood, rng))


def _shade(mood: Mood, rng: np.random.Generator) -> Values:
    green = color(_DARK) if rng.random() < 0.6 else color(_LIT)
    return np.asarray(green * (mood.ambient + 0.5 * mood.key) * float(rng.uniform(0.7, 1.1)), np.float32)


def _vine(view: View, end: tuple[float, float], mood: Mood, rng: np.random.Generator) -> None:
    import cv2

    height = view.picture.shape[0]
    steps = np.linspace(0, 1, 24)
    x = end[0] + 0.03 * height * np.sin(steps * float(rng.uniform(2, 4)) + float(rng.uniform(0, 6)))
    paint = _shade(mood, rng)
    path = np.rint(np.stack([x, steps * end[1]], axis=1)).astype(np.int32)
    cv2.polylines(view.picture, [path], False, paint.tolist(), max(2, height // 150), cv2.LINE_AA)
    for at in range(4, 24, 2):
        turn = np.pi / 2 + float(rng.choice([-1, 1])) * float(rng.uniform(0.4, 1.2))
        _leaf(view, (float(x[at]), float(steps[at] * end[1])), (turn, 0.035 * height), paint * 1.15)


def _leaf(view: View, at: tuple[float, float], way: tuple[float, float], paint: Values) -> None:
    """A pointed leaf from a place, in a direction and of a length."""
    import cv2

    along = np.array([np.cos(way[0]), np.sin(way[0])]) * way[1]
    across = np.array([-along[1], along[0]])
    shape = [(0, 0), (0.25, 0.15), (0.55, 0.17), (0.85, 0.07), (1, 0), (0.85, -0.07), (0.55, -0.17), (0.25, -0.15)]
    for part, light in ((shape, 1.0), (shape[:5], 1.35)):
        points = np.array([np.array(at) + u * along + v * across for u, v in part])
        cv2.fillPoly(view.picture, [np.rint(points * 16).astype(np.int32)], (paint * light).tolist(), cv2.LINE_AA, 4)
