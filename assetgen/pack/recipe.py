"""Recipes: assets resolved to frozen, hashable data, and the chained keys by which their results are known.

    sampled_key   source with its seed, controls, members
    images_key    + steps
    accepted_key  + checks and the number of tries
    files_key     + exporter, name and facts

Everything that changes pixels is in the recipe: files by content digest, weights by digest, code by part version.
Keys name the request. A key of try number `attempt` differs from the first by its seed alone.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from assetgen.pack.schema import ModelCard
from assetgen.parts import Part, PartKind, load_part

_KEY_VERSION = 2
"""Raised when keys must change although no part did (the form of the identities below, provenance in files)."""
_SEED_RANGE = 2**32


@dataclass(frozen=True)
class Stage:
    """One part with all its words, defaults included."""

    kind: PartKind
    name: str
    alias: str
    version: int
    arguments: Mapping[str, Any]

    @property
    def part(self) -> Part:
        """The part itself, imported on demand."""
        return load_part(self.kind, self.name)

    @property
    def control_kind(self) -> str:
        """Of a control: the kind of control network that its picture is for, as a model card names it."""
        detector = self.part.traits.detector
        return str(self.arguments.get("kind") or (detector.kind if detector else self.name))

    @property
    def identity(self) -> dict[str, Any]:
        """What enters keys: plain JSON data, files and cards by their digests."""
        return {"part": f"{self.kind}/{self.name}@{self.version}", "words": identity_json(self.arguments)}


def identity_json(value: Any) -> Any:
    """A word as JSON data that stands for its effect on pixels."""
    if hasattr(value, "identity"):
        return identity_json(value.identity)
    if isinstance(value, BaseModel):
        return identity_json(value.model_dump())
    if isinstance(value, Mapping):
        return {str(key): identity_json(item) for key, item in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [identity_json(item) for item in value]
    return value.as_posix() if isinstance(value, Path) else value


def json_digest(*things: Any) -> str:
    """sha256, in hex, of JSON data in canonical form."""
    text = json.dumps(things, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Recipe:
    """How one asset is made. `facts` are words that are written into its files and change nothing else; `where` is its
    place in the pack ("pack.yaml:12"), for messages; `pick` is the try that a person chose, whatever its checks say."""

    name: str
    preset: str
    source: Stage
    controls: tuple[Stage, ...]
    steps: tuple[Stage, ...]
    checks: tuple[Stage, ...]
    export: Stage
    tries: int = 1
    members: "tuple[Recipe, ...]" = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""
    pick: int | None = None

    def source_for(self, attempt: int) -> Stage:
        """The source stage of a try: the first has the asset's own seed, each later one a seed derived from it."""
        if attempt == 0 or "seed" not in self.source.arguments:
            return self.source
        return replace(
            self.source, arguments={**self.source.arguments, "seed": seed_from(self.source.arguments["seed"], attempt)}
        )

    def sampled_key(self, attempt: int = 0) -> str:
        """The key of the raw image set of a try."""
        return self._first_sampled_key if attempt == 0 else self._sampled_key(attempt)

    @cached_property
    def _first_sampled_key(self) -> str:
        return self._sampled_key(0)

    def _sampled_key(self, attempt: int) -> str:
        controls = [(stage.identity, self._network(stage)) for stage in self.controls]
        needs = [(recipe.name, recipe.accepted_key) for recipe in self.members]
        return json_digest(_KEY_VERSION, "sampled", self.source_for(attempt).identity, controls, needs)

    def _network(self, control: Stage) -> Any:
        """What makes the model obey a control."""
        card = self.source.arguments.get("model")
        return identity_json(card.controls.get(control.control_kind)) if isinstance(card, ModelCard) else None

    def images_key(self, attempt: int = 0) -> str:
        """The key of the finished image set of a try."""
        return self._first_images_key if attempt == 0 else self._images_key(attempt)

    @cached_property
    def _first_images_key(self) -> str:
        return self._images_key(0)

    def _images_key(self, attempt: int) -> str:
        return json_digest("images", self.sampled_key(attempt), [stage.identity for stage in self.steps])

    @cached_property
    def accepted_key(self) -> str:
        """The key of the judgement: which try passed, with its verdicts."""
        checks = [stage.identity for stage in self.checks]
        return json_digest(
            "accepted", self.images_key(), checks, self.tries, *([] if self.pick is None else [self.pick])
        )

    @cached_property
    def files_key(self) -> str:
        """The key of the files; equal keys mean that there is nothing to do."""
        return json_digest(
            "files", self.accepted_key, self.name, self.preset, identity_json(self.facts), self.export.identity
        )


def seed_from(*words: Any) -> int:
    """A 32-bit seed that depends on these words alone."""
    return int(json_digest("seed", *words)[:16], 16) % _SEED_RANGE
