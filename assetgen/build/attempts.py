"""Attempts at a recipe: the same request with other seeds, until its checks accept an image; the best of several."""

from dataclasses import dataclass
from typing import Any

from assetgen.build.cost import Cost
from assetgen.images import ImageSet
from assetgen.pack.recipe import Recipe, identity_json, json_digest
from assetgen.parts import Verdict
from assetgen.store.store import Store


@dataclass(frozen=True)
class Attempt:
    """One attempt at one recipe, numbered from 0.

    `alone`: it is the one that the lock records, and is made without the others of its round.
    """

    recipe: Recipe
    attempt: int
    alone: bool = False

    @property
    def sampled_key(self) -> str:
        """The key of its raw images."""
        return self.recipe.sampled_key(self.attempt)

    @property
    def images_key(self) -> str:
        """The key of its finished images."""
        return self.recipe.images_key(self.attempt)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of its source, with the seed of this attempt."""
        return dict(self.recipe.source_for(self.attempt).arguments)

    @property
    def model(self) -> str:
        """A key of the model and LoRAs that its source loads."""
        source = self.recipe.source
        return json_digest(source.name, *(identity_json(source.arguments.get(key)) for key in ("model", "loras")))

    @property
    def round(self) -> "tuple[Attempt, ...]":
        """The attempts that are made together: the first `best_of`, or this one alone."""
        first = self.attempt == 0 and self.recipe.pick is None and not self.alone
        return tuple(Attempt(self.recipe, number) for number in range(self.recipe.best_of)) if first else (self,)

    def next(self) -> "Attempt | None":
        """The attempt after its round; None where none is left, where it is picked, or where the source has no seed.

        After one that was made alone it is the first.
        """
        if self.alone:
            return Attempt(self.recipe, 0)
        number = self.round[-1].attempt + 1
        more = number < self.recipe.tries and "seed" in self.recipe.source.arguments and self.recipe.pick is None
        return Attempt(self.recipe, number) if more else None


@dataclass(frozen=True)
class Judged:
    """A finished attempt with the verdicts of its checks, by their aliases."""

    attempt: Attempt
    images: ImageSet
    verdicts: tuple[tuple[str, Verdict], ...]

    @property
    def passed(self) -> bool:
        """Whether all checks accept it."""
        return all(verdict.passed for _, verdict in self.verdicts)

    @property
    def rank(self) -> tuple[int, float, int]:
        """Its place among attempts at the same recipe, the best highest: the number of checks that accept it, then the
        sum of their qualities; of equal attempts the first."""
        verdicts = [verdict for _, verdict in self.verdicts]
        quality = round(sum(verdict.quality or 0.0 for verdict in verdicts), 4)
        return sum(verdict.passed for verdict in verdicts), quality, -self.attempt.attempt

    @property
    def quality(self) -> float | None:
        """The mean quality that its checks measured; None where no check does."""
        found = [verdict.quality for _, verdict in self.verdicts if verdict.quality is not None]
        return round(sum(found) / len(found), 4) if found else None

    @property
    def rejections(self) -> str:
        """What its checks report against it."""
        failed = [(name, verdict) for name, verdict in self.verdicts if not verdict.passed]
        return "; ".join(f"{name} {verdict.score:.3g}: {verdict.reason}" for name, verdict in failed)


@dataclass(frozen=True)
class Acceptance:
    """The stored result of a recipe's checks: the accepted attempt, what sampling up to it cost, and the mean quality
    that the checks measured (None where no check does)."""

    attempt: Attempt
    cost: Cost
    quality: float | None = None


def read_acceptance(recipe: Recipe, store: Store) -> Acceptance | None:
    """The accepted attempt of a recipe, if the store records one."""
    found = store.read_json("accepted", recipe.accepted_key)
    if not isinstance(found, dict):
        return None
    return Acceptance(Attempt(recipe, int(found["attempt"])), found.get("cost", {}), found.get("quality"))


def first_attempt(recipe: Recipe, store: Store) -> Attempt:
    """The accepted attempt, else the picked one, else the first."""
    known = read_acceptance(recipe, store)
    return known.attempt if known else Attempt(recipe, recipe.pick or 0)


def finished_attempt(recipe: Recipe, store: Store) -> Attempt | None:
    """The accepted attempt, if the store has its finished images."""
    known = read_acceptance(recipe, store)
    return known.attempt if known and store.has("images", known.attempt.images_key) else None
