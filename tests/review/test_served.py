"""The served page: which requests it accepts, and what they do."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from assetgen.pack.lock import read_lock
from assetgen.review.session import ReviewSession

JSON = {"Content-Type": "application/json"}


def request(address: str, path: str = "", body: Any = None, **headers: str) -> tuple[int, bytes]:
    """One request; with a body it is a POST."""
    url = urlsplit(address)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
    try:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET" if data is None else "POST", url.path + path, data, {**JSON, **extra})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def updates_until(address: str, key: str) -> list[dict[str, Any]]:
    """All updates, up to the first one with this key."""
    found: list[dict[str, Any]] = []
    version = 0
    for _ in range(40):
        received = json.loads(request(address, f"updates?after={version}")[1])
        version, found = received["version"], [*found, *received["updates"]]
        if any(key in {**each, **each.get("new", {})} for each in found):
            return found
    pytest.fail(f"no update with {key}")


def test_the_page_is_served_on_loopback_and_may_connect_only_to_its_server(address: str) -> None:
    status, page = request(address)
    assert (status, urlsplit(address).hostname) == (200, "127.0.0.1")
    assert b"connect-src 'self'" in page


def test_a_pick_writes_the_lock_and_is_built(address: str, tmp_path: Path) -> None:
    before = (tmp_path / "game/wall.png").read_bytes()
    assert request(address, "pick", {"asset": "wall", "number": 2}) == (200, b"{}")
    lock = read_lock(tmp_path / "pack.lock")
    assert lock is not None and lock["wall"].pick == 1
    assert {"message": "wall: in the game", "is_error": False} in updates_until(address, "message")
    assert (tmp_path / "game/wall.png").read_bytes() != before


def test_a_pick_is_taken_back(address: str, tmp_path: Path) -> None:
    for number in (2, None):
        request(address, "pick", {"asset": "wall", "number": number})
    lock = read_lock(tmp_path / "pack.lock")
    assert lock is not None and lock["wall"].pick is None


def test_a_pick_does_not_overwrite_a_file_that_was_edited_by_hand(address: str, tmp_path: Path) -> None:
    (tmp_path / "game/wall.png").write_bytes(b"mine")
    request(address, "pick", {"asset": "wall", "number": 2})
    update, *_ = [each for each in updates_until(address, "message") if "message" in each]
    assert (update["is_error"], "wall.png" in update["message"]) == (True, True)
    assert (tmp_path / "game/wall.png").read_bytes() == b"mine"


def test_a_mistake_in_the_pack_is_reported_and_the_review_continues(address: str, tmp_path: Path) -> None:
    pack = tmp_path / "pack.yaml"
    text = pack.read_text()
    pack.write_text("pack: [")
    assert "pack.yaml:2" in json.loads(request(address, "pick", {"asset": "wall", "number": 2})[1])["error"]
    request(address, "more", {"asset": "wall"})
    assert [each["is_error"] for each in updates_until(address, "message")] == [True]
    pack.write_text(text)
    request(address, "more", {"asset": "wall"})
    updates_until(address, "candidate")


def test_candidates_are_sent_as_they_are_made(address: str, session: ReviewSession) -> None:
    request(address, "more", {"asset": "hero"})
    found = updates_until(address, "candidate")
    assert next(each["candidate"]["number"] for each in found if "candidate" in each) == 4
    assert len(session.review.assets["hero"]["candidates"]) >= 4


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("pick", {"asset": "all", "number": 1}),
        ("pick", {"asset": "wall", "number": 99}),
        ("more", {"asset": "all"}),
        ("more", {"asset": "elsewhere"}),
    ],
)
def test_an_impossible_request_is_an_error(address: str, path: str, body: dict[str, Any]) -> None:
    status, response = request(address, path, body)
    assert (status, list(json.loads(response))) == (200, ["error"])


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "evil.example:80"])
def test_another_host_is_rejected(address: str, host: str) -> None:
    assert request(address, Host=host)[0] == 403


def test_another_origin_or_content_type_is_rejected(address: str, tmp_path: Path) -> None:
    before = (tmp_path / "pack.lock").read_bytes()
    body = {"asset": "wall", "number": 2}
    assert request(address, "pick", body, Origin="http://evil.example")[0] == 403
    assert request(address, "pick", body, Content_Type="text/plain")[0] == 422
    assert (tmp_path / "pack.lock").read_bytes() == before


@pytest.mark.parametrize("path", ["/", "/wrong/", "/wrong/updates", "//", "/%2e%2e/"])
def test_without_the_secret_there_is_nothing(address: str, path: str) -> None:
    root = "http://" + urlsplit(address).netloc
    assert request(root, path)[0] == 404
    assert request(root, path, {"asset": "wall", "number": 1})[0] in (404, 405)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("pick", b"{", 422),
        ("pick", b"[" * 4000, 400),
        ("pick", b"[]", 422),
        ("pick", {"asset": 1}, 422),
        ("pick", {"asset": "wall", "number": "2"}, 422),
        ("pick", {"asset": "wall", "number": True}, 422),
        ("pick", b" " * 1_000_001, 413),
        ("../pick", {}, 404),
        ("elsewhere", {}, 404),
    ],
)
def test_malformed_requests_are_rejected(address: str, path: str, body: Any, status: int) -> None:
    assert request(address, path, body)[0] == status
    assert request(address)[0] == 200


def test_a_body_of_a_gigabyte_is_rejected_by_its_length(address: str) -> None:
    url = urlsplit(address)
    head = f"POST {url.path}pick HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 1000000000\r\n\r\n"
    with socket.create_connection((url.hostname, url.port), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).split()[1] == b"413"


def test_requests_that_wait_for_updates_end_with_the_review(address: str, session: ReviewSession) -> None:
    session.close()
    assert json.loads(request(address, "updates?after=99")[1])["closed"] is True
