"""Errors as answers: which HTTP status an error has, and its sentence as JSON."""

from typing import Any

from assetgen.errors import AssetgenError, NotInstalledError, PublishError

BAD_INPUT = 422


class Refusal(AssetgenError):
    """A request that is not done; `status` is the HTTP status."""

    status = BAD_INPUT


class BadPath(Refusal):
    """A path that leaves what was opened, or that no disk takes."""

    status = 400


class Unknown(Refusal):
    """Nothing has this name or number."""

    status = 404


class Conflict(Refusal):
    """Something stands in the way now; later it may not."""

    status = 409


class TooLarge(Refusal):
    """A body beyond the limit."""

    status = 413


class TooMany(Refusal):
    """The queue is full."""

    status = 429


class NoRoom(Refusal):
    """The server cannot save what it must remember."""

    status = 507


def status_of(error: AssetgenError) -> int:
    """The HTTP status of an error."""
    match error:
        case Refusal():
            return error.status
        case NotInstalledError():
            return 503
        case PublishError():
            return Conflict.status
    return BAD_INPUT


def as_json(error: AssetgenError) -> dict[str, Any]:
    """`{"error": {"what", "where", "cure"}}`."""
    return {"error": told(error)}


def told(error: AssetgenError) -> dict[str, str]:
    """What, where, cure; in text that every JSON reader takes."""
    words = {"what": error.what, "where": error.where, "cure": error.cure}
    return {key: text.encode("utf-8", "replace").decode() for key, text in words.items()}
