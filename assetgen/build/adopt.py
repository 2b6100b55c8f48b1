"""Record in the lock what this machine made of the same requests."""

import fnmatch
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from pydantic import JsonValue

from assetgen.build.build_lock import build_lock
from assetgen.build.execute import made_before
from assetgen.build.publish import Target
from assetgen.build.status import AssetStatus, asset_statuses
from assetgen.events import Emit
from assetgen.machine import Machine
from assetgen.pack.lock import write_lock
from assetgen.pack.project import Project


def adopt(project: Project, machine: Machine, emit: Emit, only: str = "*") -> tuple[str, ...]:
    """Record the published files of the assets that match `only`. Returns the assets whose entry changed.

    An asset keeps its entry where its pack changed since, and where its files are missing, edited by hand, or of
    another build. Raises `InputError` where pack or lock cannot be read.
    """
    with build_lock(project.lock_path, machine.locks, emit, machine.pause):
        plan = project.plan()
        target = Target(project.game, project.pack.target, project.pack.pack)
        statuses = asset_statuses(plan, project.file.folder)
        found = [name for name, each in statuses.items() if fnmatch.fnmatchcase(name, only) and _fits(each, target)]
        lock = {**plan.lock}
        for name in found:
            status = statuses[name]
            assert status.recipe and status.request  # see `_fits`
            made = made_before(status.recipe, machine.store, target)
            lock[name] = replace(
                status.request,
                attempt=made.attempt,
                outputs=made.outputs,
                looks=made.looks,
                cost=cast(Mapping[str, JsonValue], made.cost),
            )
        if found:
            write_lock(project.lock_path, lock)
    return tuple(found)


def _fits(status: AssetStatus, target: Target) -> bool:
    """Whether the target has other files than the lock, made from the same request by assetgen."""
    name, recipe, locked = status.name, status.recipe, status.locked
    if recipe is None or locked is None or status.changes:
        return False
    if not target.is_current(name, recipe.files_key) or target.edited(name):
        return False
    return dict(target.assets[name].files) != dict(locked.outputs)
