"""The things that can be drawn: shapes and materials by name, and which one a prompt names, in which colours."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from assetgen.controls._shapes import Piece
from assetgen.pack.captions import LINK, name_in

_FOLDER = files("assetgen.controls") / "things"
_SHARED = ("materials.yaml", "colors.yaml", "aliases.yaml")
_WORD = re.compile(r"[a-z0-9]+")
_ENTRY = re.compile(r"^([a-z0-9_]+):\n((?:[ #].*\n|\n)+)", re.MULTILINE)
"""A thing in a file of things: its name and its text. Only the text of what is drawn is parsed: it takes a second for
all."""
_LISTED = re.compile(r"^  words: \[(.*?)\]", re.MULTILINE | re.DOTALL)
_IGNORED = ("a", "an", "the", "and")
_KINDS = (
    *("icon", "symbol", "sign", "sprite", "effect", "decal", "emoji", "mark", "logo", "item", "character"),
    *("monster", "creature", "enemy", "boss", "pet", "companion"),
)
"""Last words that say what kind of picture it is: a "skull icon" shows a skull."""
_PLURALS = (("ies", "y"), ("es", ""), ("ives", "ife"), ("ves", "f"))
_SHORT = 3
"""Letters of a word that has no plural ending."""
_NAME_WORDS = 3
"""The most words of a name, such as "bow and arrow" without "and"."""
Material = Annotated[str, Field(pattern=r"^#[0-9a-f]{6} [a-z]+$")]
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
    materials: Mapping[str, Material] = {}
    tint: tuple[str, ...] = ()
    turn: float = 0.0
    variants: Annotated[int, Field(ge=1)] = 1
    outlined: bool = True
    behind: tuple[Piece, ...] = ()
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Order:
    """What a prompt orders: a thing, its materials with the prompt's colours, and the stems of the prompt's words."""

    name: str
    thing: Thing
    materials: Mapping[str, str]
    words: frozenset[str]

    def pieces(self, variant: int) -> Sequence[Piece]:
        """The pieces to draw for this prompt, the lowest first."""

        def drawn(piece: Piece) -> bool:
            wanted = not piece.when or not self.words.isdisjoint(map(stem, piece.when))
            banned = not self.words.isdisjoint(map(stem, piece.unless))
            return wanted and not banned and (not piece.variant or variant in piece.variant)

        return [piece for piece in (*self.thing.behind, *self.thing.pieces) if drawn(piece)]


def order_of(prompt: str) -> Order | None:
    """The thing that a prompt names, in the colours it names; None where it names nothing that can be drawn."""
    found = _find(prompt)
    if found is None:
        return None
    name, before = found
    thing = load_thing(name)
    paints, aliases = _table("colors.yaml"), _table("aliases.yaml")
    materials = {**_table("materials.yaml"), **thing.materials}
    words = _WORD.findall(prompt.lower())
    for word, after in itertools.pairwise(words):
        part = next((each for each in (stem(after), aliases.get(stem(after))) if each in materials), None)
        if word in paints and part:
            materials[part] = _painted(materials[part], paints[word])
    said = [paints[word] for word in before if word in paints]
    for number, each in enumerate(thing.tint if said else ()):
        materials[each] = _painted(materials[each], said[min(number, len(said) - 1)])
    return Order(name, thing, materials, frozenset(map(stem, words)))


def _painted(material: str, paint: str) -> str:
    """The material in the colour of a paint, and in its finish unless that is "any"."""
    color, finish = paint.split()
    return f"{color} {material.split()[1] if finish == 'any' else finish}"


def thing_in(prompt: str) -> str | None:
    """The name of the thing that a prompt names: by the last words before "of" and details, else by those after "of".

    "A treasure chest of gold with a lock" is a chest, "a loaf of bread" bread, "a chicken coop" nothing.
    """
    found = _find(prompt)
    return found[0] if found else None


def _find(prompt: str) -> tuple[str, list[str]] | None:
    """The name of the thing in a prompt, and the words that stand before those that name it."""
    head = LINK.split(prompt.lower(), maxsplit=1)[0]
    what, of, whose = name_in(prompt).partition(" of ")
    found = _match(head)
    if found and any(word.endswith("ing") for word in found[2]):  # "a fishing rod": nobody fishes
        return found[:2]
    pair = _match(f"{whose} {what}") if of else None
    if pair and len(pair[2]) > 1:  # "a bag of coins" is a coin bag
        return pair[:2]
    found = _match(what) or _match(whose)
    return found[:2] if found else None


def _match(text: str) -> tuple[str, list[str], list[str]] | None:
    """The thing that the last words of a text name, the words before them, and these words."""
    words = [word for word in _WORD.findall(text) if word not in _IGNORED]
    while words:
        for count in range(min(_NAME_WORDS, len(words)), 0, -1):
            start = " ".join(map(stem, words[-count:-1]))
            names = (f"{start} {last}".strip() for last in _singular(words[-1]))
            if found := next((_names()[name] for name in names if name in _names()), None):
                return found, words[:-count], words[-count:]
        if words.pop() not in _KINDS:
            break
    return None


def _singular(word: str) -> Iterator[str]:
    """What a word may be the plural of."""
    yield stem(word)
    for ending, other in _PLURALS:
        if word.endswith(ending):
            yield word.removesuffix(ending) + other


def stem(word: str) -> str:
    """The word without the ending of a plural."""
    return word.removesuffix("s") if len(word) > _SHORT and not word.endswith("ss") else word


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
def _names() -> Mapping[str, str]:
    """The names of things by the stems of the words that name them."""
    return {" ".join(map(stem, words.split())): name for name, words in named_things()}


def named_things() -> Iterator[tuple[str, str]]:
    """Each thing with each of its names, in lower case without "and"; those that begin with "_" are bases alone."""
    for name, text in _texts().items():
        if name.startswith("_"):
            continue
        listed = _LISTED.search(text)
        others = listed[1].split(",") if listed else []
        for words in (name.replace("_", " "), *others):
            yield name, " ".join(word for word in words.split() if word != "and")


@cache
def _texts() -> Mapping[str, str]:
    """The text of each thing."""
    found: dict[str, str] = {}
    for file in sorted(_FOLDER.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml") and file.name not in _SHARED:
            found |= {entry[1]: entry[2] for entry in _ENTRY.finditer(file.read_text("utf-8") + "\n")}
    return found


@cache
def _table(name: str) -> Mapping[str, str]:
    read: Mapping[str, Any] = yaml.load((_FOLDER / name).read_text("utf-8"), yaml.CSafeLoader)
    return read
