"""Image sizes: the aspect ratio of a view, in steps that every model supports."""

UNITS = 16
"""The native side in units; a unit is 8 pixels for a model of 128, 64 for one of 1024."""
MOST = 32


def units_of(aspect: float) -> tuple[int, int]:
    """Width and height in units, about the area of a native image, with the ratio nearest to `aspect`."""
    pairs = [(w, h) for w in range(8, MOST + 1) for h in range(8, MOST + 1) if 0.85 <= w * h / UNITS**2 <= 1.1]
    return min(pairs, key=lambda pair: (abs(pair[0] / pair[1] / aspect - 1), abs(pair[0] * pair[1] - UNITS**2)))
