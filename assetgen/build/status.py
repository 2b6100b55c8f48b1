"""What must be done for each asset, and why: `plan` prints it, `check` judges it, `build` executes it."""

import fnmatch
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_args

from assetgen.build.attempts import Attempt, finished_attempt, first_attempt
from assetgen.build.comparison import CompareBy, compare
from assetgen.build.file_ids import check_file_ids
from assetgen.build.history import Forecast, forecast, read_history
from assetgen.build.lock_rules import LockRules
from assetgen.build.manifest import UNPUBLISHED
from assetgen.build.publish import Target, matches
from assetgen.errors import AssetgenError, InputError
from assetgen.events import AssetState, Audited, Surveyed, Work
from assetgen.machine import Machine
from assetgen.pack.changes import changes_between, request_entry
from assetgen.pack.licences import licence_notes
from assetgen.pack.lock import LockEntry
from assetgen.pack.motions import motion_notes
from assetgen.pack.project import Plan, Project
from assetgen.pack.recipe import Recipe, models_in_use
from assetgen.pack.references import reference_notes
from assetgen.pack.source import prompted
from assetgen.pack.starts import start_notes
from assetgen.pixels.fingerprint import fingerprints_of
from assetgen.store.store import Store

MAKES_FILES: tuple[Work, ...] = ("sample", "finish", "export")
WORST_FIRST: tuple[AssetState, ...] = (
    "new", "gone", "stale", "missing", "edited", "differs", "ok (other hardware)"
)  # fmt: skip


@dataclass(frozen=True)
class AssetStatus:
    """One asset as its pack requests it and as the lock records it.

    `recipe` and `request` (the lock entry that a build of it would write, outputs aside) are None for an asset that
    left the pack and for an inbox file that cannot be an asset; the latter has an `error`.
    """

    name: str
    recipe: Recipe | None
    request: LockEntry | None
    locked: LockEntry | None
    error: InputError | None = None

    @cached_property
    def changes(self) -> tuple[str, ...]:
        """How the request differs from the lock, one short reason each."""
        if self.request is None or self.locked is None:
            return ()
        return tuple(changes_between(self.request, self.locked))


def asset_statuses(plan: Plan, folder: Path) -> dict[str, AssetStatus]:
    """Every asset of the plan and of its lock, sorted by name; `folder` is the pack's."""
    recipes = {recipe.name: recipe for recipe in plan.recipes}
    return {
        name: AssetStatus(
            name,
            recipe := recipes.get(name),
            request_entry(recipe, folder) if recipe else None,
            plan.lock.get(name),
            plan.invalid.get(name),
        )
        for name in sorted({*plan.lock, *recipes, *plan.invalid})
    }


def work_needed(recipes: Sequence[Recipe], store: Store, target: Target) -> dict[str, Work]:
    """The work left for each recipe, by name: that of the nearest result that the target or the store has."""
    work: dict[str, Work] = {recipe.name: _work(recipe, store, target) for recipe in recipes}
    making = [recipe for recipe in recipes if work[recipe.name] in MAKES_FILES]
    for member in lost_members(making, store):
        if work.get(member.name) not in MAKES_FILES:
            work[member.name] = work_from_store(first_attempt(member, store), store)
    return work


def _work(recipe: Recipe, store: Store, target: Target) -> Work:
    if target.is_current(recipe.name, recipe.files_key):
        return "reuse"
    return "publish" if store.has("files", recipe.files_key) else work_from_store(first_attempt(recipe, store), store)


def work_from_store(attempt: Attempt, store: Store) -> Work:
    """The work that makes an asset's files from what the store has of an attempt."""
    if store.has("images", attempt.images_key):
        return "export"
    return "finish" if store.has("sampled", attempt.sampled_key) else "sample"


def lost_members(recipes: Sequence[Recipe], store: Store) -> list[Recipe]:
    """The members of these recipes, and theirs, whose finished images the store does not have; deepest first."""
    lost: dict[str, Recipe] = {}
    for recipe in recipes:
        for member in recipe.members:
            if member.name not in lost and not finished_attempt(member, store):
                lost |= {each.name: each for each in (*lost_members([member], store), member)}
    return list(lost.values())


