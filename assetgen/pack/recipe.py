"""Recipes: assets resolved to frozen data, and the chained cache keys of their results.

    sampled_key   source with its seed, controls, members
    images_key    + steps
    accepted_key  + checks and the number of attempts
    files_key     + exporter, name and facts

Everything that changes pixels is in the recipe: files by content digest, weights by digest, code by part version.
Keys identify the request, not the result. The keys of two attempts differ by the seed alone.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, JsonValue

from assetgen.pack.schema import IMAGE_TO_IMAGE, ModelCard, OnFail, Quantization
from assetgen.parts import Part, PartKind, load_part

_KEY_VERSION = 2
"""Increased when all keys must change although no part did, such as with the form of the identities below."""
_SEED_RANGE = 2**32


@dataclass(frozen=True)
class Stage:
    """One part with all its arguments, defaults included."""

    kind: PartKind
    name: str
    alias: str
    version: int
    arguments: Mapping[str, Any]

    @property
    def part(self) -> Part:
        """The registered part, imported on demand."""
        return load_part(self.kind, self.name)

    @property
    def control_kind(self) -> str:
        """For a control: the kind of control network that its image conditions, as model cards name it."""
        detector = self.part.traits.detector
        return str(self.arguments.get("kind") or (detector.kind if detector else self.name))

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """The model cards among its arguments."""
        return tuple(card for value in self.arguments.values() for card in _cards_in(value))

    @property
    def without_cards(self) -> "Stage":
        """The same stage with the default of each argument that holds model cards."""
        fields = self.part.params.model_fields
        plain = {key: fields[key].default for key, value in self.arguments.items() if _cards_in(value)}
        return replace(self, arguments={**self.arguments, **plain})

    @property
    def identity(self) -> dict[str, JsonValue]:
        """Identity used in cache keys: part, version and arguments, with files and model cards by digest."""
        gained = self.part.gained
        given = {key: value for key, value in self.arguments.items() if value is not None or key not in gained}
        return {"part": f"{self.kind}/{self.name}@{self.version}", "words": identity_json(_in_use(given))}


def _cards_in(value: Any) -> tuple[ModelCard, ...]:
    several = value if isinstance(value, tuple) else (value,)
    return tuple(each for each in several if isinstance(each, ModelCard))


def with_quantization(source: Stage, quantize: Quantization) -> Stage:
    """A source stage whose model runs in this number format."""
    card = source.arguments["model"].model_copy(update={"quantize": quantize})
    return replace(source, arguments={**source.arguments, "model": card})


def _in_use(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments, where the model card says how images tile only if this one does."""
    card = arguments.get("model")
    if not isinstance(card, ModelCard) or arguments.get("tile"):
        return arguments
    plain = card.model_copy(update={"seamless": ModelCard.model_fields["seamless"].default})
    return {**arguments, "model": plain}


