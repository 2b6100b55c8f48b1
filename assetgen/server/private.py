"""The server's data folder: only its user can read the jobs, prompts and uploads in it."""

import os
from pathlib import Path

from assetgen.errors import InputError

_FOLDER, _FILE = 0o700, 0o600


def make_private(folder: Path) -> None:
    """Create a data folder with mode 0700, or give it and its contents the modes 0700 and 0600.

    Links are left alone. Raises `InputError` where that fails, also for a folder of another user.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER)
        folder.chmod(_FOLDER)
        for parent, folders, files in os.walk(folder):
            for names, mode in ((folders, _FOLDER), (files, _FILE)):
                for path in (Path(parent, name) for name in names):
                    if not path.is_symlink():
                        path.chmod(mode)
    except OSError as error:
        cure = "Make the folder yours and writable, or choose another one with --state"
        raise InputError(f"cannot make '{folder}' private ({error.strerror})", cure=cure) from error


def private_folder(folder: Path) -> Path:
    """The folder, created with mode 0700 where it is missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER)
    return folder


def create_private(path: Path) -> None:
    """Create a file with mode 0600, where it is missing, whatever the umask is."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, _FILE))
