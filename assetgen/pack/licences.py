"""Under which terms an asset is made: the licences of its model, control networks, LoRAs and detectors.

They are written into locks and pictures. What forbids commercial use is refused unless a person allows it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assetgen.errors import InputError
from assetgen.pack.recipe import Recipe, Stage
from assetgen.pack.schema import ModelCard

_CURE = "Choose another, or allow it with --allow-noncommercial (over HTTP: allow_noncommercial)"


@dataclass(frozen=True)
class Terms:
    """The licence of one thing that a recipe uses; `name` is its key in locks, `what` what a sentence calls it."""

    name: str
    what: str
    licence: str
    commercial: bool = True

    @property
    def text(self) -> str:
        """The licence with a warning where it forbids commercial use."""
        return licence_text(self.licence, self.commercial)


def licence_text(licence: str, commercial: bool) -> str:
    """A licence by name, with a warning where it forbids commercial use."""
    return licence if commercial else f"{licence} (not for commercial use)"


def terms_of(source: Stage, controls: Sequence[Stage]) -> Iterator[Terms]:
    """The terms of everything that these stages run."""
    card = source.arguments.get("model")
    if isinstance(card, ModelCard):
        yield Terms(card.model, f"model '{card.model}'", card.licence, card.commercial)
        for kind in dict.fromkeys(stage.control_kind for stage in controls if stage.control_kind in card.controls):
            network = card.controls[kind]
            what = f"control '{kind}' of model '{card.model}'"
            yield Terms(f"{card.model}/{kind}", what, network.licence, network.commercial)
    yield from _additions(card if isinstance(card, ModelCard) else None, source)
    for stage in controls:
        if detector := stage.part.traits.detector:
            yield Terms(stage.name, f"detector '{stage.name}'", detector.licence, detector.commercial)


def _additions(card: ModelCard | None, source: Stage) -> Iterator[Terms]:
    """LoRAs of the card and of the asset, and embeddings, about which somebody said something."""
    own: list[tuple[str, str, Any]] = [("LoRA", lora.name, lora) for lora in (card.loras if card else ())]
    own += [("LoRA", lora.file.path.name, lora) for lora in source.arguments.get("loras", ())]
    own += [("embedding", each.name, each) for each in (card.embeddings if card else ())]
    for kind, name, each in own:
        if each.licence or not each.commercial:
            yield Terms(f"{kind} {name}", f"{kind} '{name}'", each.licence or "no licence is named", each.commercial)


def noncommercial(recipe: Recipe) -> tuple[str, ...]:
    """What of a recipe forbids commercial use, each in a sentence."""
    found = terms_of(recipe.source, recipe.controls)
    return tuple(f"{terms.what} forbids commercial use ({terms.licence})" for terms in found if not terms.commercial)


def refuse_noncommercial(recipes: Iterable[Recipe], allowed: bool) -> None:
    """Raise `InputError` for the first recipe that uses what forbids commercial use, unless that is allowed."""
    for recipe in recipes if not allowed else ():
        for what in noncommercial(recipe):
            raise InputError(what, where=recipe.where, cure=_CURE)
