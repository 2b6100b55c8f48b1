"""`assetgen watch` serves plugins too: one process, one set of loaded models."""

import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assetgen.build.build_lock import build_lock
from assetgen.build.idle_unloading import IdleUnloader
from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.events import ignore
from assetgen.machine import this_machine
from assetgen.server.fair_queue import FairLock

pytestmark = pytest.mark.slow


def until(done: Callable[[], object], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def watcher(daemon: Any, slow: Any, tmp_path: Path) -> Any:
    """Starts a watch of a pack with so many slow drawings."""

    def start(count: int, *arguments: str) -> Any:
        path = slow(tmp_path / "art", count)
        return daemon(str(path), "--game", str(tmp_path / "game"), "--json", *arguments, command="watch")

    return start


def images(folder: Path) -> int:
    return len(list((folder / "game").rglob("*.png")))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_watch_writes_the_state_file_and_runs_jobs(watcher: Any, tmp_path: Path, number: int, code: int) -> None:
    process, client = watcher(1)
    assert client.state.pid == process.pid
    assert client.make()["status"] == "done"
    assert [Path(project["path"]).name for project in client.get("/projects")] == ["art"]
    process.send_signal(number)
    assert (process.wait(60), (tmp_path / "server.json").exists()) == (code, False)


@pytest.mark.slow
def test_a_make_overtakes_a_watched_build_and_a_pick_in_its_pack_waits(watcher: Any, tmp_path: Path) -> None:
    _, client = watcher(120)
    until(lambda: images(tmp_path) > 2)
    project = client.open(tmp_path / "art")
    pick = client.job(kind="pick", project=project, pack="pack.pack.yaml", asset="pack_0", number=2)
    assert client.make()["status"] == "done"
    assert 2 < images(tmp_path) < 120
    assert client.get(f"/jobs/{pick['id']}")["status"] == "queued"
    assert client.wait(pick)["status"] == "done"
    assert images(tmp_path) == 120


def test_a_signal_ends_a_watch_during_a_build(watcher: Any, tmp_path: Path) -> None:
    process, _ = watcher(300)
    until(lambda: images(tmp_path) > 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert images(tmp_path) < 300


def test_a_signal_ends_an_idle_watch(daemon: Any, tmp_path: Path) -> None:
    (tmp_path / "art").mkdir()
    process, _ = daemon(str(tmp_path / "art"), command="watch")
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_a_signal_ends_a_watch_that_waits_for_another_build(watcher: Any, tmp_path: Path) -> None:
    with build_lock(tmp_path / "game/pack", this_machine(str(tmp_path / "store")).locks, ignore):
        process, _ = watcher(1)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert images(tmp_path) == 0


def test_a_watch_that_cannot_serve_reports_why_and_builds(slow: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    arguments = ["watch", str(slow(tmp_path / "art", 1)), "--game", str(tmp_path / "game"), "--draft"]
    command = [sys.executable, "-m", "assetgen.cli", *arguments, "--state", str(tmp_path / "file/server.json")]
    watch = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    until(lambda: images(tmp_path) == 1)
    watch.send_signal(signal.SIGTERM)
    _, output = watch.communicate(timeout=60)
    assert "this watch does not serve plugins: cannot write" in output
    assert watch.returncode == 0


def test_a_watch_beside_a_server_builds_and_reports_the_server(daemon: Any, slow: Any, tmp_path: Path) -> None:
    server, _ = daemon()
    arguments = ["watch", str(slow(tmp_path / "art", 1)), "--game", str(tmp_path / "game"), "--draft"]
    command = [sys.executable, "-m", "assetgen.cli", *arguments, "--state", str(tmp_path / "server.json")]
    watch = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    until(lambda: images(tmp_path) == 1)
    watch.send_signal(signal.SIGTERM)
    _, output = watch.communicate(timeout=60)
    assert f"this watch does not serve plugins: a server already uses '{tmp_path}/server.json'" in output
    assert (server.poll(), watch.returncode) == (None, 0)


def test_the_fair_lock_is_first_in_first_out() -> None:
    import threading

    lock, order = FairLock(), []

    def take(name: str) -> None:
        with lock:
            order.append(name)

    with lock:
        threads = [threading.Thread(target=take, args=(name,)) for name in "abc"]
        for count, thread in enumerate(threads, 2):
            thread.start()
            until(lambda count=count: len(lock._waiting) == count)
    for thread in threads:
        thread.join()
    assert order == ["a", "b", "c"]


def test_models_are_unloaded_after_a_while_without_use() -> None:
    patient = IdleUnloader(60)
    with patient.used():
        assert math.isinf(patient.left)
    assert 0 < patient.left <= 60
    idle = IdleUnloader(0.05)
    with idle.used():
        pass
    until(lambda: idle.left == 0)
    idle.unload_models()
    assert math.isinf(idle.left)


@pytest.mark.slow
@pytest.mark.model
def test_an_idle_server_unloads_its_model_and_loads_it_again(serve: Any) -> None:
    arguments = {"draft": False, "preset": "painted_concept", "settings": {"diffusion": {"steps": 2}}}
    idle = IdleUnloader(0.5)
    unload_models()  # models that another test has loaded
    with serve(idle=idle) as client:
        for _ in range(2):
            events = client.make(**arguments, seed=time.time_ns() % 10**6)["events"]
            assert any(event["event"] == "loading" for event in events)
            until(lambda: math.isinf(idle.left))  # no model is loaded
