"""The package is written in the vocabulary of its field; these words have been replaced and must not come back."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORDS = {
    "bells?": "notifier",
    "dawdles?": "is slow",
    "desks?": "context",
    "hear(s|d)?": "read, receive, support",
    "let(s|ting)? go": "unload, release",
    "manners?": "options",
    "nobody|whoever": "name the actor, or use the passive",
    "obey(s|ed)?": "follow, be conditioned on",
    "speaks?|spoken": "return, support",
    "strangers?": "untrusted client, third party",
    "tastes?": "choices, defaults",
    "told|tell(s|ing)?": "report, record, show",
    "unwant(ed|s)?": "negative",
    "wears|wearing|wore|worn": "active, applied",
    "wish(es|ed)?": "options, request",
    "yardsticks?": "baseline",
}
"""What to write instead, by a regular expression of the word."""
ALLOWED: dict[str, set[str]] = {}
"""Lines of code that may contain a word, by its regular expression."""


def found(pattern: str, text: str) -> list[int]:
    """The numbers of the lines that contain a word, in any case, also within names like `told_guidance`."""
    word = re.compile(rf"(?<![a-z])({pattern})(?![a-z])", re.IGNORECASE)
    lines = re.sub(r"([a-z])([A-Z])", r"\1 \2", text).splitlines()
    return [number for number, line in enumerate(lines, 1) if word.search(line)]


@pytest.mark.parametrize("word", WORDS)
def test_a_replaced_word_is_not_used(word: str) -> None:
    uses = []
    for module in sorted((ROOT / "assetgen").rglob("*.py")):
        text = module.read_text()
        lines = [(number, text.splitlines()[number - 1].strip()) for number in found(word, text)]
        uses += [f"{module.relative_to(ROOT)}:{n}: {line}" for n, line in lines if line not in ALLOWED.get(word, ())]
    assert uses == [], f"write instead: {WORDS[word]}"


def test_words_are_found_in_sentences_and_in_names() -> None:
    text = "# it tells\nbell = 1\nlabels = doorbell\ntold_guidance = Told()\nclass WasTold: ...\nuntold\n"
    assert (found("bell", text), found("told|tells", text)) == ([2], [1, 4, 5])
