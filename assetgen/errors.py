"""What can go wrong, said in one sentence each: where, what, cure."""


class AssetgenError(Exception):
    """A failure that a person can act on; `exit_code` is what the command line ends with."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        super().__init__(what, where, cure)
        self.what, self.where, self.cure = what, where, cure

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f" {_ended(self.cure)}" if self.cure else ""
        return f"{place}{_ended(self.what)}{cure}"

    def at(self, where: str) -> "AssetgenError":
        """The same error with a place, unless it names one already."""
        return self if self.where else type(self)(self.what, where=where, cure=self.cure)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


class InputError(AssetgenError):
    """What a person wrote or handed in is wrong: a pack, a preset, a mesh, an image, an option."""


class Cancelled(BaseException):
    """Raised by an `Emit` to stop what runs: no `except Exception` swallows it, and nothing is half saved."""


class NotInstalledError(AssetgenError):
    """A package, program or weight file is missing; `cure` holds the command that installs it."""

    exit_code = 3


class BuildError(AssetgenError):
    """One asset could not be made; the rest of the pack goes on."""

    exit_code = 1


class PublishError(AssetgenError):
    """Files could not be put into the game folder; nothing there was harmed."""
