"""`assetgen build --runner ray` on the command line."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]
PACK = "pack: p\nassets: {a: {preset: painted_concept, prompt: x}}\n"
SLOW = "pack: p\nassets: {a: {preset: painted_concept, prompt: x, diffusion: {steps: 150}}}\n"
KILLING = """
pack: p
assets:
  "good_{n}": {preset: drawing, prompt: "gem {n}", matrix: {n: [1, 2, 3, 4, 5]}}
  bad: {preset: killing, prompt: x}
"""
DRAWING = 'preset: drawing\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\n'
PLUGIN = """
import os
import signal

from assetgen.images import ImageSet
from assetgen.parts import part


@part(version=1)
def kill(images: ImageSet) -> ImageSet:
    os.kill(os.getpid(), signal.SIGKILL)
    return images
"""


@pytest.fixture
def pack(tmp_path: Path) -> tuple[Any, ...]:
    """Arguments that build a pack of one drawn image."""
    (tmp_path / "pack.yaml").write_text(PACK)
    return ("build", tmp_path, "--draft", "--game", tmp_path / "game", "--store", tmp_path / "store")


@pytest.mark.parametrize("address", ["", "here", "host:port", "ftp://host:1", "host:1:2", "-1", "host:123456"])
def test_a_malformed_address_is_an_error(assetgen: Run, pack: tuple[Any, ...], address: str) -> None:
    code, _, err = assetgen(*pack, "--runner", "ray", "--address", address)
    assert (code, err) == (
        2,
        f"assetgen: '{address}' is not the address of a Ray cluster. Write auto, HOST:PORT or ray://HOST:PORT.\n",
    )


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_without_a_cluster_is_an_error(assetgen: Run, pack: tuple[Any, ...], scheme: str) -> None:
    code, _, err = assetgen(*pack, "--runner", "ray", "--address", f"{scheme}127.0.0.1:1")
    assert (code, f"no Ray cluster answers at '{scheme}127.0.0.1:1' (Connection refused)" in err) == (2, True)


def test_an_address_needs_the_ray_runner(assetgen: Run, pack: tuple[Any, ...]) -> None:
    code, _, err = assetgen(*pack, "--address", "auto")
    assert (code, err) == (2, "assetgen: --address needs a Ray cluster. Add --runner ray.\n")


def test_a_missing_ray_is_reported_with_the_install_command(
    assetgen: Run, pack: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    code, _, err = assetgen(*pack, "--runner", "ray")
    assert (code, 'assetgen: --runner ray needs Ray. pip install "assetgen[ray]".' in err) == (3, True)


def build(folder: Path, pack: str) -> "subprocess.Popen[str]":
    """A build that starts Ray itself and prints its events on stdout."""
    (folder / "pack.yaml").write_text(pack)
    arguments = [sys.executable, "-m", "assetgen.cli", "build", str(folder), "--json", "--runner", "ray"]
    options = ["--game", str(folder / "game"), "--store", str(folder / "store")]
    path = os.pathsep.join((str(folder), *sys.path))
    environment = os.environ | {"HOME": str(folder), "PYTHONPATH": path}
    pipe = subprocess.PIPE
    return subprocess.Popen([*arguments, *options], stdout=pipe, stderr=pipe, text=True, env=environment)


def children(folder: Path) -> list[str]:
    """Running processes whose home is this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"HOME={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue  # it has ended
    return [line for line in found if line]


@pytest.mark.slow
@pytest.mark.model
def test_ctrl_c_ends_a_build_and_its_ray_between_two_steps(tmp_path: Path) -> None:
    with build(tmp_path, SLOW) as process:
        assert process.stdout
        for line in process.stdout:
            if json.loads(line)["event"] == "sampling":
                process.send_signal(signal.SIGINT)
                break
        _, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (130, "assetgen: cancelled; finished work is kept\n")
    assert (list(tmp_path.rglob("sampled/*/*")), list(tmp_path.rglob("*.part")), children(tmp_path)) == ([], [], [])


@pytest.mark.slow
def test_an_asset_that_kills_every_worker_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "drawing.yaml").write_text(DRAWING)
    (tmp_path / "killing.yaml").write_text(DRAWING.replace("drawing", "killing") + "steps: [kill]\n")
    (tmp_path / "plugin.py").write_text(PLUGIN)
    (tmp_path / "plugin-1.dist-info").mkdir()
    (tmp_path / "plugin-1.dist-info/entry_points.txt").write_text("[assetgen.steps]\nkill = plugin:kill\n")
    with build(tmp_path, KILLING) as process:
        events = [json.loads(line) for line in process.communicate()[0].splitlines()]
    [failed] = [event for event in events if event["event"] == "failed"]
    assert (failed["asset"], "the worker that sampled it died 4 times" in failed["reason"]) == ("bad", True)
    assert (process.returncode, events[-1]["published"]) == (1, 5)
    assert sum(event["event"] == "lost" for event in events) == 4
