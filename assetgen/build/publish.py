"""Publishing: files into the game folder, atomically, only where bytes differ, and nothing outside the target.

The target's manifest lists the files of each asset, with digests. A build writes the manifest last; files that it
replaces before are listed in a journal, so that the files of a killed build are recognised. A file whose bytes are in
neither list, nor what would be written, was edited by hand or is foreign: it is reported, never overwritten or removed.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from assetgen.build.contact_sheet import PAGE, contact_sheet, is_ours
from assetgen.build.manifest import UNPUBLISHED, ManifestEntry, manifest_bytes, read_manifest
from assetgen.errors import PublishError
from assetgen.files import read_limited
from assetgen.pack.entries import check_name, check_path
from assetgen.pack.file_names import JOURNAL, MANIFEST
from assetgen.pack.project import detect_engine
from assetgen.pack.recipe import Recipe
from assetgen.pack.schema import Pack
from assetgen.parts import Files, load_part
from assetgen.pixels.texture_files import TEXTURE_SUFFIXES
from assetgen.store.atomic import PART_PREFIX, PART_SUFFIX, write_atomically

_MAX_JOURNAL = 512_000_000  # bytes
LITTER = f"{PART_PREFIX}*{PART_SUFFIX}"


@dataclass(frozen=True)
class PublishResult:
    """The files that publishing wrote, removed and kept because they were edited; paths relative to the target."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]


