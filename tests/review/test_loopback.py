"""What answers the page: to whom it answers, and what it does."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from assetgen.pack.lock import read_lock
from assetgen.review.session import Sitting

JSON = {"Content-Type": "application/json"}


def ask(address: str, path: str = "", body: Any = None, **headers: str) -> tuple[int, bytes]:
    """One request; with a body it is a POST."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    try:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET" if data is None else "POST", place.path + path, data, {**JSON, **named})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def news_until(address: str, key: str) -> list[dict[str, Any]]:
    """All news until something is told with this key."""
    found: list[dict[str, Any]] = []
    version = 0
    for _ in range(40):
        heard = json.loads(ask(address, f"news?after={version}")[1])
        version, found = heard["version"], [*found, *heard["news"]]
        if any(key in {**each, **each.get("new", {})} for each in found):
            return found
    pytest.fail(f"no news of {key}")


def test_it_listens_on_this_machine_alone_and_its_page_may_ask_only_here(address: str) -> None:
    status, page = ask(address)
    assert (status, urlsplit(address).hostname) == (200, "127.0.0.1")
    assert b"connect-src 'self'" in page


def test_a_pick_writes_the_lock_and_a_build_follows_it(address: str, tmp_path: Path) -> None:
    before = (tmp_path / "game/wall.png").read_bytes()
    assert ask(address, "pick", {"asset": "wall", "number": 2}) == (200, b"{}")
    lock = read_lock(tmp_path / "pack.lock")
    assert lock is not None and lock["wall"].pick == 1
    assert {"said": "wall: in the game", "bad": False} in news_until(address, "said")
    assert (tmp_path / "game/wall.png").read_bytes() != before


def test_a_pick_is_taken_back(address: str, tmp_path: Path) -> None:
    for number in (2, None):
        ask(address, "pick", {"asset": "wall", "number": number})
    lock = read_lock(tmp_path / "pack.lock")
    assert lock is not None and lock["wall"].pick is None


def test_a_pick_that_would_overwrite_what_was_edited_by_hand_is_kept_out_of_the_game(
    address: str, tmp_path: Path
) -> None:
    (tmp_path / "game/wall.png").write_bytes(b"mine")
    ask(address, "pick", {"asset": "wall", "number": 2})
    said, *_ = [each for each in news_until(address, "said") if "said" in each]
    assert (said["bad"], "wall.png" in said["said"]) == (True, True)
    assert (tmp_path / "game/wall.png").read_bytes() == b"mine"


def test_a_pack_that_is_wrong_now_is_told_and_the_work_goes_on(address: str, tmp_path: Path) -> None:
    pack = tmp_path / "pack.yaml"
    text = pack.read_text()
    pack.write_text("pack: [")
    assert "pack.yaml:2" in json.loads(ask(address, "pick", {"asset": "wall", "number": 2})[1])["error"]
    ask(address, "more", {"asset": "wall"})
    assert [each["bad"] for each in news_until(address, "said")] == [True]
    pack.write_text(text)
    ask(address, "more", {"asset": "wall"})
    news_until(address, "candidate")


def test_candidates_come_in_as_they_are_made(address: str, sitting: Sitting) -> None:
    ask(address, "more", {"asset": "hero"})
    found = news_until(address, "candidate")
    assert next(each["candidate"]["number"] for each in found if "candidate" in each) == 4
    assert len(sitting.review.assets["hero"]["candidates"]) >= 4


@pytest.mark.parametrize("wish", [{"asset": "all", "number": 1}, {"asset": "wall", "number": 99}])
def test_what_cannot_be_picked_is_told(address: str, wish: dict[str, Any]) -> None:
    status, said = ask(address, "pick", wish)
    assert (status, list(json.loads(said))) == (200, ["error"])


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "evil.example:80"])
def test_a_foreign_host_is_refused(address: str, host: str) -> None:
    assert ask(address, Host=host)[0] == 403


def test_a_foreign_page_is_refused(address: str, tmp_path: Path) -> None:
    before = (tmp_path / "pack.lock").read_bytes()
    wish = {"asset": "wall", "number": 2}
    assert ask(address, "pick", wish, Origin="http://evil.example")[0] == 403
    assert ask(address, "pick", wish, Content_Type="text/plain")[0] == 415
    assert (tmp_path / "pack.lock").read_bytes() == before


@pytest.mark.parametrize("path", ["/", "/wrong/", "/wrong/news", "//", "/%2e%2e/"])
def test_who_does_not_know_the_secret_sees_nothing(address: str, path: str) -> None:
    root = "http://" + urlsplit(address).netloc
    assert [ask(root, path)[0], ask(root, path, {"asset": "wall", "number": 1})[0]] == [404, 404]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("pick", b"{", 400),
        ("pick", b"[" * 4000, 400),
        ("pick", b"[]", 400),
        ("pick", {"asset": 1}, 400),
        ("pick", {"asset": "wall", "number": "2"}, 400),
        ("pick", {"asset": "wall", "number": True}, 400),
        ("pick", b" " * 5000, 413),
        ("../pick", {}, 404),
        ("elsewhere", {}, 404),
    ],
)
def test_malformed_requests_are_refused(address: str, path: str, body: Any, status: int) -> None:
    assert ask(address, path, body)[0] == status
    assert ask(address)[0] == 200


def test_a_body_of_a_gigabyte_is_refused_unread(address: str) -> None:
    place = urlsplit(address)
    head = f"POST {place.path}pick HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 1000000000\r\n\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).split()[1] == b"413"


def test_the_review_ends_for_those_who_wait_for_news(address: str, sitting: Sitting) -> None:
    sitting.close()
    assert json.loads(ask(address, "news?after=99")[1])["closed"] is True
