"""Make a recipe valid on another machine: input files travel through the store by digest, weights are compared."""

import hashlib
from collections.abc import Callable
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

_DIGITS = 12
"""Of a digest in an error, enough to compare by eye."""


def send_inputs(recipe: Recipe, store: Store, sent: set[str]) -> None:
    """Put the input files of a recipe into the store, except those whose digests are in `sent`.

    Files of members are sent with the members. Raises `InputError` for a file that changed since the pack was read.
    """

    def send(file: InputFile) -> InputFile:
        if file.sha256 not in sent and not store.has("inputs", file.sha256):
            store.write("inputs", file.sha256, {file.path.name: _read(file)})
        sent.add(file.sha256)
        return file

    _map_files(recipe, send)


def _read(file: InputFile) -> bytes:
    try:
        data = file.path.read_bytes()
    except OSError as error:
        raise InputError(f"'{file.path}' cannot be read ({error.strerror})", cure="Build again") from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise InputError(f"'{file.path}' changed while the pack was being built", cure="Build again")
    return data


def fetch_inputs(recipe: Recipe, store: Store, folder: Path) -> Recipe:
    """The recipe with its input files fetched from the store into `folder`.

    Raises `AssetgenError` where a part or the weights differ from those that the recipe was made with.
    """

    def fetch(file: InputFile) -> InputFile:
        path = folder / file.sha256 / file.path.name
        if not path.exists():
            entry = store.read("inputs", file.sha256)
            if entry is None:
                raise BuildError(f"input file '{file.path.name}' is missing in the store", cure="Build again")
            [data] = entry.values()
            write_atomically(path, data)
        return InputFile(path=path, sha256=file.sha256)

    for stage in (recipe.source, *recipe.controls, *recipe.steps, *recipe.checks, recipe.export):
        _check_version(stage)
    for card in recipe.source.cards:
        _check_weights(card.model_dump_json(), tuple(control.control_kind for control in recipe.controls))
    for card in (card for stage in recipe.steps for card in stage.cards):
        _check_weights(card.model_dump_json(), ())
    return _map_files(recipe, fetch)


def _map_files(recipe: Recipe, change: Callable[[InputFile], InputFile]) -> Recipe:
    """The recipe with each of its input files changed, also those in lists and in models such as a LoRA."""

    def changed(value: Any) -> Any:
        match value:
            case InputFile():
                return change(value)
            case BaseModel() if not isinstance(value, ModelCard):
                fields = {name: changed(getattr(value, name)) for name in type(value).model_fields}
                return value.model_copy(update=fields)
            case tuple() | list():
                return type(value)(map(changed, value))
            case Stage():
                return replace(value, arguments={key: changed(item) for key, item in value.arguments.items()})
            case _:
                return value

    stages = ("source", "controls", "steps", "checks", "export")
    return replace(recipe, **{name: changed(getattr(recipe, name)) for name in stages})


def _check_version(stage: Stage) -> None:
    version = stage.part.traits.version
    if version != stage.version:
        what = f"{stage.kind} '{stage.name}' is version {version} on this worker and {stage.version} in the pack"
        raise InputError(what, cure="Install the same packages on every machine")


@cache
def _check_weights(card_json: str, controls: tuple[str, ...]) -> None:
    """Compare weights on disk with the digests in the card; those of the hub are fixed by their revision."""
    card = ModelCard.model_validate_json(card_json)
    for name, location, digest in card.weight_locations(kind for kind in controls if kind in card.controls):
        _compare_digest(name, local_path(location), digest)
    for each in (*card.loras, *card.embeddings):
        _compare_digest(f"{card.model}, {each.name}", each.path, each.digest)


def _compare_digest(name: str, path: Path | None, digest: str | None) -> None:
    if path is None or digest is None:
        return
    cure = "Copy them there, to the same path"
    if not path.exists():
        raise InputError(f"the weights of '{name}' are not at '{path}' on this worker", cure=cure)
    try:
        found = weights_digest(path)
    except OSError as error:
        raise InputError(f"the weights of '{name}' cannot be read on this worker ({error.strerror})") from error
    if found != digest:
        what = f"the weights of '{name}' on this worker differ from the pack's"
        raise InputError(f"{what} (digest {found[:_DIGITS]}…, not {digest[:_DIGITS]}…)", cure=cure)
