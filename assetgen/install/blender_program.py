"""Find Blender on this machine, read its version, and install an extension into it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from assetgen.errors import InputError, NotInstalledError

_OLDEST = (4, 2)
"""The first Blender version with extensions."""
USUAL_PATHS = {
    "linux": (
        "/snap/bin/blender",
        "/var/lib/flatpak/exports/bin/org.blender.Blender",
        "~/.local/share/flatpak/exports/bin/org.blender.Blender",
        "/opt/blender*/blender",
        "~/blender*/blender",
        "~/.local/share/Steam/steamapps/common/Blender/blender",
    ),
    "darwin": (
        "/Applications/Blender*.app/Contents/MacOS/Blender",
        "~/Applications/Blender*.app/Contents/MacOS/Blender",
    ),
    "win32": (
        "C:/Program Files/Blender Foundation/Blender */blender.exe",
        "C:/Program Files (x86)/Steam/steamapps/common/Blender/blender.exe",
    ),
}
"""Paths of Blender's installers and packages, by `sys.platform`; `~` and `*` are expanded."""
_TIMEOUT = 120
_INSTALLED = re.compile(r'^STATUS (Re)?installed "', re.IGNORECASE | re.MULTILINE)
"""What Blender prints when it has installed an extension. Its exit code is 0 for a damaged zip, too."""


def find_blender(patterns: Iterable[str], home: Path) -> Path | None:
    """The newest program that matches a pattern (`~` is `home`); None if there is none."""
    found: list[Path] = []
    for pattern in patterns:
        whole = home / pattern[2:] if pattern.startswith("~/") else Path(pattern)
        anchor = Path(whole.anchor)
        found += (file for file in anchor.glob(whole.relative_to(anchor).as_posix()) if file.is_file())
    return max(found, key=lambda file: [int(number) for number in re.findall(r"\d+", str(file))], default=None)


def installed_blender() -> Path | None:
    """Blender in the search path, else the newest in its usual folders; None if there is none."""
    in_path = shutil.which("blender")
    return Path(in_path) if in_path else find_blender(USUAL_PATHS.get(sys.platform, ()), Path.home())


def install_extension(program: Path, archive: Path) -> None:
    """Install an extension's zip for the user and enable it; an older version is replaced.

    Raises `InputError` if `program` is not Blender, `NotInstalledError` if it is too old or refuses the extension.
    """
    version = _version(program)
    if version < _OLDEST:
        number = ".".join(map(str, version))
        raise NotInstalledError(
            f"'{program}' is Blender {number}, and extensions need 4.2", cure=manual_install(archive)
        )
    done = _run(program, ["--command", "extension", "install-file", "-r", "user_default", "-e", str(archive)])
    if done.returncode != 0 or not _INSTALLED.search(done.stdout):
        raise NotInstalledError(
            f"Blender did not install the extension ({_failure(done)})", cure=manual_install(archive)
        )


def manual_install(archive: Path) -> str:
    """How to install the extension by hand."""
    menu = "Edit > Preferences > Get Extensions > Install from Disk…"
    return f"In Blender 4.2 or newer choose {menu} and select '{archive}', or pass Blender's program with --blender"


def _failure(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [f"exit code {done.returncode}"])[-1][:200]


def _version(program: Path) -> tuple[int, int]:
    found = re.search(r"^Blender (\d+)\.(\d+)", _run(program, ["--version"]).stdout, re.MULTILINE)
    if found is None:
        raise InputError(f"'{program}' is not Blender", cure="Pass Blender's program with --blender")
    return int(found[1]), int(found[2])


def _run(program: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [program, *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or f"no response for {_TIMEOUT} seconds"
        raise InputError(f"cannot start '{program}' ({why})", cure="Pass Blender's program with --blender") from error