class Target:
    """The folder inside the game project that one pack publishes into."""

    def __init__(self, game: Path, folder: str, pack: str) -> None:
        self.game, self.folder, self.pack = game, folder, pack
        self.has_page: bool | None = None
        """Whether the target gets a contact sheet; None leaves it as it is."""
        self.root = target_folder(game, folder)
        self.assets = read_manifest(self.root / MANIFEST, pack)
        self._journal = self._read_journal()
        self._owners: dict[str, str] = {}
        self._sharers: dict[str, dict[str, str]] = {}
        """Of files that several assets publish: the digest that each of them recorded."""
        for name in self.assets:
            self._add_owner(name)
        self._written: set[str] = set()
        self._leaving: frozenset[str] = frozenset()
        self._stamps: dict[str, str | None] = {}
        self._links: dict[str, bool] = {}

    def start_game(self, files: Files) -> None:
        """Make an empty or missing game folder a project; leave an existing project as it is.

        Requires the build lock of the game. Completes what a killed build began.
        """
        ours = {self.game / path: data for path, data in files.items()}
        existing = (file for file in self.game.rglob("*") if file.is_file() and not fnmatch(file.name, LITTER))
        if all(file.read_bytes() == ours.get(file) for file in existing):
            sweep(file.parent for file in ours)
            for file in [file for file in ours if not file.exists()]:
                self._replace(file, ours[file])

    def sweep(self) -> None:
        """Remove the temporary files of killed builds. Requires the build lock of the target."""
        ours = [path for asset in self.assets.values() for path in asset.files]
        ours += [path for path, _ in self._journal]
        sweep({self.root, *((self.root / path).parent for path in ours if not self._leaves(path))})

    def is_current(self, name: str, key: str) -> bool:
        """Whether the asset's files were published from this key and all exist, edited by hand or not."""
        asset = self.assets.get(name)
        return bool(asset and asset.key == key and all(map(self._exists, asset.files)))

    def _exists(self, path: str) -> bool:
        file = self.root / path
        return file.is_file() and not file.is_symlink()

    def edited(self, name: str) -> tuple[str, ...]:
        """The asset's files whose bytes are not those that were published, engine-owned files aside."""
        asset = self.assets.get(name, UNPUBLISHED)
        return tuple(
            path
            for path, published in asset.files.items()
            if not matches(path, asset.engine_owned)
            and self._digest(path) not in (None, published, *self._sharers.get(path, {}).values())
        )

    def expect(self, names: Iterable[str]) -> None:
        """Set the assets of the pack. All others leave the target, and their files may be replaced."""
        self._leaving = frozenset(self.assets) - set(names)

    def is_taken(self, name: str, files: Files) -> bool:
        """Whether another asset of the target still publishes one of these files."""
        return any(self._owner(path, name) != name for path in files)

    def _add_owner(self, name: str) -> None:
        asset = self.assets[name]
        for path in asset.files:
            if path in asset.shared:
                self._sharers.setdefault(path, {})[name] = asset.files[path]
            else:
                self._owners[path.casefold()] = name

    def _owner(self, path: str, name: str) -> str:
        """The asset that publishes a path, ignoring case: `Wall.png` and `wall.png` are one file on many disks."""
        owner = self._owners.get(path.casefold(), name)
        return name if owner in self._leaving else owner

    def read_published(self, name: str, path: str) -> bytes | None:
        """The bytes of a published file; None where it is missing or was changed."""
        same = self._digest(path) == self.assets[name].files.get(path)
        return (self.root / path).read_bytes() if same else None

    def publish(self, name: str, files: Files, entry: ManifestEntry, *, overwrite: bool = False) -> PublishResult:
        """Write an asset's files; `entry` is its manifest entry, digests aside.

        Raises `PublishError` before the first write if any of the files may not be written.
        """
        digests = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())}
        owned = entry.engine_owned
        for path in files:
            self._check_path(path, name)
            if not (overwrite or (matches(path, owned) and path.casefold() in self._owners)):
                self._check_ours(path, digests[path])
        known = self.assets.get(name, UNPUBLISHED).files
        wanted = [path for path in digests if self._must_write(path, digests[path], known, matches(path, owned))]
        # images before the files that refer to them
        wanted.sort(key=lambda path: not path.endswith(TEXTURE_SUFFIXES))
        self._add_to_journal({path: digests[path] for path in wanted})
        for path in wanted:
            self._replace(self.root / path, files[path])
            self._stamps[path] = digests[path]
            self._written.add(path)
        removed = self._remove(name, [path for path in known if path not in files])
        for path in known:
            self._owners.pop(path.casefold(), None)
        self.assets[name] = replace(entry, files=digests)
        self._add_owner(name)
        return PublishResult(tuple(wanted), *removed)

    def remove_leaving(self) -> PublishResult:
        """Remove the files of assets that left the pack, except those that another asset publishes now."""
        gone = sorted(self._leaving & set(self.assets))
        removed: list[str] = []
        kept: list[str] = []
        for name in gone:
            paths = [path for path in self.assets[name].files if not self._is_taken_over(path, name)]
            done = self._remove(name, paths)
            removed += done[0]
            kept += done[1]
        for name in gone:
            del self.assets[name]
        return PublishResult((), tuple(removed), tuple(kept))

    def _is_taken_over(self, path: str, name: str) -> bool:
        owner = self._owners.get(path.casefold(), name)
        files = self.assets[owner].files if owner != name else {}
        same = (other for other in files if other.casefold() == path.casefold())
        return any(other == path or _one_file(self.root / other, self.root / path) for other in same)

    def finish(self) -> None:
        """Write the manifest and remove the journal. Raises `PublishError` where files of this build are missing."""
        lost = sorted(path for path in self._written if not (self.root / path).exists())
        for path in lost:
            self.assets.pop(self._owners.get(path.casefold(), ""), None)
        page = self._may_write_page() and bool(self.has_page)
        data = manifest_bytes(self.pack, self.assets, PAGE if page else None)
        is_new = self._digest(MANIFEST) != hashlib.sha256(data).hexdigest()
        if page and (is_new or not (self.root / PAGE).exists()):
            self._replace(self.root / PAGE, contact_sheet(self.root, self.pack, self.assets))
        elif self.has_page is False and is_ours(self.root / PAGE):
            self._unlink(PAGE)
        if is_new:
            self._replace(self.root / MANIFEST, data)
        if (self.root / JOURNAL).exists():
            self._unlink(JOURNAL)
        if lost:
            what = f"files of '{self.root}' were removed during the build, such as '{lost[0]}'"
            raise PublishError(what, cure="Build again: nothing is sampled again")

    def _may_write_page(self) -> bool:
        """Whether the contact sheet replaces no file of an asset, of a person or of another program."""
        file = self.root / PAGE
        is_free = not file.exists() and not file.is_symlink()
        return PAGE not in self._owners and (is_free or is_ours(file))

    def _must_write(self, path: str, digest: str, known: Mapping[str, str], engine_owned: bool) -> bool:
        """Whether to write a file. Engine-owned files are written again only when our own content changes."""
        current = self._digest(path)
        if engine_owned and current is not None and known.get(path) == digest:
            return False
        return current != digest

    def _check_path(self, path: str, name: str) -> None:
        check_path(path)
        if path.lower() in (MANIFEST, JOURNAL):
            raise PublishError(f"'{path}' is assetgen's own file", cure="Rename the asset")
        if (owner := self._owner(path, name)) != name:
            renamed = owner.lower() == name.lower()
            cure = "Build without --only, which removes the old files" if renamed else "Rename one of the two"
            raise PublishError(f"asset '{owner}' already publishes '{path}'", cure=cure)
        if self._leaves(path):
            raise PublishError(f"'{path}' would leave the target {self.root} through a link", cure="Remove the link")
        if (self.root / path).is_symlink() or (self.root / path).is_dir():
            raise PublishError(f"'{self.root / path}' is a link or a folder", cure="Move it away")

    def _check_ours(self, path: str, digest: str) -> None:
        current = self._digest(path)
        owner = self._owners.get(path.casefold())
        ours = {digest, self.assets[owner].files.get(path) if owner else None}
        sharers = self._sharers.get(path, {})
        if current is None or current in ours or current in sharers.values():
            return
        if (path, current) not in self._journal:
            why = "was edited by hand" if owner or sharers else "is not from this pack"
            raise PublishError(f"'{self.root / path}' {why}", cure="Move it away, or build with --overwrite")

    def _remove(self, name: str, paths: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Remove files of an asset. Returns the removed ones, and the kept ones: those that were edited by hand."""
        asset = self.assets.get(name, UNPUBLISHED)
        removed, kept = [], []
        for path in paths:
            sharers = self._sharers.get(path, {})
            sharers.pop(name, None)
            current = self._digest(path)
            if sharers or current is None:
                continue
            ours = current == asset.files.get(path) or (path, current) in self._journal
            if ours or matches(path, asset.engine_owned):
                self._unlink(path)
                removed.append(path)
            else:
                kept.append(path)
        return tuple(removed), tuple(kept)

    def _unlink(self, path: str) -> None:
        """Remove a file, and the folders below the target that are empty then."""
        try:
            (self.root / path).unlink()
        except OSError as error:
            raise PublishError(f"cannot remove '{self.root / path}' ({error.strerror})") from error
        with contextlib.suppress(OSError):  # not empty
            for folder in list(Path(path).parents)[:-1]:
                (self.root / folder).rmdir()
        self._stamps[path] = None

    def _digest(self, path: str) -> str | None:
        if path not in self._stamps:
            file = self.root / path
            is_file = file.is_file() and not file.is_symlink() and not self._leaves(path)
            self._stamps[path] = hashlib.sha256(file.read_bytes()).hexdigest() if is_file else None
        return self._stamps[path]

    def _leaves(self, path: str) -> bool:
        """Whether a symbolic link among its folders leads out of the target."""
        folder = path.rpartition("/")[0]
        if folder not in self._links:
            self._links[folder] = not (self.root / folder).resolve().is_relative_to(self.root.resolve())
        return self._links[folder]

    def _replace(self, file: Path, data: bytes) -> None:
        try:
            if file.exists() and not file.stat().st_mode & stat.S_IWUSR:
                raise PermissionError(13, "it is read-only")
            write_atomically(file, data)
        except OSError as error:
            raise PublishError(f"cannot write '{file}' ({error.strerror})", cure="Nothing there was changed") from error

    def _add_to_journal(self, digests: Mapping[str, str]) -> None:
        """Add files to the journal, without flushing it to disk, which takes longer than publishing an asset. After a
        power failure a file that was just written may count as foreign, but only where its asset was changed since."""
        if not digests:
            return
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with open(self.root / JOURNAL, "a", encoding="utf-8", opener=_not_through_links) as stream:
                stream.writelines(f"\n{digest} {path}" for path, digest in digests.items())
        except OSError as error:
            raise PublishError(f"cannot write into '{self.root}' ({error.strerror})") from error

    def _read_journal(self) -> set[tuple[str, str]]:
        try:
            lines = read_limited(self.root / JOURNAL, _MAX_JOURNAL).decode("utf-8", "surrogateescape").splitlines()
        except OSError:
            return set()
        return {(path, digest) for digest, _, path in (line.partition(" ") for line in lines) if path}


def open_target(game: Path, pack: Pack, recipes: Sequence[Recipe]) -> Target:
    """The pack's target in a game folder. An empty or missing folder becomes a project of the recipes' engine."""
    if game.exists() and not game.is_dir():
        raise PublishError(f"the game folder '{game}' is a file", cure="Name a folder")
    target = Target(game, pack.target, pack.pack)
    engine = pack.engine or detect_engine(game) or "plain"
    target.has_page = load_part("exporter", engine).traits.contact_sheet
    for new_project in dict.fromkeys(recipe.export.part.traits.new_project for recipe in recipes):
        if new_project:
            target.start_game(new_project(pack.pack))
    return target


def sweep(folders: Iterable[Path]) -> None:
    """Remove temporary files from these folders. Requires their build locks."""
    for folder in set(folders):
        for litter in folder.glob(LITTER):
            if not litter.is_dir() or litter.is_symlink():
                litter.unlink(missing_ok=True)


def _not_through_links(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o644)


def _one_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path matches one of the patterns."""
    return any(fnmatch(path, pattern) for pattern in patterns)


def target_folder(game: Path, folder: str) -> Path:
    """The folder inside a game project that a pack publishes into. Raises `PublishError` where it would lie outside."""
    for segment in filter(None, folder.split("/")):
        check_name(segment)
    root = game / folder
    if not root.resolve().is_relative_to(game.resolve()):
        raise PublishError(f"the target '{folder}' leaves the game folder '{game}' through a link")
    return root
