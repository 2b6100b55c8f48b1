"""Games with the plugin, real servers, and trials: scripts that run in the real editor."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ADDON = ROOT / "plugins" / "godot" / "addons" / "assetgen"
SECONDS = 200  # Godot does not end by itself after a script error
WINDOW = ("--rendering-driver", "opengl3", "--audio-driver", "Dummy")
PROBING = re.compile(r"ERROR: (Required extension VK_KHR_surface not found|Condition \"err != OK\" is true).*")
"""Godot probes for Vulkan in every window; Xvfb has none."""
STILLBORN = "std::system_error"
"""The software renderer sometimes ends a window with it at its start on a busy machine."""
COMPLAINT = re.compile(r"SCRIPT ERROR|ERROR:|FAIL |leaked", re.MULTILINE)
PROJECT = """\
config_version=5

[application]

config/name="trial"
config/features=PackedStringArray("4.6", "GL Compatibility")

[editor_plugins]

enabled=PackedStringArray("res://addons/assetgen/plugin.cfg", "res://addons/trial/plugin.cfg")

[rendering]

renderer/rendering_method="gl_compatibility"
textures/vram_compression/import_s3tc_bptc=true
"""


@dataclass(frozen=True)
class Ran:
    """The exit code and the output of Godot."""

    code: int
    said: str


@dataclass(frozen=True)
class Game:
    """A Godot project with the plugin, a separate home folder, and the cache of the editor's documentation."""

    godot: str
    folder: Path
    cache: Path

    def run(self, *words: str, window: bool = False, **more: str) -> Ran:
        """Godot in this project, to its end."""
        home = self.folder.parent / "home"
        environment = {"HOME": str(home), "XDG_CACHE_HOME": str(self.cache), "PATH": "/usr/bin:/bin", **more}
        command = [self.godot, "--path", str(self.folder), *words]
        command = (
            ["xvfb-run", "-a", "-s", "-screen 0 1280x900x24", *command, *WINDOW]
            if window
            else [*command[:1], "--headless", *command[1:]]
        )
        log = self.folder.parent / "godot.log"  # no pipe: a server that the editor starts would keep it open
        for _ in range(2):
            with log.open("w") as stream:
                ran = subprocess.run(command, env=environment, stdout=stream, stderr=subprocess.STDOUT, timeout=SECONDS)
            if STILLBORN not in log.read_text():
                break
        return Ran(ran.returncode, log.read_text())

    def trial(self, name: str, state: Path, window: bool = False, **more: str) -> str:
        """The output of a trial in the editor; fails if one of its checks failed."""
        more |= {"ASSETGEN_TRIAL": f"res://trials/{name}.gd", "ASSETGEN_STATE_FILE": str(state)}
        return proved(self.run("--editor", window=window, **more))

    def script(self, name: str, **more: str) -> str:
        """The same for a trial without an editor."""
        return proved(self.run("--script", f"res://trials/{name}.gd", **more))

    def versioned(self) -> dict[str, bytes]:
        """What a repository of the game would hold."""
        files = (file for file in self.folder.rglob("*") if file.is_file() and ".godot" not in file.parts)
        return {file.relative_to(self.folder).as_posix(): file.read_bytes() for file in files}


def proved(ran: Ran) -> str:
    """The output of Godot. Fails where a check of the trial failed, none ran, or Godot reports an error."""
    said = PROBING.sub("", ran.said)
    assert ran.code == 0 and "0 wrong" in said and "ok   " in said, said
    assert not COMPLAINT.search(said), said
    return said


@pytest.fixture(scope="session")
def editor_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every editor would compute again at its first start: an index of Godot's classes, two seconds of CPU."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def game(godot_program: str, editor_cache: Path, tmp_path: Path) -> Game:
    """A new game with the plugin and the trials."""
    folder = tmp_path / "game"
    shutil.copytree(ADDON, folder / "addons" / "assetgen")
    shutil.copytree(HERE / "trial", folder / "addons" / "trial")
    shutil.copytree(HERE / "trials", folder / "trials")
    (folder / "project.godot").write_text(PROJECT)
    return Game(godot_program, folder, editor_cache)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The program `assetgen` of this source tree, with its data in a folder of the test."""
    path = tmp_path / "bin" / "assetgen"
    path.parent.mkdir()
    data = tmp_path / "data"
    lines = [f"export XDG_DATA_HOME={data} XDG_CACHE_HOME={data} XDG_CONFIG_HOME={data} ASSETGEN_STORE={data}/store"]
    lines += [f'exec "{sys.executable}" -m assetgen.cli "$@"']
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """The path of the server's state file; a server recorded in it at the end is killed."""
    place = tmp_path / "run" / "server.json"
    yield place
    if place.exists():
        kill(json.loads(place.read_text())["pid"])


def kill(pid: int) -> None:
    """End a server and wait until it is gone."""
    try:
        os.kill(pid, 9)
        while True:
            os.kill(pid, 0)
            time.sleep(0.02)
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return
    except (ProcessLookupError, FileNotFoundError):
        return


@pytest.fixture
def server(program: Path, state: Path) -> Iterator[Path]:
    """A running server's state file."""
    process = subprocess.Popen([program, "serve", "--state", state], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + SECONDS
    while not state.exists():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    yield state
    process.terminate()
    process.communicate()
