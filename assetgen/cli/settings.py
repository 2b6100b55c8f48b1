"""Arguments of parts on the command line: `--set part.argument=value` and `step:argument=value,...`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.images import ImageSet

_LONGEST_SIZE = 20  # characters


def check_text(name: str, text: str) -> None:
    """Raise `InputError` for an argument of bytes that are not UTF-8: only paths can be such bytes."""
    if not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InputError(f"{name} '{text}' is not UTF-8 text", cure="Write it in UTF-8")


def parse_settings(settings: list[str]) -> dict[str, dict[str, object]]:
    """`["pixelate.colors=8"]` as `{"pixelate": {"colors": 8}}`; values are YAML."""
    parts: dict[str, dict[str, object]] = {}
    for setting in settings:
        path, equals, value = setting.partition("=")
        part, dot, argument = path.strip().partition(".")
        if not (equals and dot and part and argument):
            raise InputError(f"--set '{setting}' is not PART.ARGUMENT=VALUE", cure="Write it like pixelate.colors=8")
        parts.setdefault(part, {})[argument] = parse_value(value, f"--set {path}")
    return parts


def parse_arguments(settings: list[str], where: str = "--set") -> dict[str, object]:
    """`["fov=30"]` as `{"fov": 30}`; values are YAML."""
    arguments: dict[str, object] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (equals and key.strip()):
            raise InputError(f"{where}: '{setting}' is not ARGUMENT=VALUE", cure="Write it like padding=1")
        arguments[key.strip()] = parse_value(value, f"{where} {key.strip()}")
    return arguments


def parse_step(text: str) -> tuple[str, dict[str, object]]:
    """`"pixelate:cell=4,colors=8"` as `("pixelate", {"cell": 4, "colors": 8})`; commas in brackets do not split."""
    name, _, tail = text.partition(":")
    return name, parse_arguments(_split(tail), f"step '{text}'")


def parse_price(text: str) -> float:
    """`"2.50/h"` or `"2.50"` as USD an hour; 0 for an empty text."""
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
    if not (width.strip().isdecimal() and height.strip().isdecimal()) or len(text) > _LONGEST_SIZE:
        raise InputError(f"--size '{text}' is not WIDTHxHEIGHT", cure="Write it like 768x512")
    return int(width), int(height)


def parse_value(text: str, where: str) -> object:
    """A YAML value; `#ff8800` is a colour, not a comment."""
    check_text(where, text)
    if text.startswith("#"):
        return text
    from assetgen.pack.yaml_files import parse_yaml

    return parse_yaml(text, where).data if text.strip() else ""


def run_checked(
    kind: Literal["control", "step"],
    name: str,
    arguments: Mapping[str, object],
    *,
    images: "ImageSet | None" = None,
    device: str = "auto",
) -> "ImageSet":
    """Run a step on `images`, or a control, with arguments from the command line, validated like those of a pack."""
    from pydantic import ValidationError

    from assetgen.build.stages import run_part, run_step
    from assetgen.pack.library import library_for
    from assetgen.pack.yaml_files import Document, explain
    from assetgen.parts import load_part

    part, library = load_part(kind, name), library_for(Path())
    palette = arguments.get("palette")
    if "palette" in part.params.model_fields and isinstance(palette, str):
        arguments = {**arguments, "palette": library.palette(palette, Path())}
    try:
        valid = part.params.model_validate(arguments, context={"cards": library.card})
    except ValidationError as error:
        raise explain(error, part.params, Document(name, arguments)) from error
    left_out = {"strength", "start", "end"} if kind == "control" else set()
    values = {key: getattr(valid, key) for key in type(valid).model_fields if key not in left_out}
    if images is not None:
        return run_step(part, name, images, values, device)
    drawn: ImageSet = run_part(part, name, **values)
    return drawn


def write_file(path: Path, data: bytes) -> None:
    """Write a file and print its path."""
    from assetgen.store.atomic import write_atomically

    try:
        write_atomically(path, data)
    except OSError as error:
        raise InputError(f"cannot write '{path}' ({error.strerror})", cure="Name another file with -o") from error
    typer.echo(path)


def _split(text: str) -> list[str]:
    pieces, depth = [""], 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += letter
    return [piece for piece in pieces if piece.strip()]
