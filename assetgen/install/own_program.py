"""The command that runs this copy of assetgen: a plugin starts its server with it, though a virtual environment is not
on the PATH of an editor."""

import json
import os
import sys
from pathlib import Path

PROGRAM_FILE = "program.cfg"


def own_program() -> tuple[str, ...]:
    """The absolute path of the program, then its first arguments.

    The script `assetgen` beside the interpreter, or the interpreter with `-m assetgen.cli` where there is none.
    """
    script = Path(sys.executable).with_name("assetgen.exe" if os.name == "nt" else "assetgen")
    return (str(script),) if script.is_file() else (sys.executable, "-m", "assetgen.cli")


def program_file() -> bytes:
    """The command in the format of Godot's ConfigFile."""
    program, *arguments = own_program()
    return f"[assetgen]\n\nprogram={_quoted(program)}\narguments=[{', '.join(map(_quoted, arguments))}]\n".encode()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
