"""The captions that a model was trained on, and the one that is nearest to a prompt.

A captions file has one caption a line, as the model saw it: `STYLE of a red dragon, monster`. An empty line separates
kinds of pictures (sprites, textures, scenes): a prompt's kind is the one whose captions begin as its template does.

Words are compared by vectors made with mini's text encoder (64 bytes a token, `tests/bench/word_vectors.py`), without
torch. Sums are of integers and quotients are rounded, so that every machine finds the same caption.
"""

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assetgen.pack.weights import BUNDLED_WEIGHTS

_Ints = NDArray[np.int64]
_ONE = 1000
"""The similarity of a word with itself."""
_UNLIKE = 350
"""Words with a cosine of so many thousandths have nothing in common: that of many random pairs."""
_NEAR, _SAME = 400, 500
"""A caption is near, in thousandths, with so much of what the prompt names or a noun so similar."""
_KNOWN_PART = 3
"""Letters. A shorter part of an unknown word says nothing about its meaning."""
_RARE = 450
"""Weight of a word that few captions have."""
_CLASS_SHARE = 3
"""One in so many captions of a name has its class; the light of scenes differs more often."""
SHADES = frozenset(("dark", "light", "pale", "bright", "deep"))
"""Words that belong to the colour that follows."""
_COLOR_SHARE = 6
"""One in so many captions of a thing has its usual colour."""
_MAX_ROWS = 1000
"""Words whose similarities are kept: 40 MB."""
_MAX_WORDS = 40
"""Words of a prompt that are compared."""
_NOUN, _BEFORE_NOUN, _AFTER = 3, 2, 1
"""Weights of the words of a prompt: what it is, words before that, and details that follow."""
_NOUNS_SHARE = 4
"""A colour's name is a noun (snow, tomato) where it is the last word of more than one in four names with it."""
_ARTICLES = "a|an|the"
_LINKS = "with|in|on|and|at|by|from|for|to|under|over|into|near"
_WORD = re.compile(r"[a-z0-9]+")
LINK = re.compile(rf"\b(?:{_LINKS})\b|,")
"""Where the details of a text begin."""
_VERB = re.compile(r"^((?:(?:an?|the) )?(?!(?:an?|the) )\S+(?: \S+)*?) \S+ing \S")
"""A name, then what it does: "a wizard casting a spell"."""
_CLASS = re.compile(r", [a-z0-9]+$")
"""The class at the end of a caption, such as ", monster"; not where it is, as in ", at sunset"."""
_EMPTY = frozenset((*_ARTICLES.split("|"), *_LINKS.split("|"), "of"))
"""Words that join others, without a meaning of their own."""


def words_of(text: str) -> list[str]:
    """The words that carry meaning, in lower case."""
    return [word for word in _WORD.findall(text.lower()) if word not in _EMPTY]


def stem(word: str) -> str:
    """The word without an ending that only changes its form: boots → boot, golden → gold."""
    for ending in ("s", "en"):
        if len(word) > len(ending) + 2 and word.endswith(ending) and not word.endswith("ss"):
            return word.removesuffix(ending)
    return word


def name_in(text: str) -> str:
    """The text up to its details: `a knight` of "a knight with a sword" and of "a knight holding a sword"."""
    name = LINK.split(text.lower(), maxsplit=1)[0].strip()
    found = _VERB.search(name)
    return found[1] if found else name


class WordVectors:
    """Vectors of English words."""

    def __init__(self) -> None:
        folder = BUNDLED_WEIGHTS / "mini"
        self._tokens: dict[str, int] = json.loads((folder / "tokenizer/tokenizer.json").read_bytes())["model"]["vocab"]
        self._rows = np.load(folder / "words.npy")

    def of(self, words: Sequence[str]) -> _Ints:
        """One vector a word, `N×64`; zeros for a word of which the tokenizer knows no part."""
        found = np.zeros((len(words), self._rows.shape[1]), np.int64)
        for row, word in zip(found, words, strict=True):
            for token in self._split(word):
                row += self._rows[token]
        return found

    def _split(self, word: str) -> list[int]:
        """The tokens of a word, as WordPiece splits it; none where one of them is too short to mean anything."""
        tokens, start = [], 0
        while start < len(word):
            pieces = ((end, ("##" if start else "") + word[start:end]) for end in range(len(word), start, -1))
            end, piece = next(((end, piece) for end, piece in pieces if piece in self._tokens), (start, ""))
            if end - start < min(_KNOWN_PART, len(word)):
                return []
            tokens.append(self._tokens[piece])
            start = end
        return tokens


