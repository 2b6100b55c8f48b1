"""A Ray on this machine, really running, with two workers of one core each."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.build.sampling import Runner, local_runner
from assetgen.events import Emit, Event, Failed, Joined
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.runners.ray_runner import RayRunner
from assetgen.store.store import Store

DRAWING = 'preset: drawing\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\nsteps: [cutout]\n'
PATTERN = 'preset: pattern\nuse: texture\nsource: {fake: {prompt: "{prompt}", tile: xy}}\nchecks: [seam]\n'
QUICK = "preset: quick\nuse: picture\nsource: {diffusion: {prompt: '{prompt}', size: [64, 64], steps: 8}}\n"
Tree = dict[str, bytes]


@dataclass
class Place:
    """A folder with a pack, the game and the store that its builds fill, and what they told."""

    folder: Path
    events: list[Event] = field(default_factory=list)

    def write(self, pack: str) -> "Place":
        self.folder.mkdir(exist_ok=True)
        for preset in (DRAWING, PATTERN, QUICK):
            name = preset.split()[1]
            (self.folder / f"{name}.yaml").write_text(preset)
        (self.folder / "pack.yaml").write_text(pack)
        return self

    def build(self, runner: Runner = local_runner, emit: Emit | None = None, store: str | None = None) -> list[Event]:
        self.events = []
        where = Store(store or self.folder / "store")
        machine = Machine(where, self.folder / "cache", runner=runner)

        def note(event: Event) -> None:
            self.events.append(event)
            if emit:
                emit(event)

        build_pack(Project.load(self.folder, self.folder / "game"), machine, BuildOptions(), note)
        return self.events

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def failures(self) -> dict[str, str]:
        return {event.asset: event.reason for event in self.of(Failed)}

    def game(self) -> Tree:
        files = [file for file in (self.folder / "game").rglob("*") if file.is_file()]
        return {file.relative_to(self.folder).as_posix(): file.read_bytes() for file in files}

    def saved(self, level: str) -> dict[str, int]:
        """Entries of the store, each with its file's number: what is written anew has another, what is only read (and
        marked as used) keeps it."""
        return {file.stem: file.stat().st_ino for file in (self.folder / "store" / level).rglob("*.zip")}

    @property
    def workers(self) -> list[int]:
        """The processes that joined."""
        return [int(event.worker.rpartition("/")[2]) for event in self.of(Joined)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "place")


def listens(port: int) -> bool:
    """Whether somebody answers at a port of this machine."""
    with socket.socket() as wire:
        return wire.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Cluster:
    """Machines of a Ray cluster, all of them this one; each is started as a person would do it."""

    cache: Path
    machines: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    client_port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        ports = ("--port", str(self.port), "--ray-client-server-port", str(self.client_port))
        self._run("--head", *ports, "--num-cpus", "2", "--include-dashboard", "false", "--num-gpus", "0")
        until = time.monotonic() + 60
        while not listens(self.client_port):  # it comes a while after the rest
            assert time.monotonic() < until
            time.sleep(0.1)

    def add(self, gpus: int) -> "subprocess.Popen[bytes]":
        return self._run("--address", self.address, "--num-cpus", str(gpus), "--num-gpus", str(gpus))

    def _run(self, *words: str) -> "subprocess.Popen[bytes]":
        ray = (str(Path(sys.executable).with_name("ray")), "start", "--block", "--disable-usage-stats")
        options = ("--node-ip-address", "127.0.0.1", "--object-store-memory", "100000000")
        environment = os.environ | {"XDG_CACHE_HOME": str(self.cache)}
        machine = subprocess.Popen(
            [*ray, *options, *words], stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        assert machine.stdout
        for line in machine.stdout:
            if b"Ray runtime started" in line:
                break
        self.machines.append(machine)
        return machine

    def remove(self, machine: "subprocess.Popen[bytes]") -> None:
        """As if the power was cut."""
        with machine:
            os.killpg(machine.pid, signal.SIGKILL)
        self.machines.remove(machine)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two cores, to which tests may add machines."""
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        found.start()
        yield found
        for machine in reversed(found.machines.copy()):
            found.remove(machine)


@pytest.fixture
def ray_at() -> Iterator[Callable[[str], RayRunner]]:
    """Runners at addresses, with one core a worker."""
    with contextlib.ExitStack() as stack:
        yield lambda address: stack.enter_context(RayRunner(address, cores=1))


@pytest.fixture
def on_ray(cluster: Cluster, ray_at: Callable[[str], RayRunner]) -> RayRunner:
    return ray_at(cluster.address)
