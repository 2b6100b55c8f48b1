"""A real Ray cluster on this machine, with two workers of one core each."""

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
CLIENT_LIMITS = {
    "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "600",
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "60",
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "60",
}
"""Seconds that Ray waits for the server process of a client (30 by default, too few on a busy machine), and a client
for that server (5 to 30)."""
Tree = dict[str, bytes]


@dataclass
class Workspace:
    """A folder with a pack, the game and the store that its builds fill, and the events of the last build."""

    folder: Path
    events: list[Event] = field(default_factory=list)

    def write(self, pack: str) -> "Workspace":
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
        """Inode numbers of the store's entries: an entry that is written again gets another one, one that is read (and
        marked as used) keeps it."""
        return {file.stem: file.stat().st_ino for file in (self.folder / "store" / level).rglob("*.zip")}

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers that joined."""
        return [int(event.worker.rpartition("/")[2]) for event in self.of(Joined)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture(scope="session")
def make_workspace() -> type[Workspace]:
    return Workspace


def accepts_connections(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Cluster:
    """A Ray cluster whose machines all run on this one; each is started with `ray start`."""

    cache: Path
    machines: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    client_port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        agent = str(free_port())  # Ray 2.60 tells its client server port 0 where it chooses one itself
        ports = ("--port", str(self.port), "--ray-client-server-port", str(self.client_port))
        ports = (*ports, "--runtime-env-agent-port", agent)
        self._run("--head", *ports, "--num-cpus", "2", "--include-dashboard", "false", "--num-gpus", "0")
        while not accepts_connections(self.client_port):  # it opens some seconds after the rest
            assert self.machines[0].poll() is None
            time.sleep(0.1)

    def add(self, gpus: int, **environment: str) -> "subprocess.Popen[bytes]":
        """A machine with so many GPUs and cores, whose processes have these environment variables."""
        return self._run("--address", self.address, "--num-cpus", str(gpus), "--num-gpus", str(gpus), **environment)

    def _run(self, *arguments: str, **more: str) -> "subprocess.Popen[bytes]":
        ray = (str(Path(sys.executable).with_name("ray")), "start", "--block", "--disable-usage-stats")
        options = ("--node-ip-address", "127.0.0.1", "--object-store-memory", "100000000")
        # Ray's client server forks while it calls gRPC, whose handlers then now and then abort the new process
        own = {"XDG_CACHE_HOME": str(self.cache), "GRPC_ENABLE_FORK_SUPPORT": "0"}
        environment = os.environ | own | more
        if "--head" not in arguments:
            environment.pop("CUDA_VISIBLE_DEVICES", None)  # if it is empty, Ray starts no machine with GPUs
        machine = subprocess.Popen(
            [*ray, *options, *arguments], stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        assert machine.stdout
        assert any(b"Ray runtime started" in line for line in machine.stdout)
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
        for limit, seconds in CLIENT_LIMITS.items():
            patch.setenv(limit, seconds)
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
