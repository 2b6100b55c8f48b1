"""`--set part.argument=value` and `step:argument=value,…` as the mappings that packs write."""

from typing import Any

from assetgen.errors import InputError


def parse_settings(settings: list[str]) -> dict[str, dict[str, Any]]:
    """`["pixelate.colors=8"]` as `{"pixelate": {"colors": 8}}`; values are YAML."""
    parts: dict[str, dict[str, Any]] = {}
    for setting in settings:
        path, equals, value = setting.partition("=")
        part, dot, argument = path.strip().partition(".")
        if not (equals and dot and part and argument):
            raise InputError(f"--set '{setting}' is not PART.ARGUMENT=VALUE", cure="Write it like pixelate.colors=8")
        parts.setdefault(part, {})[argument] = parse_value(value, f"--set {path}")
    return parts


def parse_words(settings: list[str], where: str = "--set") -> dict[str, Any]:
    """`["fov=30"]` as `{"fov": 30}`."""
    words: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (equals and key.strip()):
            raise InputError(f"{where}: '{setting}' is not ARGUMENT=VALUE", cure="Write it like padding=1")
        words[key.strip()] = parse_value(value, f"{where} {key.strip()}")
    return words


def parse_step(text: str) -> tuple[str, dict[str, Any]]:
    """`"pixelate:cell=4,colors=8"` as `("pixelate", {"cell": 4, "colors": 8})`; brackets keep their commas."""
    name, _, tail = text.partition(":")
    return name, parse_words(_split(tail), f"step '{text}'")


def parse_price(text: str) -> float:
    """`"2.50/h"` or `"2.50"` as USD an hour; 0 for no word."""
    amount = text.strip().removeprefix("$").removesuffix("/h").strip()
    try:
        price = float(amount or 0)
    except ValueError:
        price = -1.0
    if not 0 <= price < float("inf"):
        raise InputError(f"--price '{text}' is not a price an hour", cure="Write it like 2.50/h")
    return price


def parse_size(text: str) -> tuple[int, int]:
    """`"768x512"` as width and height in pixels."""
    width, _, height = text.lower().replace("×", "x").partition("x")
    if not (width.strip().isdecimal() and height.strip().isdecimal()):
        raise InputError(f"--size '{text}' is not WIDTHxHEIGHT", cure="Write it like 768x512")
    return int(width), int(height)


def parse_value(text: str, where: str) -> Any:
    """A YAML value from a word of the command line; `#ff8800` is a colour, not a comment."""
    if text.startswith("#"):
        return text
    from assetgen.pack.yaml_files import parse_yaml

    return parse_yaml(text, where).data if text.strip() else ""


def _split(text: str) -> list[str]:
    pieces, depth = [""], 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += letter
    return [piece for piece in pieces if piece.strip()]
