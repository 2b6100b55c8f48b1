"""Which pack file a target belongs to: two packs of one name must not replace and remove each other's art.

The manifest names the pack, not its file, since the same pack may lie elsewhere on each machine. This machine records
which file built a target last, beside its build locks.
"""

import contextlib
import os
from pathlib import Path

from assetgen.build.build_lock import lock_file
from assetgen.build.publish import Target
from assetgen.errors import AssetgenError, PublishError
from assetgen.files import is_regular_file, read_limited
from assetgen.pack.library import load_pack
from assetgen.pack.project import Plan, Project
from assetgen.pack.resolve import entries_of
from assetgen.store.atomic import write_atomically

_MAX_PATH = 100_000  # bytes


def claim_target(project: Project, plan: Plan, target: Target, locks: Path) -> None:
    """Record that this pack file builds the target. Requires the build lock of the target.

    Raises `PublishError` where the target belongs to another pack file that still exists, unless that is a copy of this
    pack, such as another checkout.
    """
    record = lock_file(target.root, locks).with_suffix(".pack")
    file = Path(os.path.realpath(project.file.document.file))
    owner = _recorded(record)
    if owner == file:
        return
    if owner and _has_this_target(owner, project) and not _is_copy(project, plan, target):
        what = f"'{target.root}' belongs to the pack '{project.pack.pack}' of '{owner}'"
        raise PublishError(what, where=str(file), cure="Give one of the two packs another target and another name")
    with contextlib.suppress(OSError):  # a full disk: the next build records it
        write_atomically(record, os.fsencode(file), durable=False)


def _recorded(record: Path) -> Path | None:
    try:
        return Path(os.fsdecode(read_limited(record, _MAX_PATH)))
    except OSError:
        return None


def _has_this_target(owner: Path, project: Project) -> bool:
    """Whether a pack file still exists and names the same pack and target; one that cannot be read counts."""
    if not is_regular_file(owner):
        return False
    try:
        pack = load_pack(owner).pack
    except AssetgenError:
        return True
    return (pack.pack, pack.target) == (project.pack.pack, project.pack.target)


def _is_copy(project: Project, plan: Plan, target: Target) -> bool:
    """Whether the pack or its lock knows every published asset, and has one of them as it was published."""
    if not target.assets:
        return True
    keys = {(recipe.name, recipe.files_key) for recipe in plan.recipes}
    keys |= {(name, entry.keys.get("files", "")) for name, entry in plan.lock.items()}
    names = {*entries_of(project.file)[0], *plan.lock}
    return set(target.assets) <= names and any((name, entry.key) in keys for name, entry in target.assets.items())
