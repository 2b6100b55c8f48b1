"""ASGI middleware that checks every request before its body is read.

It rejects a Host header that is not this machine (DNS rebinding), an Origin header of another site, a missing or wrong
token, and a body beyond the size limit.
"""

import asyncio
import contextlib
import hmac
import json
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assetgen.server.http_errors import RequestError, TooLarge, error_body

_JSON_BYTES, _UPLOAD_BYTES = 1_000_000, 64_000_000
_DRAIN_SECONDS = 5.0
"""Time to read the rest of a rejected body: many clients read the response only after they have sent everything."""
_PUBLIC = ("/api/v1/status",)
_UPLOADS = "/api/v1/uploads"
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")


class Unauthorized(RequestError):
    """The token is missing or wrong."""

    status = 401


class Forbidden(RequestError):
    """The Host or Origin header is not allowed."""

    status = 403


@dataclass(frozen=True)
class Guard:
    """ASGI middleware. Where `token` is None, the application checks the access itself."""

    app: ASGIApp
    token: str | None
    port: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and pass it on, or send the error."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = _UPLOAD_BYTES if scope["path"] == _UPLOADS else _JSON_BYTES
        body = _Body(receive, limit)
        try:
            self._check(scope, limit)
        except RequestError as error:
            await _send_error(error, _Response(send, body))
        else:
            await self.app(scope, body, _Response(send, body))

    def _check(self, scope: Scope, limit: int) -> None:
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        allowed = [f"{name}:{self.port}".encode() for name in _LOOPBACK_HOSTS]
        if headers.get(b"host", [b""])[0].lower() not in allowed or len(headers[b"host"]) > 1:
            raise Forbidden("the Host header does not name this server", cure=f"Use http://127.0.0.1:{self.port}")
        if any(origin.lower().removeprefix(b"http://") not in allowed for origin in headers.get(b"origin", ())):
            raise Forbidden("pages of other origins cannot use this server")
        if self.token is not None and scope["path"] not in _PUBLIC:
            scheme, _, token = b" ".join(headers.get(b"authorization", ())).partition(b" ")
            is_valid = hmac.compare_digest(token.strip(), self.token.encode())
            if scheme.lower() != b"bearer" or not is_valid:
                cure = "Send 'Authorization: Bearer TOKEN' with the token of server.json"
                raise Unauthorized("the token is missing or wrong", cure=cure)
        length = headers.get(b"content-length", [b"0"])[0]
        if not length.isdigit() or int(length[:20]) > limit:
            raise _too_large(limit)


@dataclass
class _Body:
    """The body of a request, with its length counted. A body beyond the limit raises 413."""

    receive: Receive
    limit: int
    length: int = 0
    ended: bool = False

    async def __call__(self) -> Message:
        message = await self.receive()
        self.length += len(message.get("body", b""))
        if self.length > self.limit:
            raise HTTPException(TooLarge.status, detail=error_body(_too_large(self.limit))["error"])
        self.ended = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Read and drop the rest of the body, for at most `_DRAIN_SECONDS`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self.ended:
                    self.ended = not (await self.receive()).get("more_body", False)


@dataclass
class _Response:
    """Sends a response. A 413 response closes the connection, after the rest of the body was read."""

    send: Send
    body: _Body
    closes: bool = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", []), (b"x-content-type-options", b"nosniff")]
            self.closes = message["status"] == TooLarge.status
            headers += [(b"connection", b"close")] if self.closes else []
            await self.send({**message, "headers": headers})
        elif self.closes and not message.get("more_body", False):
            await self.send({**message, "more_body": True})
            await self.body.drain()
            await self.send({"type": "http.response.body", "body": b""})
        else:
            await self.send(message)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit // 1_000_000} MB", cure="Send a smaller body")


async def _send_error(error: RequestError, send: Send) -> None:
    body = json.dumps(error_body(error)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(b"www-authenticate", b"Bearer")] if error.status == Unauthorized.status else []
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
