"""Does what stands in the game folder still match the lock and the pack? Answered without a model, a store or a GPU."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from assetgen.build.publish import Target, matches
from assetgen.errors import InputError
from assetgen.events import Audited, State
from assetgen.pack.changes import changes_between, request_entry
from assetgen.pack.inbox import InvalidFiles
from assetgen.pack.library import PackFile
from assetgen.pack.licences import noncommercial
from assetgen.pack.lock import LockEntry, lock_path, read_lock
from assetgen.pack.recipe import Recipe
from assetgen.pack.renames import plan_with
from assetgen.pixels.fingerprint import SIMILAR, distance, fingerprint

WORST_FIRST: tuple[State, ...] = ("new", "gone", "stale", "missing", "edited")


def audit(file: PackFile, game: Path, engine: str = "", *, similar: bool = False) -> Iterator[Audited]:
    """A verdict on every asset of the pack and of its lock, sorted.

    With `similar`, pictures that a build published with other bytes are in order where they look as the lock says (see
    `looks`): for files that were built on other hardware. Raises `InputError` where pack or lock cannot be read.
    """
    lock = read_lock(lock_path(file))
    unknown = "its pack has no lock" if lock is None else "it is not in the lock"
    blocks = lock or {}
    target = Target(game, file.pack.target, file.pack.pack)
    refused: InvalidFiles = {}
    recipes = {recipe.name: recipe for recipe in plan_with(file, blocks, engine=engine, refused=refused)}
    for name in sorted({*blocks, *recipes, *refused}):
        recipe, block = recipes.get(name), blocks.get(name)
        if name in refused:
            found: list[tuple[State, str]] = [("stale" if block else "new", str(refused[name]))]
        elif block is None:
            found = [("new", unknown)]
        elif recipe is None:
            found = list(_gone(block, target.root))
        else:
            found = [("stale", reason) for reason in changes_between(request_entry(recipe, file.folder), block)]
            found += _files(recipe, block, target, similar)
            found += [("ok", what) for what in noncommercial(recipe)]
        states = {state for state, _ in found}
        state: State = next((state for state in WORST_FIRST if state in states), "ok")
        yield Audited(asset=name, pack=file.pack.pack, state=state, reasons=tuple(reason for _, reason in found))


def _gone(block: LockEntry, root: Path) -> Iterator[tuple[State, str]]:
    """What is left of an asset that left the pack."""
    yield "gone", "it is no longer in the pack"
    left = [path for path in block.outputs if (root / path).is_file()]
    yield from (("gone", f"{path} is left in the game") for path in left)
    if not left:
        yield "gone", "only its lock entry is left"


def _files(recipe: Recipe, block: LockEntry, target: Target, similar: bool) -> Iterator[tuple[State, str]]:
    """What is wrong with the published files of one asset."""
    owned = recipe.export.part.traits.engine_owned
    published = target.assets.get(recipe.name, {}).get("files", {})
    for path, wanted in block.outputs.items():
        place = target.root / path
        if place.is_symlink() or not place.is_file():
            yield "missing", f"{path} is missing"
            continue
        data = _read(place)
        digest = hashlib.sha256(data).hexdigest()
        if digest == wanted or matches(path, owned):
            continue
        if digest != published.get(path):
            yield "edited", f"{path} was edited by hand"
        elif not _looks(data, block.looks.get(path)):
            yield "stale", f"{path} is of another build, such as a draft"
        elif not similar:
            yield "stale", f"{path} has other bytes and the same look, as from other hardware; --similar accepts it"


def _read(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read '{place}' ({error.strerror})", cure="Get access to it, then check") from error


def _looks(data: bytes, said: str | None) -> bool:
    return said is not None and distance(fingerprint(data), said) <= SIMILAR


def counts(verdicts: Sequence[Audited]) -> Mapping[State, int]:
    """How many assets are in each state, the good one first."""
    states: tuple[State, ...] = ("ok", "stale", "missing", "edited", "gone", "new")
    return {state: n for state in states if (n := sum(verdict.state == state for verdict in verdicts))}
