"""File names from words: letters of other scripts are transliterated, so that they are valid everywhere."""

import re
import unicodedata

MOST = 60
GERMAN = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "å": "a", "đ": "d", "ð": "d"}
OTHERS = {"þ": "th", "ł": "l", "ı": "i"}
CYRILLIC = (
    "аa бb вv гg дd еe жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch ъ ыy ь эe юyu яya "
    "ёyo єye іi їyi ґg ўu јj љlj њnj ћc ђdj џdz"
)
GREEK = "αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo"
LETTERS = GERMAN | OTHERS | {word[0]: word[1:] for word in f"{CYRILLIC} {GREEK}".split()}
SPOKEN = ("HIRAGANA LETTER ", "KATAKANA LETTER ", "HANGUL SYLLABLE ")
"""Unicode names whose last word is the sound of the letter."""


def file_name(words: str) -> str:
    """`Rote Äpfel` as `rote_aepfel`, `меч` as `mech`; "" if nothing is left."""
    plain = "".join(_plain(letter) for letter in unicodedata.normalize("NFC", words.lower()))
    return re.sub(r"[^a-z0-9]+", "_", plain)[:MOST].strip("_")


def _plain(letter: str) -> str:
    if letter.isascii() or letter in LETTERS:
        return LETTERS.get(letter, letter)
    name = unicodedata.name(letter, "")
    if name.startswith(SPOKEN):
        return name.removeprefix("HANGUL SYLLABLE ").split()[-1].lower()
    base = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    if base != letter:
        return "".join(_plain(part) for part in base)
    kind = unicodedata.category(letter)
    return f"{ord(letter):x}" if kind == "Lo" else "" if kind == "Lm" else "_"
