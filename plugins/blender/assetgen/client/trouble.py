"""What went wrong, in plain words: what it is and what helps, a sentence each."""


class Trouble(Exception):
    """Something that a person must know of; `status` is the server's, 0 where it said nothing."""

    def __init__(self, what: str, cure: str = "", status: int = 0) -> None:
        super().__init__(f"{what} {cure}".strip())
        self.what, self.cure, self.status = what, cure, status


class NoServer(Trouble):
    """Nobody has started one."""

    def __init__(self) -> None:
        super().__init__("No assetgen server runs.", "Press Start Server, or run `assetgen serve` in a terminal.")


class Changed(Trouble):
    """A file of a job is not there any more, or not as it was told: a restarted server makes it again."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The server does not have {name} as it said.", "Ask for it again.")


class Gone(Trouble):
    """Nobody answers at the address that a server left."""

    def __init__(self) -> None:
        super().__init__("The assetgen server does not answer.", "Press Start Server: it goes on with its jobs.")
