"""The HTTP status of each error, and errors as JSON."""

from assetgen.errors import AssetgenError, NotInstalledError, PublishError
from assetgen.server.responses import ErrorDetail

UNPROCESSABLE = 422
MAKE_ROOM = "Make room on the disk, and make it writable"


class RequestError(AssetgenError):
    """A request that is rejected with the HTTP status `status`."""

    status = UNPROCESSABLE


class InvalidHTTP(RequestError):
    """The request is not valid HTTP."""

    status = 400


class BadPath(RequestError):
    """A path that leaves the opened project, or that is not a valid path."""

    status = 400


class NotFound(RequestError):
    """There is nothing of this name or id."""

    status = 404


class Conflict(RequestError):
    """The request conflicts with the present state."""

    status = 409


class TooLarge(RequestError):
    """The body is beyond the size limit."""

    status = 413


class QueueFull(RequestError):
    """The queue is full."""

    status = 429


class TooManyConnections(RequestError):
    """The server has as many connections as it accepts."""

    status = 503


class DiskFull(RequestError):
    """The disk is full, or became read-only."""

    status = 507


def http_status(error: AssetgenError) -> int:
    """The HTTP status of an error."""
    match error:
        case RequestError():
            return error.status
        case NotInstalledError():
            return 503
        case PublishError():
            return Conflict.status
    return UNPROCESSABLE


def error_body(error: AssetgenError) -> dict[str, dict[str, str]]:
    """The JSON body of an error response: `{"error": {"what", "where", "cure"}}`."""
    return {"error": error_detail(error).model_dump()}


def error_detail(error: AssetgenError) -> ErrorDetail:
    """The fields of an error, as valid UTF-8."""
    fields = {"what": error.what, "where": error.where, "cure": error.cure}
    return ErrorDetail(**{key: text.encode("utf-8", "replace").decode() for key, text in fields.items()})
