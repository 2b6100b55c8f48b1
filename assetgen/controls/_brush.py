"""The finish of a drawn scene: glowing lights and strokes of a brush."""

import numpy as np

from assetgen.controls._noise import Values


def bloomed(picture: Values, amount: float) -> Values:
    """The picture with light spilled round what is bright."""
    import cv2

    height = picture.shape[0]
    bright = np.maximum(picture - 0.72, 0)
    spread = cv2.GaussianBlur(bright, (0, 0), height / 26)
    return np.asarray(np.clip(picture + amount * spread, 0, 1), np.float32)


def brushed(picture: Values, seed: int, count: int) -> Values:
    """The picture painted with `count` strokes that follow its edges, the broad ones first."""
    import cv2

    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    grey = cv2.GaussianBlur(picture.mean(axis=2), (0, 0), height / 90)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    canvas = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    detail = np.hypot(across, down) * height
    source = cv2.medianBlur(canvas, 5)
    for size, number in ((0.016, count // 3), (0.009, count)):
        long, thick = size * 2.8 * height, max(1, round(size * height))
        columns, rows = rng.integers(0, width, number), rng.integers(0, height, number)
        jitter = rng.normal(0, 1, (number, 1)) + rng.normal(0, 0.5, (number, 3))
        turns = rng.normal(0, 0.25, number)
        around = cv2.dilate(detail, np.ones((max(3, round(1.6 * size * height)),) * 2, np.uint8))
        for column, row, change, turn in zip(columns, rows, jitter, turns, strict=True):
            if around[row, column] > 12 * 0.009 / size:
                continue
            strong = abs(across[row, column]) + abs(down[row, column]) > 1e-4
            angle = (np.arctan2(across[row, column], -down[row, column]) if strong else 0.0) + turn
            dx, dy = round(float(long / 2 * np.cos(angle))), round(float(long / 2 * np.sin(angle)))
            paint = np.clip(source[row, column] * (1 + 0.022 * change), 0, 255).tolist()
            cv2.line(canvas, (column - dx, row - dy), (column + dx, row + dy), paint, thick, cv2.LINE_AA)
    return canvas.astype(np.float32) / 255
