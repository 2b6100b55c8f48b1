"""Errors in the dock: no server, a killed one, another program at its address."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.godot


ANSWERS: dict[str, dict[str, tuple[int, Any]]] = {
    "NEWER": {"/api/v1/status": (200, {"name": "assetgen", "version": "0.1.0", "api": "2.0"})},
    "OLDER": {
        "/api/v1/status": (200, {"name": "assetgen", "version": "9.0.0"}),
        "/api/v1/projects": (200, {"id": "1", "path": "", "engine": "godot"}),
        "/api/v1/presets": (200, []),
        "/api/v1/models": (200, []),
    },
    "V2": {},
    "STRANGER": {"/api/v1/status": (200, {"name": "something"})},
    "GARBAGE": {"/api/v1/status": (200, {"name": "assetgen", "version": "0.1.0"}), "/api/v1/projects": (200, [1])},
}


class Other(BaseHTTPRequestHandler):
    """Responds like servers of that kind, and records the tokens it receives."""

    def do_GET(self) -> None:
        """Any question."""
        kind, tokens = self.server.kind, self.server.tokens  # type: ignore[attr-defined]
        if token := self.headers.get("Authorization"):
            tokens.append(token)
        code, body = ANSWERS[kind].get(self.path.partition("?")[0], (404, {}))
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def others() -> Iterator[dict[str, Any]]:
    """Foreign servers, by kind."""
    servers: dict[str, Any] = {}
    for kind in ANSWERS:
        servers[kind] = server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
        server.kind, server.tokens = kind, []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield servers
    for server in servers.values():
        server.shutdown()
        server.server_close()


def test_errors_are_reported_and_foreign_servers_get_no_token(
    game: Any, state: Path, program: Path, others: dict[str, Any]
) -> None:
    states = {
        f"ASSETGEN_{kind}": json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "token": "secret"})
        for kind, server in others.items()
    }
    game.trial("mishaps", state, ASSETGEN_PROGRAM=str(program), **states)
    assert [kind for kind, server in others.items() if server.tokens] == ["OLDER", "GARBAGE"]
