"""`assetgen build --runner ray` as people type it."""

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


@pytest.fixture
def pack(tmp_path: Path) -> tuple[Any, ...]:
    """The words that build a pack whose picture is drawn."""
    (tmp_path / "pack.yaml").write_text(PACK)
    return ("build", tmp_path, "--draft", "--game", tmp_path / "game", "--store", tmp_path / "store")


@pytest.mark.parametrize("address", ["", "here", "host:port", "ftp://host:1", "host:1:2", "-1", "host:123456"])
def test_an_address_that_can_be_none_is_told_at_once(assetgen: Run, pack: tuple[Any, ...], address: str) -> None:
    code, _, err = assetgen(*pack, "--runner", "ray", "--address", address)
    assert (code, err) == (
        2,
        f"assetgen: '{address}' is no address of a Ray cluster. Write auto, HOST:PORT or ray://HOST:PORT.\n",
    )


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_where_nobody_answers_is_told_in_one_sentence(
    assetgen: Run, pack: tuple[Any, ...], scheme: str
) -> None:
    code, _, err = assetgen(*pack, "--runner", "ray", "--address", f"{scheme}127.0.0.1:1")
    assert (code, f"no Ray cluster answers at '{scheme}127.0.0.1:1' (Connection refused)" in err) == (2, True)


def test_an_address_needs_the_runner(assetgen: Run, pack: tuple[Any, ...]) -> None:
    code, _, err = assetgen(*pack, "--address", "auto")
    assert (code, err) == (2, "assetgen: --address is that of a Ray cluster. Add --runner ray.\n")


def test_without_ray_it_tells_how_to_install_it(
    assetgen: Run, pack: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    code, _, err = assetgen(*pack, "--runner", "ray")
    assert (code, 'assetgen: --runner ray needs Ray. pip install "assetgen[ray]".' in err) == (3, True)


def build(folder: Path, pack: str) -> "subprocess.Popen[str]":
    """A build by a Ray of its own, whose news are read from stdout."""
    (folder / "pack.yaml").write_text(pack)
    words = [sys.executable, "-m", "assetgen.cli", "build", str(folder), "--json", "--runner", "ray"]
    places = ["--game", str(folder / "game"), "--store", str(folder / "store")]
    environment = os.environ | {"HOME": str(folder)}
    pipe = subprocess.PIPE
    return subprocess.Popen([*words, *places], stdout=pipe, stderr=pipe, text=True, env=environment)


def children(folder: Path) -> list[str]:
    """Processes of Ray whose home is this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"HOME={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue  # it ended meanwhile
    return [line for line in found if line]


@pytest.mark.model
def test_ctrl_c_ends_a_build_and_its_ray_between_two_steps(tmp_path: Path) -> None:
    with build(tmp_path, SLOW) as process:
        assert process.stdout
        for line in process.stdout:
            if json.loads(line)["event"] == "sampling":
                process.send_signal(signal.SIGINT)
                break
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "assetgen: cancelled; what was finished is kept\n")
    assert (list(tmp_path.rglob("sampled/*/*")), list(tmp_path.rglob("*.part")), children(tmp_path)) == ([], [], [])
