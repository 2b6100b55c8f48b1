"""The plugins for Godot and Blender: their files, as they come with assetgen, and as zips that the programs install."""

import io
import zipfile
from enum import StrEnum
from pathlib import Path

from assetgen import __version__
from assetgen.errors import NotInstalledError
from assetgen.parts import Files


class Program(StrEnum):
    """A program that there is a plugin for."""

    GODOT = "godot"
    BLENDER = "blender"


FOLDERS = {Program.GODOT: "godot/addons/assetgen", Program.BLENDER: "blender/assetgen"}
"""Where the files lie below `plugins/`."""
PREFIXES = {Program.GODOT: "addons/assetgen/", Program.BLENDER: ""}
"""Where they lie in a zip: Godot's is unpacked at a project's root, Blender wants its manifest at the zip's."""
SUFFIXES = {
    ".cfg", ".gd", ".gdshader", ".md", ".png", ".po", ".pot", ".py", ".svg", ".toml", ".tres", ".tscn", ".txt", ".uid",
}  # fmt: skip
"""What is part of a plugin. The rest is left by programs that ran it: `.pyc`, and `.import`, which every project's own
Godot writes. Godot (4.4 and newer) wants a script's `.uid` to travel with it."""
OLDEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip, so that the same files are the same zip: the first that the format can tell."""
READABLE = 0o644 << 16
UNIX = 3


def plugin_files(program: Program) -> Files:
    """A plugin's files by path. Raises `NotInstalledError` where this copy of assetgen has none."""
    folder = shipped_plugins() / FOLDERS[program]
    found = sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES or file.name == "LICENSE")
    if not found:
        cure = "pip install --force-reinstall assetgen"
        raise NotInstalledError(f"this copy of assetgen came without its plugin for {program}", cure=cure)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


def shipped_plugins() -> Path:
    """The folder of plugins that comes with assetgen (inside the wheel, or beside the package in a checkout)."""
    inside = Path(__file__).parents[1] / "plugins"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "plugins"


def zip_name(program: Program) -> str:
    """`assetgen-godot-0.1.0.zip`."""
    return f"assetgen-{program}-{__version__}.zip"


def zipped(program: Program) -> bytes:
    """A plugin as a zip; the same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(plugin_files(program).items()):
            entry = zipfile.ZipInfo(PREFIXES[program] + path, OLDEST)
            entry.create_system, entry.external_attr, entry.compress_type = UNIX, READABLE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return packed.getvalue()
