"""Bytes that are no valid HTTP, and more connections than the server accepts."""

import json
import socket
import time
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

resource = pytest.importorskip("resource")
CHUNKED = b"Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"


def connected(client: Any) -> socket.socket:
    url = urlsplit(client.state.url)
    return socket.create_connection((url.hostname, url.port), timeout=30)


def response(client: Any, sent: bytes) -> tuple[int, dict[str, str]]:
    """The status and the error of the response to raw bytes."""
    with connected(client) as wire:
        wire.sendall(sent)
        head, _, body = b"".join(iter(lambda: wire.recv(65536), b"")).partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head.lower()
    return int(head.split()[1]), json.loads(body)["error"]


@pytest.fixture
def post(shared: Any) -> bytes:
    """The head of a request with a body, without its last lines."""
    host = urlsplit(shared.state.url).netloc
    return f"POST /api/v1/jobs HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {shared.state.token}\r\n".encode()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET /api/v1/status HTTP/1.1\r\n\r\n", 400),
        (b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nb\x00ad: 1\r\n\r\n", 400),
        (b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nLong: " + b"x" * 1_000_000, 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ],
)
def test_bytes_that_are_no_http_get_a_json_error(shared: Any, sent: bytes, status: int) -> None:
    code, error = response(shared, sent)
    assert (code, error["what"].startswith("Invalid HTTP request received (")) == (status, True)


def test_a_body_that_breaks_off_in_bad_chunks_gets_a_json_error(shared: Any, post: bytes) -> None:
    assert response(shared, post + CHUNKED + b'5\r\n{"ki\r\nnonsense\r\n')[0] == 400


def test_bad_chunks_after_a_response_close_the_connection_quietly(shared: Any, caplog: Any) -> None:
    with connected(shared) as wire:
        wire.sendall(b"POST /api/v1/jobs HTTP/1.1\r\nHost: evil\r\n" + CHUNKED)
        assert wire.recv(65536).startswith(b"HTTP/1.1 403")
        wire.sendall(b"nonsense\r\n")
        assert b"".join(iter(lambda: wire.recv(65536), b"")).count(b"HTTP/1.1") == 0
    assert caplog.records == []


def test_a_low_limit_of_open_files_allows_fewer_connections(daemon: Any) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))  # the server inherits it
    try:
        process, client = daemon()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    with ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(connected(client))
        assert response(client, b"GET /api/v1/status HTTP/1.1\r\n")[0] == 503
        for _ in range(300):
            stack.enter_context(connected(client))
    until = time.monotonic() + 60  # the server notices closed connections one after the other
    while client.request("GET", "/status").status == 503 and time.monotonic() < until:
        time.sleep(0.1)
    assert client.get("/status")["name"] == "assetgen"
    process.terminate()
    assert "Traceback" not in process.stderr.read()


def test_a_body_without_json_content_type_is_named_as_such(shared: Any, post: bytes) -> None:
    body = json.dumps({"kind": "make"}).encode()
    status, error = response(shared, post + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert (status, error["what"]) == (422, "the body is not declared as JSON")
    assert "Content-Type: application/json" in error["cure"]
