"""What the user requested of a build."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BuildOptions:
    """How a pack is built.

    - `only`: glob of the assets to build.
    - `draft`: drawings instead of a model's images; a draft has no lock.
    - `overwrite`: replace files that were edited by hand; with `once`, also those of other recipes.
    - `update`: glob of the assets that may differ from the lock, all others fail where they do; "" allows none, None
      allows all.
    - `once`: build without a lock, and remove no files of earlier builds (`assetgen make`).
    - `new_game`: create the folder that the pack's `game` names where it does not exist.
    - `allow_noncommercial`: use models, controls and LoRAs that forbid commercial use.
    """

    only: str = "*"
    draft: bool = False
    overwrite: bool = False
    update: str | None = None
    once: bool = False
    new_game: bool = False
    allow_noncommercial: bool = False

    @property
    def has_lock(self) -> bool:
        """Whether the build reads and writes the pack's lock."""
        return not (self.draft or self.once)

    @property
    def prune(self) -> str:
        """Glob of the assets whose files are removed when the pack no longer has them; "" for none."""
        if self.only != "*" or self.once:
            return ""
        return "*" if self.update is None else self.update
