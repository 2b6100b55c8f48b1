"""The errors that users see: where, what, cure."""


class AssetgenError(Exception):
    """A failure that a user can act on. `exit_code` is the exit code of the command line."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        super().__init__(what, where, cure)
        self.what, self.where, self.cure = what, where, cure

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        cure = f" {_ended(self.cure)}" if self.cure else ""
        return f"{where}{_ended(self.what)}{cure}"

    def at(self, where: str) -> "AssetgenError":
        """The same error with a location, unless it already has one."""
        return self if self.where else type(self)(self.what, where=where, cure=self.cure)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


class InputError(AssetgenError):
    """Invalid input: a pack, preset, mesh, image or option."""


class Cancelled(BaseException):
    """Raised by an `Emit` to cancel the build. Not an `Exception`, so that no handler swallows it."""


class NotInstalledError(AssetgenError):
    """A package, program or weight file is missing; `cure` holds the install command."""

    exit_code = 3


class BuildError(AssetgenError):
    """One asset failed; the rest of the pack continues."""

    exit_code = 1


class PublishError(AssetgenError):
    """Files could not be written to the game folder; its existing files are intact."""
