"""Complete prompts from the captions that a model was trained on: small models understand little else.

The prompt keeps its words and their order. A caption that has all of them replaces it, with the colours that the user
gave in place of its own; of any other caption the name of the thing and its class are added.
"""

import itertools
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from assetgen.errors import InputError
from assetgen.files import read_limited
from assetgen.pack.captions import SHADES, Captions, Near, WordVectors, name_in, stem, words_of

_MAX_BYTES = 20_000_000
_TOKEN = re.compile(r"[^\s,]+|,")


@dataclass(frozen=True)
class CompletedPrompt:
    """What became of a prompt. `near` is whether the model was trained on anything like it."""

    prompt: str
    near: bool


@dataclass
class CaptionFile:
    """The captions of a model, by kind of picture. Kinds are read when a prompt of theirs is completed."""

    path: Path
    _kinds: dict[str, Captions | None] = field(default_factory=dict)
    _done: dict[tuple[str, str, bool], CompletedPrompt] = field(default_factory=dict)

    def complete(self, prompt: str, style: str, *, colors: bool = False) -> CompletedPrompt | None:
        """A prompt completed for a style ("pixel art sprite"); None where no caption has this style.

        With `colors`, "a heart" becomes "a red heart" where the captions name a heart's colour. Raises `InputError` for
        a file that cannot be read.
        """
        if style not in self._kinds:
            text = next((text for text in self._texts if f"\n{style} of " in text), None)
            known = next((kind for kind in self._kinds.values() if kind and kind.text is text), None)
            self._kinds[style] = known or (Captions(text, self._vectors) if text else None)
        captions = self._kinds[style]
        key = (style, prompt, colors)
        if captions and key not in self._done:
            color = captions.color_of(prompt, style) if colors else ""
            whole = _Words(prompt, captions.colors).with_color(color) if color else prompt
            self._done[key] = _complete(whole, captions, style)
        return self._done.get(key)

    @cached_property
    def _texts(self) -> list[str]:
        """The captions of each kind, each on a line that begins with a line break."""
        try:
            data = read_limited(self.path, _MAX_BYTES)
            if self.path.suffix == ".gz":
                unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
                data = unpack.decompress(data, _MAX_BYTES)
                if not unpack.eof:
                    raise ValueError("truncated, or larger than the limit")
            text = data.decode()
        except (OSError, ValueError, zlib.error) as error:
            why = getattr(error, "strerror", None) or f"no UTF-8 text of {_MAX_BYTES // 1_000_000} MB at most"
            what = f"cannot read the captions '{self.path}' ({why})"
            raise InputError(what, cure="Write one caption a line, with an empty line between kinds") from error
        return ["\n" + part for part in text.replace("\r\n", "\n").split("\n\n")]

    @cached_property
    def _vectors(self) -> WordVectors:
        return WordVectors()


def _complete(prompt: str, captions: Captions, style: str) -> CompletedPrompt:
    asked = _Words(prompt, captions.colors)
    near = captions.nearest(asked.plain, style)
    if near is None:
        return CompletedPrompt(prompt, near=False)
    text = _Words(near.text, captions.colors)
    if near.plain and _in_order(asked.stems, text.stems):
        name, *rest = text.with_colors_of(asked).split(", ")
        parts = [name, *(list(filter(asked.share, rest)) or [near.group])]
    else:
        parts = [*prompt.split(", "), *(_additions(asked, near, text.plain) if near.same else ())]
    return CompletedPrompt(", ".join(dict.fromkeys(filter(None, parts))), near=True)


def _in_order(words: Sequence[str], among: Sequence[str]) -> bool:
    """Whether all words stand among others, in the same order."""
    rest = iter(among)
    return all(word in rest for word in words)


def _additions(asked: "_Words", near: Near, caption: str) -> Iterator[str]:
    """The name of a caption's thing where the prompt has another word for it, and its class."""
    short = name_in(caption)
    if near.plain and stem(words_of(short)[-1]) not in asked.stems:
        yield re.sub(r"^(?:an?|the) ", "", short)
    yield near.group


class _Words:
    """A text as words and commas; `colored` marks colours, their shades, and what joins two of them."""

    def __init__(self, text: str, colors: frozenset[str]) -> None:
        self._words = _TOKEN.findall(text)
        lower = [word.lower() for word in self._words]
        colored = [word in colors for word in lower]
        for at, word in enumerate(lower[:-1]):
            joins = word in SHADES or (word == "and" and at > 0 and lower[at - 1] in colors)
            colored[at] |= joins and lower[at + 1] in colors
        empty = not words_of(" ".join(word for word, color in zip(lower, colored, strict=True) if not color))
        self.colored = [False] * len(colored) if empty else colored

    @cached_property
    def stems(self) -> list[str]:
        """The stems of the words that carry meaning, colours aside."""
        return [stem(word) for word in words_of(self.plain)]

    def share(self, part: str) -> bool:
        """Whether the text has a word of `part`."""
        return not {*self.stems}.isdisjoint(map(stem, words_of(part)))

    @cached_property
    def plain(self) -> str:
        """The text without colours: `a knight in armour` of "a blue knight in grey and white armour, brown"."""
        return _joined([word for word, color in zip(self._words, self.colored, strict=True) if not color])

    def colors(self) -> Iterator[tuple[str, str]]:
        """Each colour with the stem of the word that it describes, the next one; "" where a text ends with it."""
        runs = itertools.groupby(zip(self._words, self.colored, strict=True), key=lambda pair: pair[1])
        found = [(color, [word for word, _ in run]) for color, run in runs]
        for (color, words), (_, rest) in itertools.pairwise([*found, (False, [","])]):
            if color:
                yield " ".join(words), "".join(map(stem, words_of(rest[0])[:1]))

    def with_colors_of(self, other: "_Words") -> str:
        """The text with another one's colours: each before the noun phrase of the word that it describes, else before
        the first."""
        return self._with(other.colors())

    def with_color(self, color: str) -> str:
        """The text with this colour before its first noun phrase."""
        return self._with([(color, "")])

    def _with(self, colors: Iterable[tuple[str, str]]) -> str:
        words = _TOKEN.findall(self.plain)
        for color, described in colors:
            stems = [stem(word) for word in map(str.lower, words)]
            at = (
                stems.index(described)
                if described in stems
                else next(i for i, word in enumerate(words) if words_of(word))
            )
            while at and words_of(words[at - 1]):
                at -= 1
            words[at:at] = [color]
        return _joined(words)


def _joined(words: Sequence[str]) -> str:
    """Words and commas as a text, without empty parts, and with the articles that fit."""
    parts = [part.strip() for part in " ".join(words).split(",")]
    text = ", ".join(part for part in parts if words_of(part))
    return re.sub(r"\b(a|an) (?=(\w))", lambda found: "an " if found[2].lower() in "aeiou" else "a ", text)