def identity_json(value: Any) -> JsonValue:
    """The JSON of an argument in cache keys: its `identity` where it has one."""
    if hasattr(value, "identity"):
        return identity_json(value.identity)
    if isinstance(value, BaseModel):
        return identity_json(value.model_dump())
    if isinstance(value, Mapping):
        return {str(key): identity_json(item) for key, item in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [identity_json(item) for item in value]
    plain: JsonValue = value.as_posix() if isinstance(value, Path) else value
    return plain


def json_digest(*values: object) -> str:
    """sha256, in hex, of JSON data in canonical form."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class RecipeFacts:
    """What is written into an asset's files and manifest entry but changes no pixel."""

    prompt: str = ""
    """The asset's own prompt, without the template of its preset or model card."""
    pack: str = ""
    seed_name: str | None = None
    """The name that the seed is derived from; None where the pack sets the seed."""
    model: str | None = None
    """Name of the model card; None for sources without a model."""
    licences: Mapping[str, str] = field(default_factory=dict)
    """Licences by the name of model, control network, LoRA, embedding or detector."""
    known_to_model: bool | None = None
    """Whether the model was trained on anything like the prompt; None where it is not compared. In no file and key."""

    def to_json(self) -> dict[str, JsonValue]:
        """The known facts as a JSON object."""
        facts = {"prompt": self.prompt, "pack": self.pack, "seed_name": self.seed_name, "model": self.model}
        known: dict[str, JsonValue] = {name: value for name, value in facts.items() if value is not None}
        return {**known, "licences": dict(self.licences)} if self.licences else known


@dataclass(frozen=True)
class Recipe:
    """How one asset is made.

    `members` are the assets that an atlas is made of. The first `best_of` attempts are made together and the best is
    kept; `tries` is the most attempts, `on_fail` what becomes of the asset when the checks accept none of them. `pick`
    is the attempt that a person chose; it is accepted whatever its checks report. `where` is the asset's line in the
    pack ("pack.yaml:12"), for error messages.
    """

    name: str
    preset: str
    source: Stage
    controls: tuple[Stage, ...]
    steps: tuple[Stage, ...]
    checks: tuple[Stage, ...]
    export: Stage
    tries: int = 1
    best_of: int = 1
    on_fail: OnFail = "reject"
    members: "tuple[Recipe, ...]" = ()
    facts: RecipeFacts = field(default_factory=RecipeFacts)
    where: str = ""
    pick: int | None = None

    def source_for(self, attempt: int) -> Stage:
        """The source stage of an attempt: attempt 0 has the asset's own seed, later ones a seed derived from it."""
        if attempt == 0 or "seed" not in self.source.arguments:
            return self.source
        return replace(
            self.source, arguments={**self.source.arguments, "seed": seed_from(self.source.arguments["seed"], attempt)}
        )

    def controls_for(self, attempt: int) -> tuple[Stage, ...]:
        """The controls of an attempt: a start that is drawn with the source's seed has that of the attempt."""
        own, seed = self.source.arguments.get("seed"), self.source_for(attempt).arguments.get("seed")
        return tuple(
            replace(stage, arguments={**stage.arguments, "seed": seed})
            if stage.control_kind == IMAGE_TO_IMAGE and stage.arguments.get("seed", seed) == own != seed
            else stage
            for stage in self.controls
        )

    def sampled_key(self, attempt: int = 0) -> str:
        """The key of an attempt's sampled image set, before steps."""
        return self._first_sampled_key if attempt == 0 else self._sampled_key(attempt)

    @cached_property
    def _first_sampled_key(self) -> str:
        return self._sampled_key(0)

    def _sampled_key(self, attempt: int) -> str:
        controls = [(stage.identity, self._network(stage)) for stage in self.controls_for(attempt)]
        members = [(recipe.name, recipe.accepted_key) for recipe in self.members]
        return json_digest(_KEY_VERSION, "sampled", self.source_for(attempt).identity, controls, members)

    def _network(self, control: Stage) -> JsonValue:
        """Identity of the control network that a control needs; None where the model card has none."""
        card = self.source.arguments.get("model")
        return identity_json(card.controls.get(control.control_kind)) if isinstance(card, ModelCard) else None

    def images_key(self, attempt: int = 0) -> str:
        """The key of an attempt's finished image set, after steps."""
        return self._first_images_key if attempt == 0 else self._images_key(attempt)

    @cached_property
    def _first_images_key(self) -> str:
        return self._images_key(0)

    def _images_key(self, attempt: int) -> str:
        return json_digest("images", self.sampled_key(attempt), [stage.identity for stage in self.steps])

    @cached_property
    def accepted_key(self) -> str:
        """The key of the checks' result: which attempt was accepted, with its verdicts."""
        checks = [stage.identity for stage in self.checks]
        chosen = [] if self.pick is None else [self.pick]
        ranked = [] if (self.best_of, self.on_fail) == (1, "reject") else [{"best": [self.best_of, self.on_fail]}]
        return json_digest("accepted", self.images_key(), checks, self.tries, *chosen, *ranked)

    @cached_property
    def files_key(self) -> str:
        """The key of the exported files. An asset whose key equals the lock's is up to date."""
        return self.files_key_as(self.name)

    def files_key_as(self, name: str) -> str:
        """The key of the exported files if the asset had another name."""
        return json_digest("files", self.accepted_key, name, self.preset, self.facts.to_json(), self.export.identity)


def models_in_use(to_sample: Iterable[Recipe], to_finish: Iterable[Recipe] = ()) -> list[tuple[ModelCard, list[str]]]:
    """The model cards that recipes are sampled and finished with, each with the kinds of its control networks in use.

    Those of `to_finish` are sampled already.
    """
    cards: dict[str, ModelCard] = {}
    kinds: dict[str, set[str]] = {}
    to_sample = list(to_sample)
    for recipe in to_sample:
        for card in recipe.source.cards if recipe.source.part.name != "fake" else ():
            cards[card.model] = card
            used = {stage.control_kind for stage in recipe.controls}
            kinds.setdefault(card.model, set()).update(used & set(card.controls))
    cards |= {card.model: card for each in (*to_sample, *to_finish) for step in each.steps for card in step.cards}
    return [(card, sorted(kinds.get(name, ()))) for name, card in cards.items()]


def seed_from(*values: object) -> int:
    """A 32-bit seed that depends on these values alone."""
    return int(json_digest("seed", *values)[:16], 16) % _SEED_RANGE
