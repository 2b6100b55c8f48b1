"""The command that runs this copy of assetgen: a plugin starts its server with it, though a virtual environment is not
on the PATH of an editor.

It is recorded in a file of this machine beside the plugin's files: in no zip that is passed on, and in no repository.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from assetgen import __version__
from assetgen.errors import NotInstalledError
from assetgen.install.plugin_files import Program

if TYPE_CHECKING:
    from assetgen.parts import Files

_SECONDS = 60.0
"""Time for a first start from a cold disk."""
_HIDDEN = ("PYTHONPATH", "PYTHONHOME")
"""Variables that the environment of an editor lacks."""


def program_file(program: Program) -> "Files":
    """The file that a plugin reads the command from, by its name. Raises `NotInstalledError` as `own_program` does."""
    path, *arguments = own_program()
    if program is Program.BLENDER:
        return {"program.json": f"{json.dumps({'program': path, 'arguments': arguments}, indent=1)}\n".encode()}
    quoted = [json.dumps(text, ensure_ascii=False) for text in (path, *arguments)]  # the escapes of Godot's ConfigFile
    return {"program.cfg": f"[assetgen]\n\nprogram={quoted[0]}\narguments=[{', '.join(quoted[1:])}]\n".encode()}


def own_program() -> tuple[str, ...]:
    """The absolute path of the program, then its first arguments.

    The script `assetgen` beside the interpreter, or the interpreter with `-m assetgen.cli`: the first that runs this
    version outside of this environment. Raises `NotInstalledError` where neither does.
    """
    script = Path(sys.executable).with_name("assetgen.exe" if os.name == "nt" else "assetgen")
    for command in ((str(script),), (sys.executable, "-m", "assetgen.cli")):
        if _version(command) == __version__:
            return command
    what = f"neither '{script}' nor `{sys.executable} -m assetgen.cli` runs assetgen {__version__}"
    raise NotInstalledError(what, cure="Install assetgen into this Python, as docs/install.md says")


def _version(command: tuple[str, ...]) -> str:
    """The version that a command prints; "" where it cannot be run."""
    environment = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
    try:
        done = subprocess.run(
            [*command, "--version"],
            capture_output=True,
            text=True,
            env=environment,
            cwd=Path(sys.executable).parent,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = done.stdout.split() if done.returncode == 0 else []
    return words[-1] if words else ""
