"""How much a drawn thing is like a smear: a logistic regression on its traits.

Fitted by `tests/bench/content/measure.py` to pictures of the embedded models judged by eye, against clean ones and
drawn game art.
"""

import numpy as np

from assetgen.checks._traits import ShapeTraits

SMEAR_LIMIT = 0.86
"""More is a smear: at most 3 % of clean pictures and of drawn game art are above it."""
_INTERCEPT = -0.949
# trait: mean and standard deviation of drawn game art, weight
_WEIGHTS = {
    "pieces": (1.069, 0.434, 0.839),
    "second": (0.005, 0.037, -0.063),
    "loose": (0.006, 0.044, 0.432),
    "fill": (0.632, 0.168, 0.891),
    "border": (7.367, 2.908, -0.119),
    "thin": (0.134, 0.080, -1.049),
    "holes": (1.011, 2.119, 0.443),
    "core": (0.442, 0.200, -0.787),
    "symmetry": (0.697, 0.261, -0.821),
    "rim": (0.169, 0.178, -0.810),
    "outlined": (0.414, 0.346, -0.441),
    "fading": (0.106, 0.124, -0.265),
    "range": (0.562, 0.267, 0.019),
    "contrast": (0.208, 0.094, -0.118),
    "equal": (0.483, 0.247, -0.985),
    "soft": (0.203, 0.148, -0.716),
    "edges": (0.275, 0.208, -0.513),
    "same": (0.480, 0.220, -0.737),
    "specks": (0.197, 0.198, -0.869),
}
_FAR = 3.0  # standard deviations: traits farther off count as this far
ONE_PIECE = {"pieces": 1.0, "second": 0.0, "loose": 0.0}
"""ShapeTraits of shape that say nothing where several things are asked for."""
_REASONS = {
    "it is torn: a ragged shape with holes": ("border", "thin", "holes", "core", "pieces", "second", "loose"),
    "it is a smear without a clear outline": ("rim", "outlined", "fading", "soft", "symmetry", "fill"),
    "it is a smear without a clear form": ("range", "contrast", "equal", "edges", "same", "specks"),
}


def smear(traits: ShapeTraits | None, *, several: bool) -> tuple[float, str]:
    """The likelihood of a smear, 0 to 1, and the words for what it is most; `several` things may be in pieces.

    Half where there are no traits: it is all thin.
    """
    if traits is None:
        return 0.5, ""
    found = {**traits, **ONE_PIECE} if several else traits
    parts = {
        name: weight * float(np.clip((found[name] - mean) / deviation, -_FAR, _FAR))
        for name, (mean, deviation, weight) in _WEIGHTS.items()
    }
    worst = max(_REASONS, key=lambda reason: sum(parts[name] for name in _REASONS[reason]))
    return 1 / (1 + float(np.exp(-_INTERCEPT - sum(parts.values())))), worst