@dataclass(frozen=True)
class Near:
    """A caption without its style.

    `group` is the class, one word, that captions of its name have, such as "monster"; `same` is whether it shows the
    same thing as the prompt, `plain` whether its name has no rare word that the prompt lacks.
    """

    text: str
    group: str
    same: bool
    plain: bool


class Captions:
    """The captions of one kind of pictures. Those that differ in colours alone count as one."""

    def __init__(self, text: str, vectors: WordVectors) -> None:
        self.text = text
        self._vectors = vectors
        lines = (line.partition(" of ") for line in text.split("\n"))
        pairs = sorted((caption, style) for style, of, caption in lines if of)
        parts = {caption: [words_of(part) for part in caption.split(", ", 1)] for caption, _ in pairs}
        self.colors = find_colors(name for name, *_ in parts.values())
        self._styles: dict[tuple[str, ...], set[str]] = {}
        self._rests: dict[tuple[str, ...], list[list[str]]] = {}
        texts: dict[tuple[str, ...], str] = {}
        self._things: dict[str, list[tuple[frozenset[str], list[str], str]]] = {}
        for caption, style in pairs:
            name, content = (
                self._without_colors(words) for words in (parts[caption][0], itertools.chain(*parts[caption]))
            )
            if texts.setdefault(content, caption) == caption and ", " in caption:
                self._rests.setdefault(name, []).append(caption.split(", ")[1:])
            self._styles.setdefault(content, set()).add(style)
            if thing := frozenset(name) - SHADES:
                self._things.setdefault(name[-1], []).append((thing, parts[caption][0], style))
        self._texts, self._split = list(texts.values()), [words or ("",) for words in texts]
        self._words = sorted({word for words in self._split for word in words})
        self._stems = np.array([stem(word) for word in self._words])
        index = {word: number for number, word in enumerate(self._words)}
        self._flat = np.array([index[word] for words in self._split for word in words])
        self._starts = np.cumsum([0, *map(len, self._split)])[:-1]
        nouns = [words.index(_noun(text, words)) for text, words in zip(self._texts, self._split, strict=True)]
        self._nouns = self._starts + nouns
        self._in_name = np.concatenate([np.arange(len(w)) <= noun for w, noun in zip(self._split, nouns, strict=True)])
        self._has_class = np.array([bool(_CLASS.search(text)) for text in self._texts])
        self._counts = Counter(self._stems[self._flat].tolist())
        self._weights = np.array([self._weight(each) for each in self._stems.tolist()])
        self._rows: dict[str, _Ints] = {}

    def content(self, text: str) -> tuple[str, ...]:
        """The words that carry meaning, without colours unless there are only colours."""
        return self._without_colors(words_of(text))

    def _without_colors(self, words: Iterable[str]) -> tuple[str, ...]:
        words = tuple(words)
        return tuple([word for word in words if word not in self.colors]) or words

    def color_of(self, prompt: str, style: str) -> str:
        """The colour of this thing: of those that captions with no other words name, the one of most captions that have
        these words among others.

        "" where the prompt has a colour or details, where no colour or more than one is usual, and where a caption of
        the style has the thing without a colour: the model was trained on it as it is.
        """
        thing = words_of(prompt)
        if not thing or LINK.search(prompt) or not self.colors.isdisjoint(thing):
            return ""
        alone, counts = set[str](), Counter[str]()
        for name, words, of in self._things.get(thing[-1], ()):
            if of == style and words == thing:
                return ""
            if name.issuperset(thing):
                colors = self.colors.intersection(words)
                counts.update(colors or [""])
                alone |= colors if len(name) == len(thing) else set()
        most = max((counts[color] for color in alone), default=0)
        usual = [color for color in alone if counts[color] == most]
        return usual[0] if len(usual) == 1 and most * _COLOR_SHARE >= counts.total() else ""

    def nearest(self, prompt: str, style: str) -> Near | None:
        """The caption nearest to a prompt; None where none is of anything like it.

        The score is the part of the prompt that a caption has, plus parts of: how much of the caption the prompt has,
        how common the other words of its name are, whether both name the same thing, the style, and a class.
        """
        words = list(dict.fromkeys(self.content(prompt)))[:_MAX_WORDS]
        if not words:
            return None
        name, thing = self.content(name_in(prompt)), _noun(prompt, words)
        rarity = [self._weight(stem(word)) for word in words]
        place = [_NOUN if word == thing else _BEFORE_NOUN if word in name else _AFTER for word in words]
        weights = np.array(rarity) * place
        rows = [self._similar(word) for word in words]
        best = np.stack([np.maximum.reduceat(row[self._flat], self._starts) for row in rows])
        has = weights @ best // weights.sum()
        alike, flat = np.maximum.reduce(rows)[self._flat], self._weights[self._flat]
        shared = np.add.reduceat(alike * flat, self._starts) // np.add.reduceat(flat, self._starts)
        foreign = np.maximum.reduceat((_ONE - alike) * flat * self._in_name, self._starts) // _ONE
        same = self._similar(thing)[self._flat[self._nouns]]
        own = np.array([style in each for each in self._styles.values()])
        score = 30 * has + 4 * shared - 20 * foreign + 4 * same + _ONE * own + 3500 * self._has_class
        at = int(np.argmax(score))  # the first of equals: texts are sorted
        named = [
            (weight, share)
            for word, weight, share in zip(words, rarity, best[:, at].tolist(), strict=True)
            if word in name
        ]
        part = sum(weight * share for weight, share in named) // max(1, sum(weight for weight, _ in named))
        if part < _NEAR and best[words.index(thing), at] < _SAME:
            return None
        text = self._texts[at]
        rests = self._rests.get(self.content(text.partition(",")[0]), [])
        counts = Counter(part for part in itertools.chain(*rests) if _WORD.fullmatch(part))
        here = {part: counts[part] for part in text.split(", ")[1:] if counts[part] * _CLASS_SHARE >= len(rests)}
        group, count = max((here or counts).items(), key=lambda pair: (pair[1], pair[0]), default=("", 0))
        return Near(
            text,
            group if count * _CLASS_SHARE >= len(rests) else "",
            bool(same[at] >= _SAME),
            bool(foreign[at] < _RARE),
        )

    def _similar(self, word: str) -> _Ints:
        """How alike a word is to each word of the captions, in 0..1000."""
        if len(self._rows) > _MAX_ROWS:
            self._rows.clear()
        if word not in self._rows:
            vector = self._vectors.of([word])[0]
            lengths = np.sqrt(self._squares.astype(np.float64) * float(vector @ vector))
            cosines = np.rint(_ONE * (self._word_vectors @ vector) / np.maximum(lengths, 1)).astype(np.int64)
            likeness = np.maximum(0, cosines - _UNLIKE) * (_ONE * 9 // 10) // (_ONE - _UNLIKE)
            self._rows[word] = np.where(self._stems == stem(word), _ONE, likeness)
        return self._rows[word]

    @cached_property
    def _word_vectors(self) -> _Ints:
        return self._vectors.of(self._words)

    @cached_property
    def _squares(self) -> _Ints:
        squares: _Ints = (self._word_vectors**2).sum(axis=1)
        return squares

    def _weight(self, each: str) -> int:
        """100 times the logarithm of how rare a word's stem is among the captions."""
        return round(100 * math.log(2 + len(self._texts) / (20 + self._counts[each])))


def _noun(text: str, content: Sequence[str]) -> str:
    """The last word of a text's name that is among its words with meaning."""
    return next((word for word in reversed(words_of(name_in(text))) if word in content), content[-1])


def find_colors(captions: Iterable[Sequence[str]]) -> frozenset[str]:
    """The names of CSS colours that the captions do not use as nouns."""
    from PIL.ImageColor import colormap

    known = colormap.keys() | {f"{name}en" for name in colormap}
    every, last = Counter[str](), Counter[str]()
    for words in captions:
        every.update(known.intersection(words))
        last.update(known.intersection(words[-1:]))
    return frozenset(name for name in known if last[name] * _NOUNS_SHARE <= every[name])