@dataclass(frozen=True)
class MissingWeights:
    """A model of the plan whose weights, or those of the controls in use, are not whole on this machine.

    `reason` is a sentence with the command that downloads them; `download` is their size in GB, without controls, as
    the model card states it.
    """

    model: str
    reason: str
    download: float | None


@dataclass(frozen=True)
class PlanReport:
    """The work left for each asset, a forecast of what it takes, and the weights to be downloaded before."""

    assets: tuple[Surveyed, ...]
    forecast: Forecast
    missing: tuple[MissingWeights, ...] = ()


def plan_report(project: Project, machine: Machine, only: str = "*") -> PlanReport:
    """What a build would do, without doing it. Raises `InputError` where pack or lock cannot be read."""
    plan = project.plan(only)
    target = Target(project.game, project.pack.target, project.pack.pack)
    statuses = asset_statuses(plan, project.file.folder)
    work, studio = work_needed(plan.recipes, machine.store, target), project.studio
    check_file_ids([recipe for recipe in plan.recipes if work[recipe.name] != "reuse"], target)
    found = []
    users: defaultdict[str, list[str]] = defaultdict(list)
    for recipe in plan.recipes:
        for member in recipe.members if work[recipe.name] in MAKES_FILES else ():
            users[member.name].append(recipe.name)
    for recipe in plan.recipes:
        left = work[recipe.name]
        reasons = [] if left == "reuse" else [*_reasons(statuses[recipe.name], recipe, target, users[recipe.name])]
        reasons += (
            (*licence_notes(recipe, studio), *reference_notes(recipe), *start_notes(recipe), *motion_notes(recipe))
            if reasons
            else ()
        )
        if left == "sample" and (event := prompted(recipe)):
            reasons.append(event.text)
        found.append(Surveyed(asset=recipe.name, work=left, reasons=tuple(reasons)))
    invalid = fnmatch.filter(plan.invalid, only)
    found += [Surveyed(asset=name, work="fail", reasons=(str(plan.invalid[name]),)) for name in invalid]
    if only == "*":
        left_pack = sorted(set(target.assets) - {each.asset for each in found})
        found += [Surveyed(asset=name, work="remove", reasons=("it is no longer in the pack",)) for name in left_pack]
    to_sample = [recipe for recipe in plan.recipes if work[recipe.name] == "sample"]
    to_finish = [recipe for recipe in plan.recipes if work[recipe.name] == "finish"]
    making = sum(each in MAKES_FILES for each in work.values())
    rules = LockRules(plan.lock)
    starts = [rules.start(recipe, machine.store) for recipe in to_sample]
    expected = forecast(starts, making, read_history(machine.history))
    return PlanReport(tuple(found), expected, tuple(_missing_weights(to_sample, to_finish)))


def _missing_weights(to_sample: Sequence[Recipe], to_finish: Sequence[Recipe]) -> Iterator[MissingWeights]:
    """The models that these recipes use and that cannot be loaded, each once."""
    from assetgen.diffusion.loading.weight_files import check_model

    for card, kinds in models_in_use(to_sample, to_finish):
        try:
            check_model(card, kinds)
        except AssetgenError as error:
            yield MissingWeights(card.model, str(error), card.facts.download)


def _reasons(status: AssetStatus, recipe: Recipe, target: Target, users: Sequence[str]) -> Iterator[str]:
    """Why an asset has work left; `users` are the assets to make that it is a member of."""
    if target.is_current(recipe.name, recipe.files_key):
        yield f"'{users[0]}' needs its images"
    elif status.locked is None:
        name = recipe.facts.seed_name or recipe.name
        yield "it is not in the lock" if name == recipe.name else f"it has the picture of '{name}', renamed"
    elif status.changes:
        yield from status.changes
    elif recipe.name in target.assets and target.assets[recipe.name].key != recipe.files_key:
        yield "the game has another build of it"
    else:
        yield "its files are not in the game"
    if not target.is_current(recipe.name, recipe.files_key):
        for path in target.edited(recipe.name):
            yield f"{path} was edited by hand, so that only --overwrite replaces it"


