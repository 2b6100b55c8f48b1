"""The files of the plugins for Godot and Blender that are shipped with assetgen, and zips of them."""

import io
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from assetgen import __version__
from assetgen.errors import NotInstalledError

if TYPE_CHECKING:
    from assetgen.parts import Files


class Program(StrEnum):
    """A program with a plugin."""

    GODOT = "godot"
    BLENDER = "blender"


_FOLDERS = {Program.GODOT: "godot/addons/assetgen", Program.BLENDER: "blender/assetgen"}
"""Folders below `plugins/`."""
PREFIXES = {Program.GODOT: "addons/assetgen/", Program.BLENDER: ""}
"""Folders in the zip: Godot's is unpacked at a project's root, Blender needs its manifest at the root of the zip."""
_SUFFIXES = {
    ".cfg", ".gd", ".gdshader", ".md", ".png", ".po", ".pot", ".py", ".svg", ".toml", ".tres", ".tscn", ".txt", ".uid",
}  # fmt: skip
"""Files of a plugin. Others are written when it runs: `.pyc`, and the `.import` files of each Godot project. Godot 4.4
and newer needs the `.uid` of each script."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Time of every file in a zip, so that equal files give equal zips: the earliest that the format can store."""
_READABLE = 0o644 << 16
_UNIX = 3


def plugin_files(program: Program) -> "Files":
    """A plugin's files by path. Raises `NotInstalledError` if this copy of assetgen has none."""
    folder = shipped_plugins() / _FOLDERS[program]
    found = sorted(file for file in folder.rglob("*") if file.suffix in _SUFFIXES or file.name == "LICENSE")
    if not found:
        cure = "Install assetgen again, as docs/install.md says"
        raise NotInstalledError(f"this copy of assetgen lacks the plugin for {program}", cure=cure)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


def shipped_plugins() -> Path:
    """The folder of shipped plugins: inside the wheel, or beside the package in a checkout."""
    inside = Path(__file__).parents[1] / "plugins"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "plugins"


def zip_name(program: Program) -> str:
    """The file name of a plugin's zip: `assetgen-godot-0.1.0.zip`."""
    return f"assetgen-{program}-{__version__}.zip"


def zipped(program: Program, more: "Files") -> bytes:
    """A plugin as a zip, with `more` files beside its own; the same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted({**plugin_files(program), **more}.items()):
            entry = zipfile.ZipInfo(PREFIXES[program] + path, _EARLIEST)
            entry.create_system, entry.external_attr, entry.compress_type = _UNIX, _READABLE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return packed.getvalue()
