"""The page, answered on this machine alone: a random port, a secret in the path, only the page's own requests.

A page of another site may send requests to this address, and by DNS rebinding even under a name of its own: so `Host`
must name this machine, `Origin` must be the page's own where a browser tells one, and the body must be JSON.
"""

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from assetgen.errors import AssetgenError
from assetgen.review.session import Sitting

HERE = "127.0.0.1"
WAIT = 20.0
"""Seconds that a request for news is held open."""
SLOW = 30.0
"""Seconds after which a connection is dropped that sends nothing."""
MOST_BYTES = 4096
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@contextmanager
def answering(sitting: Sitting, wait: float = WAIT) -> Iterator[str]:
    """Answer a page's requests from threads of their own; gives the page's address."""
    with _Door((HERE, 0), _Answer) as door:
        door.sitting, door.wait, door.secret = sitting, wait, secrets.token_urlsafe(24)
        thread = threading.Thread(target=door.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield f"http://{HERE}:{door.server_port}/{door.secret}/"
        finally:
            sitting.close()
            door.shutdown()
            thread.join()


class _Door(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    sitting: Sitting
    wait: float
    secret: str

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up is not worth a word."""


class _Refused(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


class _Answer(BaseHTTPRequestHandler):
    timeout = SLOW

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, act: Callable[[str], None]) -> None:
        try:
            act(self._asked())
        except _Refused as refused:
            self._tell(refused.status, {"error": refused.status.phrase})
        except AssetgenError as error:
            self._tell(HTTPStatus.OK, {"error": str(error)})

    def _get(self, path: str) -> None:
        if path == "":
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", self._door.sitting.page())
        elif path == "news":
            after = parse_qs(urlsplit(self.path).query).get("after", ["0"])[0]
            number = int(after) if after.isdecimal() and len(after) < 10 else 0
            self._tell(HTTPStatus.OK, self._door.sitting.news(number, self._door.wait))
        else:
            raise _Refused(HTTPStatus.NOT_FOUND)

    def _post(self, path: str) -> None:
        if path not in ("pick", "more"):
            raise _Refused(HTTPStatus.NOT_FOUND)
        wish = self._body()
        asset, number = wish.get("asset"), wish.get("number")
        if not isinstance(asset, str) or not (number is None or type(number) is int):
            raise _Refused(HTTPStatus.BAD_REQUEST)
        if path == "pick":
            self._door.sitting.pick(asset, number)
        else:
            self._door.sitting.more(asset)
        self._tell(HTTPStatus.OK, {})

    @property
    def _door(self) -> _Door:
        return cast("_Door", self.server)

    def _asked(self) -> str:
        """The path below the secret, of a request that comes from this machine and from our own page."""
        names = {f"{host}:{self._door.server_port}" for host in (HERE, "localhost")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") not in names or origin not in (None, *(f"http://{name}" for name in names)):
            raise _Refused(HTTPStatus.FORBIDDEN)
        _, _, rest = urlsplit(self.path).path.partition("/")
        secret, slash, path = rest.partition("/")
        if not (slash and secrets.compare_digest(secret.encode(), self._door.secret.encode())):
            raise _Refused(HTTPStatus.NOT_FOUND)
        return path

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            raise _Refused(HTTPStatus.LENGTH_REQUIRED)
        if len(length) > 9 or int(length) > MOST_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self.headers.get_content_type() != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            found = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise _Refused(HTTPStatus.BAD_REQUEST) from error
        if not isinstance(found, dict):
            raise _Refused(HTTPStatus.BAD_REQUEST)
        return found

    def _tell(self, status: HTTPStatus, facts: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(facts).encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """What we are, without the versions of Python."""
        return "assetgen"

    def log_message(self, format: str, *args: Any) -> None:
        """No line for each request."""
