"""uvicorn's HTTP/1.1 protocol, with JSON bodies for its own errors and limits for connections.

uvicorn answers a malformed request itself, before the application runs.
"""

import asyncio
import contextlib
import json
import sys
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from assetgen.server.http_errors import InvalidHTTP, RequestError, TooManyConnections, error_body

_MOST_CONNECTIONS = 500
_LINGER_SECONDS = 2.0
"""Time for a rejected client to read the error: closing at once would reset a connection that still sends."""
_LONGEST_REASON = 200


class JsonProtocol(H11Protocol):
    """One connection. It is closed if no whole request head arrives within the keep-alive time."""

    _rejected = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection. Half as many again as the limit get an error; all others are closed."""
        super().connection_made(transport)
        most = connection_limit()
        if len(self.connections) > most + most // 2:
            transport.abort()
        elif len(self.connections) > most:
            self._reject(TooManyConnections("there are too many connections", cure="Close some, then try again"))
        else:
            self._close_after(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._keep_open()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what the client sent. What a rejected client still sends is dropped."""
        if not self._rejected:
            super().data_received(data)
            if self._is_busy() and not self._rejected:
                self._keep_open()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it is there already."""
        super().on_response_complete()
        if not self._is_busy() and not self._rejected:
            self._close_after(self.timeout_keep_alive)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that h11 cannot parse. uvicorn calls this while it handles h11's error."""
        error = sys.exception()
        if isinstance(error, h11.RemoteProtocolError):
            self._reject(InvalidHTTP(f"{msg.rstrip('.')} ({str(error)[:_LONGEST_REASON]})"), error.error_status_hint)
        else:
            self._reject(InvalidHTTP(msg))

    def _is_busy(self) -> bool:
        """Whether the application handles a request."""
        return self.cycle is not None and not self.cycle.response_complete

    def _reject(self, error: RequestError, status: int | None = None) -> None:
        """Send an error where no response has begun, and close the connection once the client has read it."""
        self._rejected = True
        body = json.dumps(error_body(error)).encode()
        is_head = False
        if self._is_busy():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            is_head = self.scope["method"] == "HEAD"
        if self.transport.is_closing() or self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        code = HTTPStatus(status or error.status)
        headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
        response = h11.Response(status_code=code, headers=headers, reason=code.phrase.encode())
        for event in (response, h11.Data(data=b"" if is_head else body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        with contextlib.suppress(OSError):  # the client is gone
            self.transport.write_eof()
        self._close_after(_LINGER_SECONDS)

    def _close_after(self, seconds: float) -> None:
        self._keep_open()
        self._deadline = self.loop.call_later(seconds, self.transport.close)

    def _keep_open(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()


def connection_limit() -> int:
    """Connections that a server accepts: each is an open file, and half of the process's limit is left for others."""
    if sys.platform == "win32":
        return _MOST_CONNECTIONS
    import resource

    return min(_MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
