"""The things that can be drawn: shapes and materials by name, and which one a prompt names, in which colours."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from assetgen.controls._naming import DATA, Names, paints, prompt_words, singular, table
from assetgen.controls._shapes import Piece

_FOLDER = DATA / "things"
_SHARED = ("materials.yaml", "colors.yaml", "aliases.yaml")
_ENTRY = re.compile(r"^([a-z0-9_]+):\n((?:[ #].*\n|\n)+)", re.MULTILINE)
"""A thing in a file of things: its name and its text. Only the text of what is drawn is parsed: it takes a second for
all."""
_LISTED = re.compile(r"^  words: \[(.*?)\]", re.MULTILINE | re.DOTALL)
_KINDS = (
    *("icon", "symbol", "sign", "sprite", "effect", "decal", "emoji", "mark", "logo", "item", "character"),
    *("monster", "creature", "enemy", "boss", "pet", "companion"),
)
_Material = Annotated[str, Field(pattern=r"^#[0-9a-f]{6} [a-z]+$")]
"""A colour and a finish: "#8a5a34 wood"."""


class Thing(BaseModel):
    """A thing that can be drawn: the words that name it besides its own name, its materials, and its pieces.

    `tint` are the materials that take the colour a prompt names. `base` is a thing whose pieces come first, and that
    gives it all it does not set itself; materials of the same name replace those of the base. `behind` are pieces
    before all others. `turn` rotates the drawing clockwise. Each seed draws one of its `variants`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    words: tuple[str, ...] = ()
    base: str = ""
    materials: Mapping[str, _Material] = {}
    tint: tuple[str, ...] = ()
    turn: float = 0.0
    variants: Annotated[int, Field(ge=1)] = 1
    outlined: bool = True
    behind: tuple[Piece, ...] = ()
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Order:
    """The thing that a prompt names, its materials in the prompt's colours, and the prompt's words in the singular."""

    name: str
    thing: Thing
    materials: Mapping[str, str]
    words: frozenset[str]

    def pieces(self, variant: int) -> Sequence[Piece]:
        """The pieces to draw for this prompt, the lowest first."""

        def drawn(piece: Piece) -> bool:
            wanted = not piece.when or not self.words.isdisjoint(map(singular, piece.when))
            banned = not self.words.isdisjoint(map(singular, piece.unless))
            return wanted and not banned and (not piece.variant or variant in piece.variant)

        return [piece for piece in (*self.thing.behind, *self.thing.pieces) if drawn(piece)]


def order_of(prompt: str) -> Order | None:
    """The thing that a prompt names, in the colours it names; None where it names nothing that can be drawn."""
    found = names_of_things().find(prompt)
    if found is None:
        return None
    thing, aliases = load_thing(found.entry), table("things/aliases.yaml")
    materials: dict[str, str] = {**table("things/materials.yaml"), **thing.materials}
    words = prompt_words(prompt)
    for word, after in itertools.pairwise(words):
        part = next((each for each in (singular(after), aliases.get(singular(after))) if each in materials), None)
        if word in paints() and part:
            materials[part] = _painted(materials[part], paints()[word])
    said = [paints()[word] for word in found.before if word in paints()]
    for number, each in enumerate(thing.tint if said else ()):
        materials[each] = _painted(materials[each], said[min(number, len(said) - 1)])
    return Order(found.entry, thing, materials, frozenset(map(singular, words)))


def _painted(material: str, paint: str) -> str:
    """The material in the colour of a paint, and in its finish unless that is "any"."""
    color, finish = paint.split()
    return f"{color} {material.split()[1] if finish == 'any' else finish}"


@cache
def load_thing(name: str) -> Thing:
    """A thing by name, with what it has of its base."""
    thing = Thing.model_validate(yaml.load(_texts()[name], yaml.CSafeLoader) or {})
    if not thing.base:
        return thing
    base = load_thing(thing.base)
    own = {name: getattr(thing, name) for name in thing.model_fields_set}
    joined = {
        "materials": {**base.materials, **thing.materials},
        "behind": (*base.behind, *thing.behind),
        "pieces": (*base.pieces, *thing.pieces),
        "variants": max(thing.variants, base.variants),
    }
    return base.model_copy(update={**own, **joined})


@cache
def names_of_things() -> Names:
    """Which thing a prompt names."""
    return Names(named_things, frozenset(_KINDS))


def named_things() -> Iterator[tuple[str, str]]:
    """Each thing with each of its names; those that begin with "_" are bases alone."""
    for name, text in _texts().items():
        if not name.startswith("_"):
            listed = _LISTED.search(text)
            others = listed[1].split(",") if listed else []
            yield from ((name, " ".join(words.split())) for words in (name.replace("_", " "), *others))


@cache
def _texts() -> Mapping[str, str]:
    """The text of each thing."""
    found: dict[str, str] = {}
    for file in sorted(_FOLDER.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml") and file.name not in _SHARED:
            found |= {entry[1]: entry[2] for entry in _ENTRY.finditer(file.read_text("utf-8") + "\n")}
    return found
