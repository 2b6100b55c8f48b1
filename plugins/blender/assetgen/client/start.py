"""Start `assetgen serve` as a separate process. It keeps running after Blender, for other programs."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .http import Server, State, read_state
from .trouble import Gone, NoServer, Trouble

PATIENCE = 60.0
"""Seconds until the server must respond; the first start from a cold disk is slow."""
INSTALL = "Install it (`pip install assetgen`), or set the program in this extension's preferences."
OURS = ("PYTHONHOME", "PYTHONPATH", "PYTHONNOUSERSITE", "PYTHONSTARTUP", "LD_LIBRARY_PATH")
"""Environment variables that point to Blender's own Python and libraries."""
_children: list[subprocess.Popen[bytes]] = []


def program_of(named: str) -> str:
    """The path of the program `assetgen`. Raises `Trouble` if it is not found."""
    if named:
        if os.access(named, os.X_OK) and Path(named).is_file():
            return named
        raise Trouble(f"The program {named} does not exist, or cannot be run.", INSTALL)
    found = shutil.which("assetgen") or shutil.which(str(Path.home() / ".local/bin/assetgen"))
    if not found:
        raise Trouble("The program assetgen is not in the search path.", INSTALL)
    return found


def start(state_path: Path, program: str = "", price: float = 0.0, online: bool = True, log: Path | None = None) -> str:
    """Start a server if none runs, wait for it, and return its version. Raises `Trouble` with its last output."""
    server = Server(state_path)
    try:
        return server.handshake()
    except NoServer:
        pass
    before = _state(state_path)
    command = [program_of(program), "serve", "--state", str(state_path), *(["--price", f"{price}/h"] if price else [])]
    log = log or state_path.with_suffix(".log")
    process = _spawn(command, log, online)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if _state(state_path) not in (None, before):
            try:
                return server.handshake()
            except (NoServer, Gone):
                pass
        if process.poll() is not None:
            raise Trouble(f"The server ended at once: {_last_words(log)}", f"Its complete output is in {log}.")
        time.sleep(0.05)
    process.kill()
    raise Trouble(f"The server did not answer within {PATIENCE:.0f} seconds.", f"Its output is in {log}.")


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
        raise Trouble(f"{command[0]} cannot be started ({error.strerror}).", INSTALL) from error
    _children.append(child)
    return child


def _state(state_path: Path) -> State | None:
    try:
        return read_state(state_path)
    except Trouble:
        return None


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing."
