"""Licences of what an asset is made with: model, control networks, LoRAs, embeddings and detectors.

They are written into locks and images. Non-commercial ones are refused unless the user allows them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assetgen.errors import InputError
from assetgen.pack.recipe import Recipe, Stage
from assetgen.pack.schema import ModelCard

_CURE = "Choose another, or allow it with --allow-noncommercial (over HTTP: allow_noncommercial)"


@dataclass(frozen=True)
class Terms:
    """The licence of one model or file that a recipe uses. `name` is its key in locks, `what` its name in messages."""

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
    """The terms of every model, network, LoRA, embedding and detector that these stages use."""
    card = source.arguments.get("model")
    if isinstance(card, ModelCard):
        yield Terms(card.model, f"model '{card.model}'", card.licence, card.commercial)
        for kind in dict.fromkeys(stage.control_kind for stage in controls if stage.control_kind in card.controls):
            network = card.controls[kind]
            what = f"control '{kind}' of model '{card.model}'"
            yield Terms(f"{card.model}/{kind}", what, network.licence, network.commercial)
    yield from _extra_terms(card if isinstance(card, ModelCard) else None, source)
    for stage in controls:
        if detector := stage.part.traits.detector:
            yield Terms(stage.name, f"detector '{stage.name}'", detector.licence, detector.commercial)


def _extra_terms(card: ModelCard | None, source: Stage) -> Iterator[Terms]:
    """The terms of LoRAs and embeddings, of the card and of the asset, where a licence or a restriction is given."""
    extras = [("LoRA", each.name, each.licence, each.commercial) for each in (card.loras if card else ())]
    own = source.arguments.get("loras", ())
    extras += [("LoRA", each.file.path.name, each.licence, each.commercial) for each in own]
    extras += [("embedding", each.name, each.licence, each.commercial) for each in (card.embeddings if card else ())]
    for kind, name, licence, commercial in extras:
        if licence or not commercial:
            yield Terms(f"{kind} {name}", f"{kind} '{name}'", licence or "no licence is named", commercial)


def noncommercial(recipe: Recipe) -> tuple[str, ...]:
    """One sentence for each licence of a recipe that forbids commercial use."""
    found = terms_of(recipe.source, recipe.controls)
    return tuple(f"{terms.what} forbids commercial use ({terms.licence})" for terms in found if not terms.commercial)


def refuse_noncommercial(recipes: Iterable[Recipe], allowed: bool) -> None:
    """Raise `InputError` for the first recipe with a licence that forbids commercial use, unless `allowed`."""
    for recipe in recipes if not allowed else ():
        for what in noncommercial(recipe):
            raise InputError(what, where=recipe.where, cure=_CURE)
