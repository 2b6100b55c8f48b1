"""Damaged files, full disks and oversized uploads."""

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import stat
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.pixels.image_files import encode_png
from assetgen.server import uploads
from assetgen.server.database import VERSION
from assetgen.server.jobs import Jobs
from assetgen.server.notifier import Notifier
from assetgen.server.private import make_private


def test_a_damaged_queue_is_renamed_and_reported(tmp_path: Path) -> None:
    path, warnings = tmp_path / "jobs.sqlite", list[str]()
    jobs = Jobs(path, Notifier())
    for number in range(500):
        jobs.add("make", "ann", {"number": number})
    jobs.close()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + os.urandom(9000) + data[len(data) // 2 + 9000 :])
    jobs = Jobs(path, Notifier(), warnings.append)
    assert (jobs.latest(9), path.with_name("jobs.sqlite.damaged").exists()) == ([], True)
    assert ["the job queue was damaged" in line for line in warnings] == [True]
    jobs.close()


def test_a_queue_of_a_newer_assetgen_stays_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    Jobs(path, Notifier()).close()
    with sqlite3.connect(path) as base:
        base.execute(f"PRAGMA user_version={VERSION + 1}")
    base.close()
    with pytest.raises(InputError, match="was written by a newer assetgen"):
        Jobs(path, Notifier())


def test_a_queue_that_cannot_be_opened_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").mkdir()
    with pytest.raises(InputError, match="cannot open"):
        Jobs(tmp_path / "jobs.sqlite", Notifier())


def test_old_uploads_are_removed_while_another_one_ends(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs.sqlite", Notifier())
    (tmp_path / ".gone.part").symlink_to("nowhere")
    uploads.drop_old(jobs, tmp_path, time.time())
    jobs.close()


def test_an_event_may_have_an_undecodable_file_name(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs.sqlite", Notifier())
    id = jobs.add("build", "ann", {}).id
    jobs.claim()
    jobs.record(id, {"event": "failed", "reason": os.fsdecode(b"\xff.png")})
    assert jobs.events(id, 2)[0]["reason"].encode() == b"?.png"
    jobs.close()


@pytest.mark.slow
def test_many_large_images_at_once_do_not_fill_the_memory(daemon: Any) -> None:
    process, client = daemon()
    pictures = [encode_png(np.full((4000, 4000, 4), grey, np.uint8)) for grey in range(8)]
    with ThreadPoolExecutor(8) as senders:
        responses = list(senders.map(lambda data: client.upload(data, "large.png").status, pictures))
    status = Path(f"/proc/{process.pid}/status")
    assert responses == [201] * 8
    if status.exists():
        [most] = [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        assert most < 1_000_000


@pytest.mark.slow
def test_the_server_ends_while_an_upload_is_still_decoded(daemon: Any) -> None:
    process, client = daemon()
    large = b"v 0 0 0\nf" + b" 1 1 1" * 1_600_000
    threading.Thread(target=vanishing, args=(client, large), daemon=True).start()
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def vanishing(client: Any, data: bytes) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        client.upload(data, "large.obj")


def many_nodes() -> bytes:
    tree = {"asset": {"version": "2.0"}, "nodes": [{}] * 400_000, "scenes": [{"nodes": list(range(400_000))}]}
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text), len(text), b"JSON") + text


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.glb", many_nodes(), "400,000 nodes"),
        ("a.obj", b"v 0 0 0\n" + b"f 1 1 1\n" * 2_000_000, "1,500,001 triangles"),
    ],
)
def test_meshes_that_take_minutes_to_read_are_rejected(shared: Any, name: str, data: bytes, what: str) -> None:
    began = time.monotonic()
    response = shared.upload(data, name)
    assert (response.status, what in response.error["what"]) == (422, True)
    assert time.monotonic() - began < 60


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_jobs_and_uploads_are_private_whatever_the_umask_and_the_modes_were(client: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    modes = lambda: {stat.S_IMODE(path.stat().st_mode) for path in (data, *data.glob("*"), *data.glob("*/*"))}  # noqa: E731
    before = os.umask(0)
    try:
        client.upload(encode_png(np.zeros((4, 4, 3), np.uint8)), "a.png")
        client.make()
        assert modes() == {0o700, 0o600}
    finally:
        os.umask(before)
    for path in data.rglob("*"):
        path.chmod(0o777)
    other = tmp_path / "other"
    other.write_text("")
    other.chmod(0o644)
    (data / "uploads" / "link").symlink_to(other)
    make_private(data)
    (data / "uploads" / "link").unlink()
    assert (modes(), stat.S_IMODE(other.stat().st_mode)) == ({0o700, 0o600}, 0o644)
