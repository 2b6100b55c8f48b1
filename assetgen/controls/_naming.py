"""Which of the things that a control can draw a prompt names, and in which colours."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from assetgen.pack.captions import LINK, name_in

DATA = files("assetgen.controls")
_WORD = re.compile(r"[a-z0-9]+")
_IGNORED = ("a", "an", "the", "and")
_PLURALS = (("ies", "y"), ("es", ""), ("ives", "ife"), ("ves", "f"), ("en", ""))
_SHORT = 3
"""Letters of a word that has no plural ending."""
_NAME_WORDS = 3
"""The most words of a name, such as "bow and arrow" without "and"."""

_SEARCHED = 40
"""Words of a text that are searched, from its end."""


class Named(NamedTuple):
    """The entry that a prompt names, the words that stand before those that name it, and these words."""

    entry: str
    before: list[str]
    said: list[str]


@dataclass(frozen=True)
class Names:
    """The names of what a control can draw, and the last words that say only what kind of picture it is, as `kinds`:
    a "skull icon" shows a skull, a "grass tile" grass. `read` gives each entry with each of its names."""

    read: Callable[[], Iterable[tuple[str, str]]]
    kinds: frozenset[str]

    @cached_property
    def entries(self) -> Mapping[str, str]:
        """The entries by their names, each word in the singular."""
        return {" ".join(map(singular, prompt_words(words))): entry for entry, words in self.read()}

    def find(self, prompt: str) -> Named | None:
        """What a prompt names: by the last words before "of" and details, else by those after "of".

        "A chest of gold with a lock" is a chest, "a loaf of bread" bread, "a bag of coins" a coin bag, and "a giraffe
        parade" nothing.
        """
        head = LINK.split(prompt.lower(), maxsplit=1)[0]
        what, of, whose = name_in(prompt).partition(" of ")
        found = self._match(head)
        if found and any(word.endswith("ing") for word in found.said):  # a fishing rod: "fishing" is no verb here
            return found
        pair = self._match(f"{whose} {what}") if of else None
        if pair and len(pair.said) > 1:
            return pair
        return self._match(what) or self._match(whose)

    def _match(self, text: str) -> Named | None:
        words = prompt_words(text)[-_SEARCHED:]
        for count in range(min(_NAME_WORDS, len(words)), 0, -1):
            if count == 1 and singular(words[-1]) in self.kinds and (found := self._match(" ".join(words[:-1]))):
                return found
            start = " ".join(map(singular, words[-count:-1]))
            names = (f"{start} {last}".strip() for last in _singulars(words[-1]))
            if entry := next((self.entries[name] for name in names if name in self.entries), None):
                return Named(entry, words[:-count], words[-count:])
        participle = len(words) > 1 and words[-1].endswith(("ed", "ing"))  # "a nurse covered in mud", "a wolf howling"
        return self._match(" ".join(words[:-1])) if participle else None


def prompt_words(text: str) -> list[str]:
    """The words of a text in lower case, without articles and "and"."""
    return [word for word in _WORD.findall(text.lower()) if word not in _IGNORED]


def singular(word: str) -> str:
    """The word without the "s" of a plural."""
    return word.removesuffix("s") if len(word) > _SHORT and not word.endswith("ss") else word


def _singulars(word: str) -> Iterator[str]:
    """What a word may be the plural of, or the adjective ("wooden")."""
    yield singular(word)
    for ending, other in _PLURALS:
        if word.endswith(ending):
            yield word.removesuffix(ending) + other


def paints() -> Mapping[str, str]:
    """What a word of a prompt makes of what is drawn: "#rrggbb" and a finish, or "any" finish."""
    colors: Mapping[str, str] = table("things/colors.yaml")
    return colors


@cache
def table(path: str) -> Any:
    """A YAML file of what can be drawn."""
    return yaml.load((DATA / path).read_text("utf-8"), yaml.CSafeLoader)
