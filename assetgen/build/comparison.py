"""Published files against the digests and fingerprints in the lock: the same look is enough on other hardware.

Networks round differently on other processors, so files of an unchanged request have other bytes there. Two machines
are compared by the class that the lock and the manifest of the target record. Files without a fingerprint (JSON,
scenes, meshes, KTX2) follow from the same images, so that they are judged with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from assetgen.build.cost import machine_class
from assetgen.pack.lock import LockEntry
from assetgen.pixels.fingerprint import SIMILAR, distance

CompareBy = Literal["machine", "bytes", "looks"]
"""`machine`: bytes on the class of machine that the lock names, looks on another or an unknown one."""
_UNLIKE = 255.0
"""The largest distance of two fingerprints."""


@dataclass(frozen=True)
class Comparison:
    """How files with other bytes compare with the lock: `difference` of their fingerprints, 0 to 255.

    `reason` is why that matters, None where only the hardware is another.
    """

    difference: float
    reason: str | None

    @property
    def is_similar(self) -> bool:
        """Whether the files look as the lock records."""
        return self.difference <= SIMILAR


def compare(looks: Mapping[str, str | None], locked: LockEntry, machine: str, by: CompareBy = "machine") -> Comparison:
    """Compare files of an unchanged request. `looks` holds the fingerprints of the files whose bytes differ, None for
    one without and "" for one that is missing; `machine` is the class of machine that sampled them, "" for an unknown
    one."""
    first = next(iter(looks))
    apart = max(_distance(path, look, locked) for path, look in looks.items())
    if apart > SIMILAR:
        return Comparison(apart, f"{first} does not look as the lock records it (it is {apart:.0f} of 255 away)")
    if by == "bytes":
        return Comparison(apart, f"{first} has other bytes than the lock records")
    if by == "machine" and machine and machine == machine_class(locked.cost):
        return Comparison(apart, f"{first} has other bytes than the lock records for the same class of machine")
    return Comparison(apart, None)


def _distance(path: str, look: str | None, locked: LockEntry) -> float:
    if path not in locked.outputs:
        return _UNLIKE
    return 0.0 if look is None else distance(look, locked.looks.get(path, ""))
