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

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assetgen.server.http_errors import Refusal, TooLarge, as_json

JSON_BYTES, UPLOAD_BYTES = 1_000_000, 64_000_000
DRAIN_SECONDS = 5.0
"""Time to read the rest of a refused body: many clients read the response only after they have sent everything."""
OPEN = ("/api/v1/status",)
UPLOADS = "/api/v1/uploads"
HERE = ("127.0.0.1", "localhost", "[::1]")


class Stranger(Refusal):
    """The token is missing or wrong."""

    status = 401


class Foreign(Refusal):
    """The request comes from, or through, somewhere else."""

    status = 403


@dataclass(frozen=True)
class Guard:
    """An ASGI application in front of another."""

    app: ASGIApp
    token: str
    port: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = UPLOAD_BYTES if scope["path"] == UPLOADS else JSON_BYTES
        body = _Body(receive, limit)
        try:
            self._check(scope, limit)
        except Refusal as refusal:
            await _answer(refusal, _Response(send, body))
        else:
            await self.app(scope, body, _Response(send, body))

    def _check(self, scope: Scope, limit: int) -> None:
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        ours = [f"{name}:{self.port}".encode() for name in HERE]
        if headers.get(b"host", [b""])[0].lower() not in ours or len(headers[b"host"]) > 1:
            raise Foreign("the Host header does not name this server", cure=f"Ask for http://127.0.0.1:{self.port}")
        if any(origin.lower().removeprefix(b"http://") not in ours for origin in headers.get(b"origin", ())):
            raise Foreign("pages of other origins may not ask this server")
        if scope["path"] not in OPEN:
            kind, _, said = b" ".join(headers.get(b"authorization", ())).partition(b" ")
            right = hmac.compare_digest(said.strip(), self.token.encode())
            if kind.lower() != b"bearer" or not right:
                cure = "Send 'Authorization: Bearer TOKEN' with the token of server.json"
                raise Stranger("the token is missing or wrong", cure=cure)
        length = headers.get(b"content-length", [b"0"])[0]
        if not length.isdigit() or int(length[:20]) > limit:
            raise _too_large(limit)


@dataclass
class _Body:
    """The body of a request, counted. A body beyond the limit raises the 413 response."""

    receive: Receive
    limit: int
    length: int = 0
    ended: bool = False

    async def __call__(self) -> Message:
        message = await self.receive()
        self.length += len(message.get("body", b""))
        if self.length > self.limit:
            raise HTTPException(TooLarge.status, detail=as_json(_too_large(self.limit))["error"])
        self.ended = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Read and drop the rest of the body, for at most `DRAIN_SECONDS`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
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
    return TooLarge(f"the body is larger than {limit // 1_000_000} MB", cure="Send less at once")


async def _answer(refusal: Refusal, send: Send) -> None:
    body = json.dumps(as_json(refusal)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(b"www-authenticate", b"Bearer")] if refusal.status == Stranger.status else []
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
