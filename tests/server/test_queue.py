"""The queue: its order, cancelling, and what survives the end of the process."""

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.build.build_lock import build_lock
from assetgen.errors import InputError
from assetgen.events import Planned, Sampling
from assetgen.pixels.image_files import decode_image, encode_png
from assetgen.server.context import JobEvents
from assetgen.server.database import TABLES
from assetgen.server.fair_queue import QueuedJob, fair_order
from assetgen.server.http_errors import QueueFull
from assetgen.server.jobs import MAX_QUEUED, MAX_STARTS, CheckedJob, Jobs, Notifier
from assetgen.server.state import ServerState, own_state_file, read_state, remove_state, write_state

MAKE = {"kind": "make", "preset": "pixel_sprite", "prompt": "a red dragon", "draft": True}


def order(*jobs: tuple[str, str], **served: int) -> str:
    """The order of jobs given as (client, kind)."""
    queue = [QueuedJob(f"{n}", client, kind != "build", "", n) for n, (client, kind) in enumerate(jobs)]
    return "".join(job.id for job in fair_order(queue, served))


def test_urgent_jobs_go_before_builds() -> None:
    assert order(("ann", "build"), ("ann", "make"), ("bob", "pick")) == "120"


def test_clients_take_turns() -> None:
    assert order(("ann", "make"), ("ann", "make"), ("ann", "make"), ("bob", "make"), ("bob", "make")) == "03142"
    assert order(("ann", "make"), ("bob", "make"), ann=2, bob=1) == "10"


@pytest.fixture
def jobs(tmp_path: Path) -> Any:
    opened = Jobs(tmp_path / "jobs.sqlite", Notifier())
    yield opened
    opened.close()


def test_a_full_queue_rejects_jobs(jobs: Any) -> None:
    for _ in range(MAX_QUEUED):
        jobs.add("make", "ann", {})
    with pytest.raises(QueueFull, match="1000 jobs are queued already"):
        jobs.add("make", "bob", {})


def test_an_urgent_job_that_writes_the_lock_of_a_running_build_waits(jobs: Any) -> None:
    jobs.add("build", "ann", {}, CheckedJob("a.lock"))
    assert jobs.claim().kind == "build"
    id = jobs.add("pick", "ann", {}, CheckedJob("a.lock")).id
    for _ in range(2):
        jobs.note_waiting({"a.lock": "the build of ann", "": "nobody"})
    assert [event.get("holder") for event in jobs.events(id, 0)] == [None, "the build of ann"]
    assert jobs.claim(urgent=True, holding=["a.lock"]) is None
    jobs.add("pick", "ann", {}, CheckedJob("b.lock"))
    assert jobs.claim(urgent=True, holding=["a.lock"]).holds == "b.lock"


def test_previews_are_kept_by_the_number_of_their_variation(jobs: Any, tmp_path: Path) -> None:
    id = jobs.add("make", "ann", {}).id
    events = JobEvents(jobs, jobs.claim(), tmp_path, lambda: False, numbers={"imp_02": 2})
    events.show({"imp_02": np.full((4, 6, 3), 9, np.uint8), "another": np.zeros((4, 6, 3), np.uint8)})
    assert decode_image(events.previews[2]).shape == (4, 6, 3)
    assert (list(events.previews), jobs.events(id, 2)[0]["numbers"]) == ([2], [2])


def test_progress_counts_the_compared_attempts_of_an_asset_as_one(jobs: Any, tmp_path: Path) -> None:
    id = jobs.add("make", "ann", {}).id
    events = JobEvents(jobs, jobs.claim(), tmp_path, lambda: False)
    events(Planned(assets=4, to_sample=4, images=16))
    events(Sampling(done=5, total=20, batch=("imp_01",) * 16))
    assert jobs.get(id).progress.fraction == 0.25


def test_a_job_that_kills_the_server_each_time_fails(jobs: Any) -> None:
    id = jobs.add("make", "ann", {}).id
    for _ in range(MAX_STARTS):
        assert jobs.claim().id == id
        jobs.recover()
    assert jobs.get(id).status == "failed"
    assert "ended 5 times" in jobs.get(id).error.what


def test_a_job_that_makes_progress_each_time_the_server_dies_is_requeued(jobs: Any) -> None:
    job = jobs.add("build", "ann", {})
    for number in range(2 * MAX_STARTS):
        jobs.claim()
        jobs.record(job.id, {"event": "published", "asset": f"a{number}"})
        jobs.recover()
    assert jobs.get(job.id).status == "queued"


