"""One build of a project: lock in, files and lock out. Every command and server job that builds calls `build_pack`."""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

from pydantic import JsonValue

from assetgen.build.build_lock import build_lock
from assetgen.build.execute import Made, build_recipes, made_before
from assetgen.build.free_names import with_free_names
from assetgen.build.history import measured, record
from assetgen.build.lock_rules import LockRules, compare_outputs, differing_paths, refusal
from assetgen.build.options import BuildOptions
from assetgen.build.ownership import claim_target
from assetgen.build.precision import with_number_formats
from assetgen.build.publish import Target, open_target, sweep
from assetgen.build.status import AssetStatus, asset_statuses
from assetgen.errors import InputError
from assetgen.events import Differs, Drawn, Emit, Event, Failed, Finished, Warned, failed
from assetgen.machine import Machine
from assetgen.pack.changes import wrong_facts
from assetgen.pack.licences import check_licences
from assetgen.pack.lock import LockEntry, write_lock
from assetgen.pack.project import Plan, Project
from assetgen.pack.recipe import Recipe
from assetgen.pack.references import reference_notes

SHARED = ".assetgen-shared"
"""Lock name for folders that packs share: a game that is being created, a folder of pack locks."""


def build_pack(project: Project, machine: Machine, options: BuildOptions, emit: Emit) -> Finished:
    """Build a project and write its lock. An asset that fails is a `Failed` event; what stops the build is raised."""
    game, pack = project.game, project.pack
    if not options.new_game:
        project.check_game()
    waiting = (machine.locks, emit, machine.pause)
    locking = build_lock(project.lock_path, *waiting) if options.has_lock else nullcontext()
    with build_lock(game / pack.target, *waiting), locking:
        plan = project.plan(options.only, draft=options.draft, use_lock=not options.once)
        check_licences(plan.recipes, project.studio, emit, allowed=options.allow_noncommercial)
        plan = replace(plan, recipes=with_number_formats(plan.recipes, machine))
        for note in dict.fromkeys(note for recipe in plan.recipes for note in reference_notes(recipe)):
            emit(Warned(reason=note))
        with build_lock(game / SHARED, *waiting):
            target = open_target(game, pack, plan.recipes)
        if options.once and not options.overwrite:
            plan = replace(plan, recipes=with_free_names(plan.recipes, target))
        if not options.once:
            claim_target(project, plan, target, machine.locks)
        target.sweep()
        return _PackBuild(project, machine, options, emit, plan, target).run()


