"""Errors with a cause and a cure, one sentence each."""


class Trouble(Exception):
    """An error for the user; `status` is the HTTP status, 0 without a response."""

    def __init__(self, what: str, cure: str = "", status: int = 0) -> None:
        super().__init__(f"{what} {cure}".strip())
        self.what, self.cure, self.status = what, cure, status


class Notice(Trouble):
    """What a finished task left out."""


class NoServer(Trouble):
    """No server runs."""

    def __init__(self) -> None:
        super().__init__("No assetgen server runs.", "Press Start Server, or run `assetgen serve` in a terminal.")


class OtherApi(Trouble):
    """A server whose API this extension cannot use."""

    def __init__(self, api: str, needed: str) -> None:
        cure = "Update both from one copy of the repository, then run `assetgen plugin install blender`."
        super().__init__(f"The server has API {api}, but this extension needs {needed}.", cure)


class Changed(Trouble):
    """A file of a job is missing or differs from its digest; a restarted server makes it again."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The server no longer has {name}.", "Request it again.")


class Gone(Trouble):
    """The server at the address of the state file does not respond."""

    is_slow = False
    """It accepts connections, but did not answer in time."""

    def __init__(self) -> None:
        super().__init__("The assetgen server does not respond.", "Press Start Server: it continues its jobs.")
