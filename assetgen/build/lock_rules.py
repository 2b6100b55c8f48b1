"""What the lock means for a build: the attempt to begin with, and the files that may not be published."""

import fnmatch
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assetgen.build.attempts import Attempt, first_attempt, read_acceptance
from assetgen.build.comparison import Comparison, compare
from assetgen.build.cost import machine_class
from assetgen.errors import BuildError
from assetgen.pack.changes import keys_of
from assetgen.pack.lock import Lock, LockEntry
from assetgen.pack.recipe import Recipe
from assetgen.store.store import Store

if TYPE_CHECKING:
    from assetgen.build.sampling import FinishedAttempt


@dataclass(frozen=True)
class LockRules:
    """The lock of a build, and `update`, the glob of the assets that may differ from it ("" none, None all).

    `refused` are the assets that this build does not make.
    """

    lock: Lock = field(default_factory=dict)
    update: str | None = None
    refused: frozenset[str] = frozenset()

    def may_change(self, name: str) -> bool:
        """Whether an asset may differ from the lock."""
        return self.update is None or fnmatch.fnmatchcase(name, self.update)

    def locked_attempt(self, recipe: Recipe) -> int | None:
        """The attempt that the lock records for exactly this request; None where it has another, or no choice."""
        entry = self.lock.get(recipe.name)
        if entry is None or recipe.tries == 1 or recipe.pick is not None or entry.keys != keys_of(recipe):
            return None
        return entry.attempt

    def allows(self, recipe: Recipe, attempt: int) -> bool:
        """Whether an attempt at an asset that was made before may stay."""
        return self.may_change(recipe.name) or self.locked_attempt(recipe) in (None, attempt)

    def start(self, recipe: Recipe, store: Store) -> Attempt:
        """The attempt to begin with: the accepted or picked one, else the one that the lock records.

        Other hardware rounds differently, so that another one of several attempts could be the best there.
        """
        locked, known = self.locked_attempt(recipe), read_acceptance(recipe, store)
        if locked is None or (known and self.allows(recipe, known.attempt.attempt)):
            return first_attempt(recipe, store)
        return Attempt(recipe, locked, alone=True)

    def refusal(self, made: "FinishedAttempt") -> BuildError | None:
        """Why files must not be published: the lock must hold, and they differ from what it records."""
        recipe = made.attempt.recipe
        locked = self.lock.get(recipe.name)
        if locked is None or self.may_change(recipe.name):
            return None
        outputs = {path: hashlib.sha256(data).hexdigest() for path, data in made.files.items()}
        found = compare_outputs(outputs, made.looks, locked, machine_class(made.cost))
        return refusal(recipe.name, found.reason) if found and found.reason else None


FREE = LockRules()
"""No lock: everything may change."""


def compare_outputs(
    outputs: Mapping[str, str], looks: Mapping[str, str], locked: LockEntry, machine: str
) -> Comparison | None:
    """Compare the digests and fingerprints of an asset's files, by path, with the lock; None where they are equal."""
    found = {path: looks.get(path) if path in outputs else "" for path in differing_paths(outputs, locked)}
    return compare(found, locked, machine) if found else None


def differing_paths(outputs: Mapping[str, str], locked: LockEntry) -> tuple[str, ...]:
    """The paths of files whose digests are others than in the lock, or that only one of both has."""
    both = dict.fromkeys((*outputs, *locked.outputs))
    return tuple(path for path in both if locked.outputs.get(path) != outputs.get(path))


def refusal(name: str, what: str) -> BuildError:
    """The error of an asset that differs from the lock and may not."""
    return BuildError(what, cure=f"`assetgen build PACK --update {name}` lets it change")
