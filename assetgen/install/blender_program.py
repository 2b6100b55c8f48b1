"""Blender on this machine: where it is, how new it is, and putting an extension into it."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from assetgen.errors import InputError, NotInstalledError

OLDEST = (4, 2)
"""The first Blender with extensions."""
USUAL_PLACES = {
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
"""Where Blender's packages put it, by `sys.platform`."""
SECONDS = 120
DONE = re.compile(r'^STATUS (Re)?installed "', re.IGNORECASE | re.MULTILINE)
"""What Blender says of an extension that it took. Its exit code is 0 for a damaged zip, too."""


def find_blender(patterns: Iterable[str], home: Path) -> Path | None:
    """The program at the newest of the places that fit a pattern (`~` is `home`); None where there is none."""
    found: list[Path] = []
    for pattern in patterns:
        whole = home / pattern[2:] if pattern.startswith("~/") else Path(pattern)
        anchor = Path(whole.anchor)
        found += (file for file in anchor.glob(whole.relative_to(anchor).as_posix()) if file.is_file())
    return max(found, key=lambda file: [int(number) for number in re.findall(r"\d+", str(file))], default=None)


def install_extension(program: Path, archive: Path) -> None:
    """Put an extension's zip into the user's Blender, and enable it; an older one is replaced.

    Raises `InputError` for what is no Blender, `NotInstalledError` for one that is too old or that refuses.
    """
    version = _version(program)
    if version < OLDEST:
        told = ".".join(map(str, version))
        raise NotInstalledError(f"'{program}' is Blender {told}, and extensions need 4.2", cure=by_hand(archive))
    done = _run(program, ["--command", "extension", "install-file", "-r", "user_default", "-e", str(archive)])
    if done.returncode != 0 or not DONE.search(done.stdout):
        raise NotInstalledError(f"Blender did not take the extension ({_why(done)})", cure=by_hand(archive))


def by_hand(archive: Path) -> str:
    """The words for who has no Blender that can be found, or one that refuses."""
    menu = "Edit > Preferences > Get Extensions > Install from Disk…"
    return f"In Blender 4.2 or newer choose {menu} and take '{archive}', or name the program with --blender"


def _why(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    complaints = [line for line in lines if "error" in line.lower()]
    return (complaints or lines or [f"exit code {done.returncode}"])[-1][:200]


def _version(program: Path) -> tuple[int, int]:
    said = _run(program, ["--version"]).stdout
    found = re.search(r"^Blender (\d+)\.(\d+)", said, re.MULTILINE)
    if found is None:
        raise InputError(f"'{program}' is no Blender", cure="Name Blender's own program with --blender")
    return int(found[1]), int(found[2])


def _run(program: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [program, *words],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or f"no answer for {SECONDS} seconds"
        raise InputError(f"cannot start '{program}' ({why})", cure="Name Blender's program with --blender") from error
