"""Start `assetgen serve` as a separate process, and stop it. It keeps running after Blender, for other programs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .http import Server, State, Status, read_state, sentence
from .trouble import Gone, NoServer, Trouble

PATIENCE = 60.0
"""Seconds until the server must respond; the first start from a cold disk is slow."""
INSTALL = "Install it as docs/install.md of assetgen says, or set the program in this extension's preferences."
OURS = ("PYTHONHOME", "PYTHONPATH", "PYTHONNOUSERSITE", "PYTHONSTARTUP", "LD_LIBRARY_PATH")
"""Environment variables that point to Blender's own Python and libraries."""
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Start:
    """How to start the server. `program` is that of the preferences, `recorded` the file of the installation."""

    state_path: Path
    program: str = ""
    recorded: Path | None = None
    price: float = 0.0
    online: bool = True
    log: Path | None = None

    def __call__(self) -> Status:
        """Start a server if none runs, wait for it, and return its status. Raises `Trouble` with its last output."""
        server = Server(self.state_path)
        try:
            return server.handshake()
        except NoServer:
            pass
        before = _state(self.state_path)
        price = ["--price", f"{self.price}/h"] if self.price else []
        command = [*command_of(self.program, self.recorded), "serve", "--state", str(self.state_path), *price]
        log = self.log or self.state_path.with_suffix(".log")
        process = _spawn(command, log, self.online)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if _state(self.state_path) not in (None, before):
                try:
                    return server.handshake()
                except (NoServer, Gone):
                    pass
            if process.poll() is not None:
                raise Trouble(f"The server ended at once: {_last_words(log)}", f"Its complete output is in {log}.")
            time.sleep(0.05)
        process.kill()
        raise Trouble(f"The server did not answer within {PATIENCE:.0f} seconds.", f"Its output is in {log}.")


def command_of(named: str, recorded: Path | None) -> list[str]:
    """The program `assetgen`: as named, as recorded by its installation, or from the search path. Raises `Trouble`."""
    if named:
        if not _can_run(named):
            raise Trouble(f"The program {named} does not exist, or cannot be run.", INSTALL)
        return [named]
    known = _recorded(recorded) if recorded else []
    if known and _can_run(known[0]):
        return known
    found = shutil.which("assetgen") or shutil.which(str(Path.home() / ".local/bin/assetgen"))
    if found:
        return [found]
    if known:
        cure = "Install assetgen again, then `assetgen plugin install blender`; or set the program in the preferences."
        raise Trouble(f"The program {known[0]}, which installed this extension, no longer exists.", cure)
    raise Trouble("The program assetgen is not in the search path.", INSTALL)


def stop(server: Server) -> None:
    """End the server and wait until it has ended. Its running jobs are continued by the next. Raises `Trouble`."""
    try:
        state = read_state(server.state_path)
        try:
            server.ask("POST", "/shutdown", {})
        except Trouble as error:
            if error.status not in (404, 405):
                raise
            server.handshake()
            os.kill(state.pid, signal.SIGTERM)  # API 1.0
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            server.handshake(patience=1.0)
            if _state(server.state_path) not in (None, state):
                return  # another server has replaced it already
            time.sleep(0.1)
    except (NoServer, ProcessLookupError):
        return
    except PermissionError as error:
        cure = "End it where it was started."
        raise Trouble(f"The server (process {state.pid}) cannot be ended from here.", cure) from error
    cure = f"End process {state.pid} in the task manager."
    raise Trouble(f"The server did not end within {PATIENCE:.0f} seconds.", cure)


def is_alive(pid: int) -> bool:
    """Whether a process exists, as far as this system tells cheaply."""
    if sys.platform == "win32" or pid <= 0:
        return True
    for child in _children:
        child.poll()  # else it stays a zombie, which exists
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it belongs to another user
    return True


def _can_run(program: str) -> bool:
    return os.access(program, os.X_OK) and Path(program).is_file()


def _recorded(path: Path) -> list[str]:
    """Program and arguments that `assetgen plugin install blender` recorded; [] without them."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return [str(found["program"]), *(str(word) for word in found.get("arguments", ()))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        cure = "Run `assetgen plugin install blender` again, or set the program in the preferences."
        raise Trouble(f"The file {path} cannot be read.", cure) from error


def _spawn(command: list[str], log: Path, online: bool) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    if not online:
        environment["HF_HUB_OFFLINE"] = "1"
    apart = {"creationflags": 0x00000208} if sys.platform == "win32" else {"start_new_session": True}  # detached
    try:
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with log.open("wb") as stream:
            child = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, **apart
            )
    except OSError as error:
        raise Trouble(f"{command[0]} cannot be started ({error.strerror}: {error.filename}).", INSTALL) from error
    _children.append(child)
    return child


def _state(state_path: Path) -> State | None:
    try:
        return read_state(state_path)
    except Trouble:
        return None


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return sentence(lines[-1]) if lines else "It printed nothing."