@dataclass
class _PackBuild:
    """The state of one build."""

    project: Project
    machine: Machine
    options: BuildOptions
    emit: Emit
    plan: Plan
    target: Target
    failed: set[str] = field(default_factory=set)
    drawn: list[Drawn] = field(default_factory=list)

    def run(self) -> Finished:
        """Refuse what may not change, build the rest, compare with the lock, write the lock."""
        statuses = asset_statuses(self.plan, self.project.file.folder)
        for refused in (*self.invalid_files(), *self.refusals(statuses)):
            self.note(refused)
        recipes = {recipe.name: recipe for recipe in self.plan.recipes}
        allowed = [recipe for recipe in recipes.values() if recipe.name not in self.failed]
        rules = replace(self.rules, refused=frozenset(self.failed))
        finished, made = build_recipes(allowed, self.target, self.machine, self.options, self.note, rules)
        samples = [(recipes[event.asset], event) for event in self.drawn]
        record(self.machine.history, measured(samples, finished))
        if self.options.has_lock:
            requests = {name: status.request for name, status in statuses.items() if status.request}
            entries = self.entries([recipe for recipe in allowed if recipe.name not in self.failed], requests, made)
            for event in self.differing(entries):
                self.note(event)
            self.write_lock(entries)
        finished = replace(finished, failed=len(self.failed))
        self.emit(finished)
        return finished

    @cached_property
    def rules(self) -> LockRules:
        """What the lock means for this build."""
        return LockRules(self.plan.lock, self.options.update)

    def note(self, event: Event) -> None:
        """Pass an event on, and keep what the end of the build needs of it."""
        if isinstance(event, Failed):
            self.failed.add(event.asset)
        if isinstance(event, Drawn):
            self.drawn.append(event)
        if not isinstance(event, Finished):
            self.emit(event)

    def invalid_files(self) -> Iterator[Failed]:
        """Inbox files that cannot be assets. Files published from them before stay."""
        for name, error in self.plan.invalid.items():
            if fnmatch.fnmatchcase(name, self.options.only):
                yield failed(error, name)

    def refusals(self, statuses: Mapping[str, AssetStatus]) -> Iterator[Failed]:
        """Assets that differ from the lock and may not. Raises `InputError` where there is no lock to compare with."""
        if self.options.update is None:
            return
        if not self.plan.lock and not self.options.update:
            what = f"pack '{self.project.pack.pack}' has no lock"
            raise InputError(what, cure="`assetgen build PACK` without --locked writes it")
        for name, status in statuses.items():
            if self.rules.may_change(name):
                continue
            if status.recipe:
                reasons = status.changes if status.locked else ("it is not in the lock",)
                if reasons:
                    yield failed(refusal(name, f"the lock does not describe it ({', '.join(reasons)})"), name)
            elif self.options.only == "*" and not status.error:
                yield failed(refusal(name, "it is in the lock and no longer in the pack"), name)

    def entries(
        self, recipes: Sequence[Recipe], requests: Mapping[str, LockEntry], made: Mapping[str, Made]
    ) -> dict[str, LockEntry]:
        """The lock entries of published assets; one that still holds is kept as it is, its cost included."""
        found = {}
        for recipe in recipes:
            request, locked = requests[recipe.name], self.plan.lock.get(recipe.name)
            if recipe.name not in made and locked and self.still_holds(request, locked, recipe.name):
                found[recipe.name] = locked
                continue
            result = made.get(recipe.name) or made_before(recipe, self.machine.store, self.target)
            found[recipe.name] = _entry(request, result, locked)
        return found

    def still_holds(self, request: LockEntry, locked: LockEntry, name: str) -> bool:
        """Whether the lock entry of an asset that this build did not make describes it. Where the lock must hold, the
        files of earlier builds are compared, too."""
        is_checked = self.options.update is not None
        same_files = not is_checked or self.target.assets[name].files == locked.outputs
        return same_files and locked.keys == request.keys and not wrong_facts(request, locked)

    def differing(self, entries: dict[str, LockEntry]) -> Iterator[Event]:
        """Assets of an unchanged request whose files differ from the lock, as on other hardware.

        Those of the same look keep their old entry, or else two machines would change the lock in turns. Where the lock
        must hold, those of another look fail, and those that were sampled on its own class of machine.
        """
        for name, entry in list(entries.items()):
            locked = self.plan.lock.get(name)
            if locked is None or locked.keys != entry.keys or locked.outputs == entry.outputs:
                continue
            found = compare_outputs(entry.outputs, entry.looks, locked, self.target.assets[name].machine)
            if found and found.is_similar:
                entries[name], paths = locked, differing_paths(entry.outputs, locked)
                yield Differs(asset=name, files=paths, difference=found.difference, other_hardware=not found.reason)
            if found and found.reason and not self.rules.may_change(name):
                yield failed(refusal(name, found.reason), name)

    def write_lock(self, entries: Mapping[str, LockEntry]) -> None:
        """Write the lock: these entries, and the old ones of assets that this build did not concern."""
        if self.options.update == "":
            return
        old = self.plan.lock
        current = {*self.plan.invalid, *(recipe.name for recipe in self.plan.recipes)}
        gone = {name for name in set(old) - current if fnmatch.fnmatchcase(name, self.options.prune)}
        kept = {name: entry for name, entry in old.items() if name not in gone}
        new = {**kept, **{name: entry for name, entry in entries.items() if self.rules.may_change(name)}}
        path = self.project.lock_path
        with build_lock(path.with_name(SHARED), self.machine.locks, self.emit):
            sweep([path.parent])
            if new != old or not path.exists():
                write_lock(path, new)


def _entry(request: LockEntry, made: Made, locked: LockEntry | None) -> LockEntry:
    """The lock entry of an asset that was published. An equal old entry is kept: another build of equal files changes
    no lock. Images that were sampled before keep their cost, though the store may have lost it."""
    cost = cast(Mapping[str, JsonValue], made.cost)
    if locked and not cost and locked.keys.get("sampled") == request.keys["sampled"]:
        cost = locked.cost
    entry = replace(request, attempt=made.attempt, outputs=made.outputs, looks=made.looks, cost=cost)
    is_same = locked and (locked.keys, locked.outputs) == (entry.keys, entry.outputs)
    return locked if locked and is_same and not wrong_facts(request, locked) else entry