def test_old_jobs_are_deleted(jobs: Any) -> None:
    old, waiting = jobs.add("make", "ann", {}), jobs.add("make", "ann", {})
    jobs.end(old.id, "cancelled")
    assert jobs.drop_old(time.time()) == []
    assert jobs.drop_old(time.time() + 1e9) == [old.id]
    assert [job.id for job in jobs.latest(9)] == [waiting.id]


def test_a_make_overtakes_a_build_between_batches(client: Any, slow: Any, tmp_path: Path) -> None:
    build = client.job(kind="build", project=client.open(slow(tmp_path / "big", 300)), pack="pack.pack.yaml")
    client.wait(build, lambda state: state["progress"]["done"] > 2)
    made = client.make()
    now = client.get(f"/jobs/{build['id']}")
    assert (made["status"], now["status"]) == ("done", "running")
    client.request("DELETE", f"/jobs/{build['id']}")


def test_jobs_that_sample_nothing_do_not_wait_for_those_that_do(
    client: Any, slow: Any, project: Path, tmp_path: Path
) -> None:
    assert client.make()["status"] == "done"
    picture = client.upload(encode_png(np.zeros((8, 8, 4), np.uint8)), "in.png").json["id"]
    big = client.open(slow(tmp_path / "big", 1, side=1024))
    running = client.job(kind="make", preset="slow", prompt="x", project=big, count=256)
    client.wait(running, lambda state: state["progress"]["done"] > 1)
    pack = {"project": client.open(project), "pack": "art"}
    others = (
        {"kind": "check", **pack},
        {"kind": "pick", "asset": "tree", "number": 2, **pack},
        {"kind": "post", "steps": [{"resize": {"width": 4}}], "upload": picture},
        MAKE,
    )
    assert [client.wait(client.job(**other))["status"] for other in others] == ["done"] * 4
    assert client.get(f"/jobs/{running['id']}")["status"] == "running"
    client.request("DELETE", f"/jobs/{running['id']}")


def test_a_queued_job_is_cancelled_at_once(client: Any, slow: Any, tmp_path: Path) -> None:
    project = client.open(slow(tmp_path / "big", 300))
    running = client.job(kind="build", project=project, pack="pack.pack.yaml")
    waiting = client.job(kind="build", project=project, pack="pack.pack.yaml")
    client.wait(running, lambda state: state["status"] == "running")
    assert client.get(f"/jobs/{waiting['id']}")["position"] == 1
    assert client.request("DELETE", f"/jobs/{waiting['id']}").json["status"] == "cancelled"
    state = client.request("DELETE", f"/jobs/{running['id']}").json
    assert state["status"] == "cancelled"
    published = len(list((tmp_path / "big").rglob("*.png")))
    assert published < 300
    assert client.make()["status"] == "done"
    assert client.get(f"/jobs/{running['id']}")["seq"] == state["seq"]
    assert not list((tmp_path / "big").rglob("*.part"))


def test_cancelling_an_ended_job_changes_nothing(client: Any) -> None:
    made = client.make()
    assert client.request("DELETE", f"/jobs/{made['id']}").json["status"] == "done"


def test_done_jobs_and_projects_stay_after_a_restart(serve: Any, project: Path) -> None:
    with serve() as client:
        made, opened = client.make(), client.open(project)
    with serve() as client:
        assert client.get(f"/jobs/{made['id']}") == made
        assert client.request("GET", f"/jobs/{made['id']}/files/{made['files'][0]['path']}").status == 200
        assert [each["id"] for each in client.get("/projects")] == [opened]


@pytest.mark.slow
def test_a_job_that_ran_at_a_graceful_stop_continues_at_the_next_start(serve: Any, slow: Any, tmp_path: Path) -> None:
    with serve() as client:
        job = client.job(kind="build", project=client.open(slow(tmp_path / "big", 50)), pack="pack.pack.yaml")
        client.wait(job, lambda state: state["progress"]["done"] > 2)
    with serve() as client:
        state = client.wait(job)
        assert (state["status"], state["result"]["failed"]) == ("done", 0)
    assert len(list((tmp_path / "big").rglob("*.png"))) == 50


