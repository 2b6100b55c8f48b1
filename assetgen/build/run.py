"""One build of a pack: lock in, files and lock out. What every door calls."""

import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from assetgen.build.build_lock import build_lock
from assetgen.build.execute import Made, Manner, build_recipes, remembered
from assetgen.build.game import detect_engine, open_target
from assetgen.build.history import measured, remember
from assetgen.build.publish import Target, sweep
from assetgen.build.sampling import Runner, local_runner, no_pause
from assetgen.errors import AssetgenError, BuildError, InputError
from assetgen.events import Differs, Drawn, Emit, Event, Failed, Finished
from assetgen.pack.changes import changes_between, request_entry
from assetgen.pack.inbox import InvalidFiles
from assetgen.pack.library import PackFile
from assetgen.pack.licences import refuse_noncommercial
from assetgen.pack.lock import Lock, LockEntry, lock_path, read_lock, write_lock
from assetgen.pack.recipe import Recipe
from assetgen.pack.renames import plan_with
from assetgen.pixels.fingerprint import SIMILAR, distance
from assetgen.store.store import Store

SHARED = ".assetgen-shared"
"""A name to hold by the right to write into a folder that packs share: a game that starts, a folder of locks."""


@dataclass(frozen=True)
class BuildOptions:
    """How a pack is to be built.

    `only` is a glob of the assets to build. `moving`, where it is not None, is a glob of the assets that may differ
    from the lock: all others are refused where they do ("" lets none differ). A draft has drawings instead of pictures
    by a model, and no lock; what is made `once` has no lock either, and nothing of earlier builds is removed for it.
    `price` is USD an hour of this machine. What forbids commercial use is refused unless the wish allows it.
    """

    only: str = "*"
    draft: bool = False
    overwrite: bool = False
    moving: str | None = None
    once: bool = False
    price: float = 0.0
    allow_noncommercial: bool = False

    @property
    def has_lock(self) -> bool:
        """Whether a lock is kept of it."""
        return not (self.draft or self.once)

    @property
    def prunes(self) -> str:
        """A glob of the assets whose files are removed once they left the pack; "" for none."""
        if self.only != "*" or self.once:
            return ""
        return "*" if self.moving is None else self.moving


@dataclass(frozen=True)
class Machine:
    """Where this machine keeps things: save points, build locks, past times; what it does between batches; on
    which device its models run; and who makes the images, itself or a cluster."""

    store: Store
    locks: Path
    history: Path
    pause: Callable[[], None] = no_pause
    device: str = "auto"
    runner: Runner = local_runner


def build_pack(file: PackFile, game: Path, machine: Machine, emit: Emit, wish: BuildOptions) -> Finished:
    """Build a pack into a game folder and write its lock. Raises what stops the whole; one asset's failure is news."""
    place = lock_path(file)
    locking = build_lock(place, machine.locks, emit, machine.pause) if wish.has_lock else nullcontext()
    with build_lock(game / file.pack.target, machine.locks, emit, machine.pause), locking:
        lock = (read_lock(place) or {}) if not wish.once else {}
        refused: InvalidFiles = {}
        recipes = plan_with(file, lock, engine=detect_engine(game), only=wish.only, draft=wish.draft, refused=refused)
        refuse_noncommercial(recipes, wish.allow_noncommercial)
        with build_lock(game / SHARED, machine.locks, emit, machine.pause):
            target = open_target(file.pack, game, recipes)
        target.sweep()
        return _Rebuild(file, machine, emit, wish, lock, target, refused).run(recipes, place)


