"""A walking, running or striking figure: joints in space, in the order of OpenPose, at times of a motion.

Lengths of segments are fractions of the height (Drillis and Contini, 1966). The angles of walking are those of normal
gait (Perry, "Gait Analysis", 1992), simplified; those of running and striking are drawn by hand.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Motion = Literal["walk", "run", "attack"]
Joints = NDArray[np.float64]
"""Points `18 × 3`: x to the figure's left, y up, z forwards, in heights, the ground at y = 0."""

_THIGH, _SHIN, _ANKLE, _HIP = 0.245, 0.246, 0.039, 0.06
_TRUNK, _SHOULDER, _UPPER_ARM, _FOREARM = 0.288, 0.129, 0.186, 0.146
_NECK_TO_NOSE, _NOSE_FORWARD = 0.1, 0.05
_FACE = np.array(((-0.03, 0.025, -0.01), (0.03, 0.025, -0.01), (-0.06, 0.01, -0.06), (0.06, 0.01, -0.06)))
"""Right eye, left eye, right ear, left ear, from the nose."""
_NECK, _RIGHT, _LEFT = 1, 2, 5  # the joints of arms and legs follow their shoulder
_SHIELD_ARM, _REAR_LEG = np.array((25.0, 60.0)), np.array((-0.8, 1.0))  # of a strike: the left side

_Keys = tuple[tuple[float, ...], ...]
"""Rows of time (0..1) and angles in degrees at that time; the row at 1 is the one at 0."""

# One leg from the contact of its heel: time, hip flexion, knee flexion. The other leg is half a cycle later.
_LEGS: Mapping[Motion, _Keys] = {
    "walk": (
        (0.0, 28, 4), (0.12, 24, 17), (0.3, 6, 8), (0.5, -12, 8), (0.62, -4, 40), (0.73, 14, 60), (0.87, 28, 28),
        (0.96, 29, 4),
    ),
    "run": ((0.0, 38, 18), (0.15, 24, 40), (0.35, -14, 22), (0.5, -12, 70), (0.65, 24, 108), (0.82, 54, 72)),
    "attack": ((0.0, 14, 16), (0.3, 22, 34), (0.55, 34, 40), (0.75, 24, 26)),
}  # fmt: skip
# The arm on the same side: time, shoulder flexion, elbow flexion. In walking and running it swings against the leg.
_ARMS: Mapping[Motion, _Keys] = {
    "walk": ((0.0, -22, 12), (0.5, 20, 26)),
    "run": ((0.0, -48, 88), (0.5, 38, 98)),
    "attack": ((0.0, 20, 70), (0.3, 150, 80), (0.42, 190, 95), (0.55, 75, 10), (0.75, 35, 20)),
}
_LEANS: Mapping[Motion, _Keys] = {
    "walk": ((0.0, 3),),
    "run": ((0.0, 12),),
    "attack": ((0.0, 4), (0.35, -8), (0.55, 24), (0.75, 14)),
}
WORDS: Mapping[Motion, tuple[str, ...]] = {
    "walk": ("walking, heel touches the ground", "walking, leaning on one leg", "walking, legs pass each other",
             "walking, pushing off"),
    "run": ("running, foot touches the ground", "running, knee bent", "running, legs apart in the air",
            "running, knee raised"),
    "attack": ("ready to strike", "arm raised behind the head", "striking forwards", "arm lowered after a strike"),
}  # fmt: skip
"""Words for the quarters of a motion."""


def figure(motion: Motion, time: float) -> Joints:
    """The joints at `time`, 0..1 of the motion. Its lowest ankle stands on the ground; the hips stay at x = z = 0."""
    points = np.zeros((18, 3))
    up = _turned(-float(_angles(_LEANS[motion], time)[0]))
    points[_NECK] = _TRUNK * up
    for shoulder, side, phase in ((_RIGHT, -1, time), (_LEFT, 1, time + 0.5)):
        legs, arms = _angles(_LEGS[motion], phase), _angles(_ARMS[motion], phase)
        if motion == "attack" and shoulder == _LEFT:
            legs, arms = _angles(_LEGS[motion], time) * _REAR_LEG, _SHIELD_ARM
        points[shoulder] = points[_NECK] + (side * _SHOULDER, 0, 0)
        points[shoulder + 1] = points[shoulder] - _UPPER_ARM * _turned(arms[0])
        points[shoulder + 2] = points[shoulder + 1] - _FOREARM * _turned(arms.sum())
        hip = shoulder + 6
        points[hip] = (side * _HIP, 0, 0)
        points[hip + 1] = points[hip] - _THIGH * _turned(legs[0])
        points[hip + 2] = points[hip + 1] - _SHIN * _turned(legs[0] - legs[1])
    points[0] = points[_NECK] + _NECK_TO_NOSE * up + (0, 0, _NOSE_FORWARD)
    points[14:] = points[0] + _FACE
    points[:, 1] += _ANKLE - min(points[10, 1], points[13, 1])
    return points


def _turned(degrees: float) -> NDArray[np.float64]:
    """The upward direction turned in the plane of walking: what hangs below it swings forwards by this angle."""
    angle = np.radians(degrees)
    return np.array([0.0, np.cos(angle), -np.sin(angle)])


def _angles(keys: _Keys, time: float) -> NDArray[np.float64]:
    """The angles at a time, by a periodic cubic spline."""
    from scipy.interpolate import CubicSpline

    rows = np.array((*keys, (1.0, *keys[0][1:])))
    if len(keys) == 1:
        return np.asarray(rows[0, 1:])
    return np.asarray(CubicSpline(rows[:, 0], rows[:, 1:], bc_type="periodic")(time % 1))
