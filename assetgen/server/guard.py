"""Who may ask, and how much: every request passes here before it is read.

Refused are foreign Host headers (a page of the internet whose name was bound to 127.0.0.1), pages of other origins,
requests without the token, bodies beyond a limit or slower than one.
"""

import asyncio
import hmac
import json
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assetgen.server.http_errors import Refusal, TooLarge, as_json

JSON_BYTES, UPLOAD_BYTES = 1_000_000, 64_000_000
BODY_SECONDS = {JSON_BYTES: 20.0, UPLOAD_BYTES: 180.0}
DRAIN_SECONDS = 5.0
"""For how long the rest of a refused body is read and dropped, so that clients that only listen after they have sent
all get to hear the answer."""
OPEN = ("/api/v1/status",)
UPLOADS = "/api/v1/uploads"
HERE = ("127.0.0.1", "localhost", "[::1]")


class Stranger(Refusal):
    """The token is missing or wrong."""

    status = 401


class Foreign(Refusal):
    """The request comes from, or through, somewhere else."""

    status = 403


class TooSlow(Refusal):
    """The body takes too long."""

    status = 408


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
            await _answer(refusal, _Closing(send, body))
        else:
            await self.app(scope, body, _Closing(send, body))

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
    """The body of a request, counted and timed. What is raised here becomes the answer."""

    receive: Receive
    limit: int
    length: int = 0
    ended: bool = False
    started: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    async def __call__(self) -> Message:
        if self.ended:
            return await self.receive()
        left = self.started + BODY_SECONDS[self.limit] - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self.receive(), max(left, 0.01))
        except TimeoutError as error:
            raise _raised(TooSlow("the body of the request did not come in time")) from error
        self.length += len(message.get("body", b""))
        if self.length > self.limit:
            raise _raised(_too_large(self.limit))
        self.ended = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Read and drop the rest, within limits."""
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self.ended:
                    message = await self.receive()
                    self.ended = not message.get("more_body", False)
        except TimeoutError:
            pass


@dataclass
class _Closing:
    """The way back; an answer to a request that was not read to its end closes the connection."""

    send: Send
    body: _Body
    closes: bool = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", []), (b"x-content-type-options", b"nosniff")]
            self.closes = message["status"] in (TooLarge.status, TooSlow.status)
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


def _raised(refusal: Refusal) -> HTTPException:
    """As the exception that frameworks hand through."""
    return HTTPException(refusal.status, detail=as_json(refusal)["error"])


async def _answer(refusal: Refusal, send: Send) -> None:
    body = json.dumps(as_json(refusal)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(b"www-authenticate", b"Bearer")] if refusal.status == Stranger.status else []
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