@pytest.mark.slow
def test_jobs_survive_kill_9(daemon: Any, slow: Any, tmp_path: Path) -> None:
    process, client = daemon()
    build = client.job(kind="build", project=client.open(slow(tmp_path / "big", 50)), pack="pack.pack.yaml")
    seen = client.wait(build, lambda state: state["progress"]["done"] > 2)
    waiting = client.job(kind="build", project=client.open(slow(tmp_path / "next", 2)), pack="pack.pack.yaml")
    process.kill()
    process.wait()
    _, client = daemon()
    again = client.wait(build)
    assert (again["status"], client.wait(waiting)["status"]) == ("done", "done")
    assert again["seq"] > seen["seq"]
    assert len(list((tmp_path / "big").rglob("*.png"))) == 50


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_stops_the_server_cleanly(daemon: Any, tmp_path: Path, number: int, code: int) -> None:
    process, client = daemon()
    assert (tmp_path / "server.json").stat().st_mode & 0o777 == 0o600
    assert client.state.pid == process.pid
    client.make()
    process.send_signal(number)
    assert process.wait(60) == code
    assert not (tmp_path / "server.json").exists()


def test_a_shutdown_request_ends_the_server_and_the_next_one_continues_its_job(
    serve: Any, slow: Any, tmp_path: Path
) -> None:
    with serve() as client:
        job = client.job(kind="build", project=client.open(slow(tmp_path / "big", 20)), pack="pack.pack.yaml")
        client.wait(job, lambda state: state["progress"]["done"] > 2)
        assert client.request("POST", "/shutdown", Authorization="").status == 401
        response = client.request("POST", "/shutdown")
        assert (response.status, response.json) == (202, {})
        while (tmp_path / "run" / "server.json").exists():
            time.sleep(0.02)
    with serve() as client:
        assert client.wait(job)["status"] == "done"


def test_a_shutdown_request_ends_a_watch(daemon: Any, tmp_path: Path) -> None:
    (tmp_path / "art").mkdir()
    process, client = daemon(str(tmp_path / "art"), command="watch")
    assert client.request("POST", "/shutdown").status == 202
    assert process.wait(60) == 0


def test_the_queue_lists_the_jobs_of_all_clients_in_order(client: Any, slow: Any, tmp_path: Path) -> None:
    project = client.open(slow(tmp_path / "big", 100))
    running = client.job(kind="build", project=project, pack="pack.pack.yaml", only="pack_*")
    client.wait(running, lambda state: state["status"] == "running")
    client.job(kind="build", project=project, pack="pack.pack.yaml")
    queue = client.get("/queue")
    assert [(each["status"], each["position"], each["title"]) for each in queue] == [
        ("running", 0, "pack.pack.yaml: pack_*"),
        ("queued", 1, "pack.pack.yaml"),
    ]
    assert {each["project"] for each in queue} == {project}
    for each in queue:
        client.request("DELETE", f"/jobs/{each['id']}")
    assert client.get("/queue") == []


def test_jobs_of_the_first_version_are_read(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "jobs.sqlite")
    base.executescript(TABLES)
    base.execute(
        "INSERT INTO jobs (id, kind, client, request, holds, root, made) VALUES ('a', 'make', 'c', '{}', '', '', 1)"
    )
    base.commit()
    base.close()
    jobs = Jobs(tmp_path / "jobs.sqlite", Notifier())
    assert (jobs.get("a").succeeded, jobs.get("a").failures) == (0, [])
    jobs.close()


def test_a_second_server_reports_the_first(daemon: Any, tmp_path: Path) -> None:
    process, _ = daemon()
    command = [sys.executable, "-m", "assetgen.cli", "serve", "--state", str(tmp_path / "server.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"process {process.pid} at http://127.0.0.1:" in done.stderr


def test_a_server_removes_only_its_own_state_file(tmp_path: Path) -> None:
    path, mine, other = tmp_path / "s.json", ServerState("u", "t", 1, "v"), ServerState("u", "other", 2, "v")
    write_state(path, mine)
    assert read_state(path) == mine
    write_state(path, other)
    remove_state(path, mine)
    assert read_state(path) == other
    with own_state_file(path), pytest.raises(InputError, match="process 2 at u"), own_state_file(path):
        pass


def test_a_job_that_waits_for_another_build_can_be_cancelled(client: Any, project: Path, tmp_path: Path) -> None:
    other = Path(project / "out" / "art" / "art")
    with build_lock(other, tmp_path / "locks", lambda _: None):
        job = client.job(kind="build", project=client.open(project), pack="art")
        client.wait(job, waits)
        assert client.make()["status"] == "done"
        client.request("DELETE", f"/jobs/{job['id']}")
        assert client.wait(client.job(kind="build", project=client.open(project), pack="art", draft=True), waits)
    assert client.get("/jobs")[0]["kind"] == "build"


def waits(state: Any) -> bool:
    return any(event["event"] == "waiting" for event in state["events"])
