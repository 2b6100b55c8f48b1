"""Licences of what an asset is made with: model, control networks, LoRAs, embeddings and detectors.

They are written into locks and images. Those that forbid what the studio does are refused unless the user allows them.
The studio is stated in the user's settings or in the pack; without it, conditions are reported and recorded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from assetgen.errors import InputError
from assetgen.events import Emit, Warned
from assetgen.machine import user_settings
from assetgen.pack.recipe import Recipe, Stage
from assetgen.pack.schema import ModelCard, Pack
from assetgen.pack.yaml_files import read_yaml, validate
from assetgen.terms import UNKNOWN_STUDIO, Commercial, Conditions, Studio, excluded

_COMMERCE_CURE = "Choose another, or allow it with --allow-noncommercial (over HTTP: allow_noncommercial)"
_COUNTRY_CURE = "Choose another, or correct `countries` of the studio"


class UserSettings(BaseModel):
    """The user's `settings.yaml`: the studio that licences are compared with, for all packs."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    studio: Studio = UNKNOWN_STUDIO


class Licensed(Protocol):
    """What has a licence: a model card, a control network, a LoRA, an embedding, a detector."""

    @property
    def licence(self) -> str: ...
    @property
    def commercial(self) -> Commercial: ...
    @property
    def not_in(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Terms:
    """The licence of one model or file that a recipe uses. `name` is its key in locks, `what` its name in messages."""

    name: str
    what: str
    licence: str
    commercial: Commercial = True
    not_in: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The licence with a warning where it forbids commercial use."""
        return licence_text(self)


def studio_of(pack: Pack) -> Studio:
    """The studio that a pack states, with the user's where it states nothing. Raises `InputError` for bad settings."""
    file = user_settings()
    own = validate(read_yaml(file), UserSettings).studio if file.is_file() else UNKNOWN_STUDIO
    return own.model_copy(update={key: getattr(pack.studio, key) for key in pack.studio.model_fields_set})


def licence_text(each: Licensed) -> str:
    """A licence by name, with its limits: no commercial use, a revenue, duties, countries."""
    match each.commercial:
        case Conditions() as conditions:
            limits = [f"commercial use {conditions.text}"]
        case allowed:
            limits = [] if allowed else ["not for commercial use"]
    limits += [f"not in {', '.join(each.not_in)}"] if each.not_in else []
    return f"{each.licence} ({'; '.join(limits)})" if limits else each.licence


def terms_of(recipe: Recipe) -> Iterator[Terms]:
    """The terms of every model, network, LoRA, embedding and detector that a recipe uses."""
    source, controls = recipe.source, recipe.controls
    card = source.arguments.get("model")
    if isinstance(card, ModelCard):
        yield _terms(card.model, f"model '{card.model}'", card)
        for kind in dict.fromkeys(stage.control_kind for stage in controls if stage.control_kind in card.controls):
            yield _terms(f"{card.model}/{kind}", f"control '{kind}' of model '{card.model}'", card.controls[kind])
    yield from _extra_terms(card if isinstance(card, ModelCard) else None, source)
    for stage in controls:
        if detector := stage.part.traits.detector:
            yield _terms(stage.name, f"detector '{stage.name}'", detector)
    for name, model in {model.model: model for stage in recipe.steps for model in stage.cards}.items():
        yield _terms(name, f"model '{name}'", model)


def _terms(name: str, what: str, each: Licensed) -> Terms:
    return Terms(name, what, each.licence or "no licence is named", each.commercial, each.not_in)


def _extra_terms(card: ModelCard | None, source: Stage) -> Iterator[Terms]:
    """The terms of LoRAs and embeddings, of the card and of the asset, where a licence or a restriction is given."""
    extras: list[tuple[str, str, Licensed]] = [("LoRA", each.name, each) for each in (card.loras if card else ())]
    extras += [("LoRA", each.file.path.name, each) for each in source.arguments.get("loras", ())]
    extras += [("embedding", each.name, each) for each in (card.embeddings if card else ())]
    for kind, name, each in extras:
        if each.licence or each.commercial is not True or each.not_in:
            yield _terms(f"{kind} {name}", f"{kind} '{name}'", each)


def licence_notes(recipe: Recipe, studio: Studio) -> tuple[str, ...]:
    """One sentence for each licence of a recipe that forbids what the studio does, or may forbid it."""
    return tuple(note for terms in terms_of(recipe) for note in _notes(terms, studio))


def allows(each: Licensed, studio: Studio) -> bool:
    """Whether the studio may use it commercially; false where its conditions cannot be compared with the studio."""
    return not any(_notes(_terms("", "", each), studio))


def licence_tier(each: Licensed) -> str:
    """Whether commercial use is allowed, in a few characters: "yes", "no", "below 1M USD", "no, not EU KR"."""
    match each.commercial:
        case Conditions(below_revenue=int(limit)):
            tier = f"below {limit / 1e6:g}M USD"
        case Conditions():
            tier = "with duties"
        case allowed:
            tier = "yes" if allowed else "no"
    return f"{tier}, not {' '.join(each.not_in)}" if each.not_in else tier


def _notes(terms: Terms, studio: Studio) -> Iterator[str]:
    yield from _against_commerce(terms, studio)
    yield from _against_country(terms, studio)
    yield from _unknowns(terms, studio)


def _against_commerce(terms: Terms, studio: Studio) -> Iterator[str]:
    if terms.commercial is False:
        yield f"{terms.what} forbids commercial use ({terms.licence})"
    limit = terms.commercial.below_revenue if isinstance(terms.commercial, Conditions) else None
    if limit is not None and studio.revenue is not None and studio.revenue >= limit:
        what = f"{terms.what} allows commercial use below {limit:,} USD revenue a year ({terms.licence})"
        yield f"{what}, and the studio has {studio.revenue:,} USD"


def _against_country(terms: Terms, studio: Studio) -> Iterator[str]:
    if countries := excluded(studio.countries or (), terms.not_in):
        what = f"{terms.what} may not be used in {', '.join(terms.not_in)} ({terms.licence})"
        yield f"{what}, and the studio works or publishes in {', '.join(countries)}"


def _unknowns(terms: Terms, studio: Studio) -> Iterator[str]:
    conditional = isinstance(terms.commercial, Conditions) and terms.commercial.below_revenue is not None
    missing = ["revenue"] if conditional and studio.revenue is None else []
    missing += ["countries"] if terms.not_in and studio.countries is None else []
    if missing:
        yield f"{terms.what} is licensed on conditions ({terms.text}), and no studio {' and '.join(missing)} is stated"


def check_licences(recipes: Iterable[Recipe], studio: Studio, emit: Emit, *, allowed: bool) -> None:
    """Raise `InputError` for the first licence that forbids what the studio does. `allowed`: use is not commercial.

    Each licence whose conditions cannot be compared is one `Warned` event, however many recipes use it.
    """
    warnings: dict[str, None] = {}
    for recipe in recipes:
        for terms in terms_of(recipe):
            for what in _against_commerce(terms, studio) if not allowed else ():
                raise InputError(what, where=recipe.where, cure=_COMMERCE_CURE)
            for what in _against_country(terms, studio):
                raise InputError(what, where=recipe.where, cure=_COUNTRY_CURE)
            warnings |= dict.fromkeys(_unknowns(terms, studio))
    for reason in warnings:
        emit(Warned(reason=f"{reason}: state it as `studio` in the pack or in {user_settings()}"))