def total_work(report: PlanReport) -> Mapping[Work, int]:
    """The number of assets by work; works without assets are left out."""
    return {work: count for work in get_args(Work) if (count := sum(each.work == work for each in report.assets))}


def check_report(project: Project, by: CompareBy = "machine") -> Iterator[Audited]:
    """Compare pack, lock and published files of every asset, sorted by name; needs no model and no store.

    Files of other bytes pass where they look as the lock records and were sampled on other hardware, unless `by` is
    another rule. Raises `InputError` where pack or lock cannot be read.
    """
    plan = project.plan()
    target, studio = Target(project.game, project.pack.target, project.pack.pack), project.studio
    missing = "it is not in the lock" if project.lock_path.exists() else "its pack has no lock"
    for status in asset_statuses(plan, project.file.folder).values():
        found = list(_findings(status, target, missing, by))
        if status.recipe and status.locked:
            found += [("ok", note) for note in licence_notes(status.recipe, studio)]
        states = {state for state, _ in found}
        state: AssetState = next((state for state in WORST_FIRST if state in states), "ok")
        reasons = tuple(reason for _, reason in found if reason)
        yield Audited(asset=status.name, pack=project.pack.pack, state=state, reasons=reasons)


def count_states(verdicts: Sequence[Audited]) -> Mapping[AssetState, int]:
    """The number of assets by state, "ok" first; states without assets are left out."""
    return {state: n for state in get_args(AssetState) if (n := sum(verdict.state == state for verdict in verdicts))}


def _findings(status: AssetStatus, target: Target, missing: str, by: CompareBy) -> Iterator[tuple[AssetState, str]]:
    """What is wrong with one asset, each with the state that it puts the asset into."""
    if status.error:
        yield ("stale" if status.locked else "new"), str(status.error)
    elif status.locked is None:
        yield "new", missing
    elif status.recipe is None:
        yield from _left_files(status.locked, target.root)
    else:
        yield from (("stale", change) for change in status.changes)
        yield from _file_findings(status.recipe, status.locked, target, by)


def _left_files(locked: LockEntry, root: Path) -> Iterator[tuple[AssetState, str]]:
    """Files in the game of an asset that left the pack."""
    yield "gone", "it is no longer in the pack"
    left = [path for path in locked.outputs if (root / path).is_file()]
    yield from (("gone", f"{path} is left in the game") for path in left)
    if not left:
        yield "gone", "only its lock entry is left"


def _file_findings(
    recipe: Recipe, locked: LockEntry, target: Target, by: CompareBy
) -> Iterator[tuple[AssetState, str]]:
    """What is wrong with the published files of one asset. Other bytes on other hardware have no reason."""
    engine_owned = recipe.export.part.traits.engine_owned
    entry = target.assets.get(recipe.name, UNPUBLISHED)
    is_built_as_locked = entry.key == locked.keys.get("files")
    if is_built_as_locked:
        yield from (("stale", f"{name} is not in the lock") for name in entry.files if name not in locked.outputs)
    others: dict[str, bytes] = {}
    for name, expected in locked.outputs.items():
        path = target.root / name
        if path.is_symlink() or not path.is_file():
            yield "missing", f"{name} is missing"
            continue
        data = _read(path)
        digest = hashlib.sha256(data).hexdigest()
        if digest == expected or matches(name, engine_owned):
            continue
        if digest != entry.files.get(name):
            yield "edited", f"{name} was edited by hand"
        elif not is_built_as_locked:
            yield "stale", f"{name} is {'a draft' if entry.is_draft else 'of another build'}"
        else:
            others[name] = data
    if others:
        looks = dict.fromkeys(others) | fingerprints_of(others)
        found = compare(looks, locked, entry.machine, by)
        yield ("differs", found.reason) if found.reason else ("ok (other hardware)", "")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read '{path}' ({error.strerror})", cure="Get read access, then check") from error