@dataclass
class _Rebuild:
    file: PackFile
    machine: Machine
    emit: Emit
    wish: BuildOptions
    lock: Lock
    target: Target
    refused: InvalidFiles

    def run(self, recipes: Sequence[Recipe], place: Path) -> Finished:
        """Refuse, build, compare, lock."""
        failed: set[str] = set()
        drawn: list[Drawn] = []

        def note(event: Event) -> None:
            if isinstance(event, Failed):
                failed.add(event.asset)
            if isinstance(event, Drawn):
                drawn.append(event)
            if not isinstance(event, Finished):
                self.emit(event)

        now = {recipe.name: request_entry(recipe, self.file.folder) for recipe in recipes}
        for refusal in (*self.dropped(), *self.refusals(now)):
            note(refusal)
        allowed = [recipe for recipe in recipes if recipe.name not in failed]
        wish, machine = self.wish, self.machine
        manner = Manner(
            wish.overwrite,
            wish.prunes,
            frozenset(failed),
            wish.price,
            machine.pause,
            machine.device,
            machine.runner,
        )
        finished, made = build_recipes(allowed, self.machine.store, self.target, note, manner)
        by_name = {recipe.name: recipe for recipe in recipes}
        remember(self.machine.history, measured([(by_name[event.asset], event) for event in drawn], finished))
        if self.wish.has_lock:
            blocks = self.blocks([recipe for recipe in allowed if recipe.name not in failed], now, made)
            for event in self.departures(blocks):
                note(event)
            self.write(place, blocks, {*by_name, *self.refused})
        finished = replace(finished, failed=len(failed))
        self.emit(finished)
        return finished

    def dropped(self) -> Iterator[Failed]:
        """Dropped files that cannot be assets. What stands of theirs from before stays."""
        for name, error in self.refused.items():
            if fnmatch.fnmatchcase(name, self.wish.only):
                yield Failed(asset=name, reason=str(error), exit_code=error.exit_code)

    def refusals(self, now: Mapping[str, LockEntry]) -> Iterator[Failed]:
        """What the lock does not describe, where it must. Raises `InputError` where there is no lock to hold to."""
        if self.wish.moving is None:
            return
        if not self.lock and not self.wish.moving:
            what = f"pack '{self.file.pack.pack}' has no lock"
            raise InputError(what, cure="`assetgen build PACK` without --locked writes it")
        for name, block in now.items():
            if self._may_move(name):
                continue
            known = self.lock.get(name)
            why = changes_between(block, known) if known else ["it is not in the lock"]
            if why:
                yield _refused(name, f"the lock does not describe it ({', '.join(why)})")
        if self.wish.only == "*":
            for name in sorted(set(self.lock) - set(now) - set(self.refused)):
                if not self._may_move(name):
                    yield _refused(name, "it is in the lock and no longer in the pack")

    def _may_move(self, name: str) -> bool:
        return self.wish.moving is None or fnmatch.fnmatchcase(name, self.wish.moving)

    def blocks(
        self, recipes: Sequence[Recipe], now: Mapping[str, LockEntry], made: Mapping[str, Made]
    ) -> dict[str, LockEntry]:
        """The blocks of what stands published; a block that still holds is kept as it is, its cost included."""
        found = {}
        for recipe in recipes:
            name = recipe.name
            known = self.lock.get(name)
            if name not in made and known and known.keys == now[name].keys:
                found[name] = known
                continue
            result = made.get(name) or remembered(recipe, self.machine.store, self.target)
            found[name] = _block(now[name], result, known)
        return found

    def departures(self, blocks: dict[str, LockEntry]) -> Iterator[Event]:
        """Files of the same request that came out otherwise than the lock says, as on other hardware.

        Similar ones are news, and their old block is kept, or else two machines would change the lock in turns. Others
        fail where the lock must hold.
        """
        for name, block in list(blocks.items()):
            known = self.lock.get(name)
            if known is None or known.keys != block.keys or known.outputs == block.outputs:
                continue
            both = dict.fromkeys((*block.outputs, *known.outputs))
            paths = tuple(path for path in both if known.outputs.get(path) != block.outputs.get(path))
            looks = [(block.looks.get(path), known.looks.get(path)) for path in paths]
            distance = max(distance(one, other) if one and other else 255.0 for one, other in looks)
            if distance <= SIMILAR:
                blocks[name] = known
                yield Differs(asset=name, files=paths, difference=distance)
            elif not self._may_move(name):
                what = f"{paths[0]} does not look as the lock says (it is {distance:.0f} of 255 away)"
                yield _refused(name, what)

    def write(self, place: Path, blocks: Mapping[str, LockEntry], names: set[str]) -> None:
        """The lock with these blocks; where assets were named, with the old ones of all others."""
        if self.wish.moving == "":
            return
        left = {name for name in set(self.lock) - names if fnmatch.fnmatchcase(name, self.wish.prunes)}
        kept = {name: block for name, block in self.lock.items() if name not in left}
        moved = {name: block for name, block in blocks.items() if self._may_move(name)}
        with build_lock(place.with_name(SHARED), self.machine.locks, self.emit):
            sweep([place.parent])
            if {**kept, **moved} != self.lock or not place.exists():
                write_lock(place, {**kept, **moved})


def _block(now: LockEntry, made: Made, known: LockEntry | None) -> LockEntry:
    """The block of an asset that was published. One that says the same is kept: another build of equal files changes
    no lock. Sampling that was done before keeps its cost, though the store may have lost that."""
    cost = made.cost
    if known and not cost and known.keys.get("sampled") == now.keys["sampled"]:
        cost = known.cost
    block = replace(now, attempt=made.attempt, outputs=made.outputs, looks=made.looks, cost=cost)
    return known if known and (known.keys, known.outputs) == (block.keys, block.outputs) else block


def _refused(name: str, what: str) -> Failed:
    error: AssetgenError = BuildError(what, cure=f"`assetgen build PACK --update {name}` lets it change")
    return Failed(asset=name, reason=str(error), exit_code=error.exit_code)
