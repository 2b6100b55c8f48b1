"""The request that a PNG of assetgen holds, to make the picture again, or variations of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assetgen.errors import InputError
from assetgen.files import read_limited
from assetgen.pack.layers import named_types
from assetgen.pack.recipe import Recipe, Stage
from assetgen.parts import InputFile
from assetgen.pixels.image_files import read_text

_MAX_BYTES = 256_000_000
_APART = ("seed", "model", "hatched")
"""Arguments that a request states in another place."""


@dataclass(frozen=True)
class MadeFrom:
    """What a picture was made from, as `provenance.py` wrote it; `seed` is that of the accepted attempt.

    `source` and `steps` hold the arguments by part (`NAME@VERSION`), with files and model cards by digest.
    """

    preset: str
    prompt: str
    model: str | None
    seed: int | None
    images_key: str
    source: Mapping[str, Any]
    steps: tuple[tuple[str, Mapping[str, Any]], ...]

    @property
    def is_draft(self) -> bool:
        """Whether the picture is a placeholder."""
        return bool(self.source.get("hatched"))

    @property
    def needs_image(self) -> bool:
        """Whether it started from another picture, of which it holds the digest alone."""
        return bool(self.source.get("image"))


def read_made_from(path: Path) -> MadeFrom:
    """The request in a PNG. Raises `InputError` for another file, also for one that no part of assetgen wrote."""
    try:
        data = json.loads(read_text(read_limited(path, _MAX_BYTES))["assetgen"])
        words = dict(data["source"]["words"])
        steps = tuple((str(each["part"]), dict(each["words"])) for each in data["steps"])
        seed, model, key = words.get("seed"), data.get("model"), data["keys"]["images"]
        kinds = ((data["preset"], str), (data["prompt"], str), (model, str | None), (seed, int | None), (key, str))
        if not all(isinstance(value, kind) for value, kind in kinds):
            raise TypeError("a value of another type")
        return MadeFrom(data["preset"], data["prompt"], model, seed, key, words, steps)
    except OSError as error:
        raise InputError(f"cannot read '{path}' ({error.strerror})", cure="Name a PNG file") from error
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        cure = "Name a PNG that assetgen wrote and that no other program saved again"
        raise InputError(f"'{path}' does not hold the request that it was made from", cure=cure) from error


def differing_arguments(made: MadeFrom, recipe: Recipe) -> dict[str, dict[str, object]]:
    """The arguments by alias that make `recipe`, which its preset and prompt alone give, like the picture.

    Left out are files, models, and steps that the preset no longer has: of those the picture holds no values.
    """
    recorded = [(recipe.source, made.source)]
    if len(made.steps) == len(recipe.steps):
        pairs = zip(recipe.steps, made.steps, strict=True)
        recorded += [(stage, words) for stage, (part, words) in pairs if part.startswith(f"step/{stage.name}@")]
    found = {stage.alias: _differing(stage, words) for stage, words in recorded}
    return {alias: arguments for alias, arguments in found.items() if arguments}


def _differing(stage: Stage, words: Mapping[str, Any]) -> dict[str, object]:
    now: Any = stage.identity["words"]
    fields = stage.part.params.model_fields
    return {
        key: value
        for key, value in words.items()
        if key in fields and key not in _APART and now.get(key) != value and _is_plain(value, fields[key].annotation)
    }


def _is_plain(value: Any, annotation: Any) -> bool:
    """Whether a recorded value is the argument itself: no digest of a file or a model, and no path."""
    values = value if isinstance(value, list) else [value]
    return InputFile not in named_types(annotation) and not any(isinstance(each, dict) for each in values)
