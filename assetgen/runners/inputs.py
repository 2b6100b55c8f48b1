"""What a recipe names by a path of one machine, on another one: files travel by their digest, weights are compared."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from assetgen.errors import BuildError, InputError
from assetgen.pack.recipe import Recipe, Stage
from assetgen.pack.schema import ModelCard
from assetgen.pack.weights import local_path, weights_digest
from assetgen.parts import InputFile
from assetgen.store.atomic import write_atomically
from assetgen.store.store import Store

DIGITS = 12
"""Of a digest, for a person to compare."""
Change = Callable[[InputFile], InputFile]


def send_inputs(recipe: Recipe, store: Store, sent: set[str]) -> None:
    """Put the input files of a recipe into the store, each once; `sent` are the digests of those that are there."""
    for file in _files(recipe):
        if file.sha256 in sent:
            continue
        if not store.has("inputs", file.sha256):
            store.write("inputs", file.sha256, {file.path.name: _read(file)})
        sent.add(file.sha256)


def _read(file: InputFile) -> bytes:
    try:
        data = file.path.read_bytes()
    except OSError as error:
        raise InputError(f"'{file.path}' cannot be read ({error.strerror})", cure="Build again") from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise InputError(f"'{file.path}' changed while the pack was being built", cure="Build again")
    return data


def arrived(recipe: Recipe, store: Store, folder: Path) -> Recipe:
    """A recipe from another machine as one of this: its input files fetched into `folder`, its parts and weights
    compared. Raises `AssetgenError` for what differs here."""

    def fetch(file: InputFile) -> InputFile:
        return InputFile(path=_fetched(file, store, folder), sha256=file.sha256)

    for stage in _stages(recipe):
        _check_version(stage)
    card = recipe.source.arguments.get("model")
    if isinstance(card, ModelCard):
        _check_weights(card.model_dump_json(), tuple(control.control_kind for control in recipe.controls))
    return replace(
        recipe,
        source=_with(recipe.source, fetch),
        controls=tuple(_with(stage, fetch) for stage in recipe.controls),
        steps=tuple(_with(stage, fetch) for stage in recipe.steps),
        checks=tuple(_with(stage, fetch) for stage in recipe.checks),
    )


def _fetched(file: InputFile, store: Store, folder: Path) -> Path:
    goal = folder / file.sha256 / file.path.name
    if not goal.exists():
        entry = store.read("inputs", file.sha256)
        if entry is None:
            raise BuildError(f"input file '{file.path.name}' is gone from the store", cure="Build again")
        [data] = entry.values()
        write_atomically(goal, data)
    return goal


def _stages(recipe: Recipe) -> tuple[Stage, ...]:
    return (recipe.source, *recipe.controls, *recipe.steps, *recipe.checks, recipe.export)


def _files(recipe: Recipe) -> Iterator[InputFile]:
    """Every input file of a recipe; those of its members were sent with the members."""
    found: list[InputFile] = []

    def note(file: InputFile) -> InputFile:
        found.append(file)
        return file

    for stage in _stages(recipe):
        _with(stage, note)
    yield from found


def _with(stage: Stage, change: Change) -> Stage:
    return replace(stage, arguments={key: _changed(value, change) for key, value in stage.arguments.items()})


def _changed(value: Any, change: Change) -> Any:
    """A word with its input files changed: itself, or in a list, or in a thing that has one (a LoRA)."""
    match value:
        case InputFile():
            return change(value)
        case ModelCard():
            return value
        case BaseModel():
            fields = {name: getattr(value, name) for name in type(value).model_fields}
            return value.model_copy(update={name: _changed(item, change) for name, item in fields.items()})
        case tuple() | list():
            return type(value)(_changed(item, change) for item in value)
        case _:
            return value


def _check_version(stage: Stage) -> None:
    version = stage.part.traits.version
    if version != stage.version:
        what = f"{stage.kind} '{stage.name}' is version {version} on this worker and {stage.version} in the pack"
        raise InputError(what, cure="Install the same packages on every machine")


@cache
def _check_weights(told: str, controls: tuple[str, ...]) -> None:
    """Weights at a path are those whose digest the card (told as JSON) holds; a hub's revision cannot differ."""
    card = ModelCard.model_validate_json(told)
    for name, location, digest in card.weight_locations(kind for kind in controls if kind in card.controls):
        _compare(name, local_path(location), digest)
    for each in (*card.loras, *card.embeddings):
        _compare(f"{card.model}, {each.name}", each.path, each.digest)


def _compare(name: str, place: Path | None, digest: str | None) -> None:
    if place is None or digest is None:
        return
    cure = "Copy them there, to the same path"
    if not place.exists():
        raise InputError(f"the weights of '{name}' are not at '{place}' on this worker", cure=cure)
    try:
        here = weights_digest(place)
    except OSError as error:
        raise InputError(f"the weights of '{name}' cannot be read on this worker ({error.strerror})") from error
    if here != digest:
        told = f"digest {here[:DIGITS]}…, not {digest[:DIGITS]}…"
        raise InputError(f"the weights of '{name}' on this worker are others than the pack's ({told})", cure=cure)
