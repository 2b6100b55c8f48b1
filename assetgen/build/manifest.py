"""`manifest.json` in a target: which assets a pack published there, with the digests of their files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assetgen.errors import InputError, PublishError
from assetgen.files import read_limited
from assetgen.pack.entries import check_path

_VERSION = 1
_MAX_BYTES = 512_000_000
_FIELDS = {"key": str, "files": dict, "engine_owned": list}
"""Required keys of an asset, with the types of their JSON values."""


@dataclass(frozen=True)
class ManifestEntry:
    """One published asset.

    `key` is the recipe's `files_key`. `files` holds sha256 by path, relative to the target. `engine_owned` are patterns
    of files that the engine rewrites, `shared` paths of files that other assets may publish, too. `facts` is the rest
    of the JSON: preset, prompt, model, licences, attempt, machine, draft.
    """

    key: str
    files: Mapping[str, str] = field(default_factory=dict)
    engine_owned: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def attempt(self) -> int:
        """The accepted attempt."""
        return int(self.facts.get("attempt", 0))

    @property
    def machine(self) -> str:
        """The class of machine that sampled its images (see `build/cost.py`); "" where none is recorded."""
        return str(self.facts.get("machine", ""))

    @property
    def is_draft(self) -> bool:
        """Whether its images are placeholders."""
        return bool(self.facts.get("draft"))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ManifestEntry":
        """Raises `InputError` for a path outside the target, `TypeError` and `KeyError` for other data."""
        forms = all(isinstance(data[name], kind) for name, kind in _FIELDS.items())
        texts = (*data["engine_owned"], *data.get("shared", ()), *data["files"].values()) if forms else ()
        if not forms or not all(isinstance(text, str) for text in texts) or type(data.get("attempt", 0)) is not int:
            raise TypeError("a manifest entry of another form")
        for path in data["files"]:
            check_path(path)
        facts = {name: value for name, value in data.items() if name not in (*_FIELDS, "shared")}
        return cls(data["key"], data["files"], tuple(data["engine_owned"]), tuple(data.get("shared", ())), facts)

    def to_json(self) -> dict[str, Any]:
        """The entry as `from_json` reads it."""
        facts = dict(self.facts)
        preset = {"preset": facts.pop("preset")} if "preset" in facts else {}
        shared = {"shared": list(self.shared)} if self.shared else {}
        owned = {"engine_owned": list(self.engine_owned)}
        return {"key": self.key, **preset, **owned, **shared, **facts, "files": dict(self.files)}


UNPUBLISHED = ManifestEntry("")
"""The entry of an asset that the manifest does not list."""


def read_manifest(file: Path, pack: str) -> dict[str, ManifestEntry]:
    """The entries by asset; empty where there is no file. Raises `PublishError` for a damaged or foreign manifest."""
    if not file.exists():
        return {}
    try:
        data = json.loads(read_limited(file, _MAX_BYTES))
        if data["assetgen"] > _VERSION:
            raise PublishError(f"'{file}' was written by a newer assetgen", cure="Update assetgen")
        owner, entries = data["pack"], {name: ManifestEntry.from_json(each) for name, each in data["assets"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, InputError) as error:
        cure = "Bring it back from version control, or move it away together with the files it lists"
        raise PublishError(f"'{file}' is not a manifest of assetgen", cure=cure) from error
    if owner != pack:
        raise PublishError(f"'{file.parent}' belongs to the pack '{owner}'", cure="Give this pack another target")
    return entries


def manifest_bytes(pack: str, entries: Mapping[str, ManifestEntry], page: str | None = None) -> bytes:
    """The manifest's file, assets sorted by name; `page` is the name of the contact sheet."""
    assets = {name: entry.to_json() for name, entry in sorted(entries.items())}
    data = {"assetgen": _VERSION, "pack": pack, **({"page": page} if page else {}), "assets": assets}
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()
