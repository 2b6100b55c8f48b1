"""Result files that nothing uses any more, and their removal."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import bpy

from . import tasks
from .client.kept import NAMED
from .client.trouble import Trouble
from .folders import is_beside, output_folder
from .preferences import preferences

OLDER = re.compile(r"_[0-9a-f]{6}$")
"""The folder of one job, in which older versions of the extension saved its results."""
SUFFIXES = (".png", ".exr", ".json", ".jpg", ".webp")
LISTED = 8
"""Files named in the dialog."""


def unused_files() -> list[Path]:
    """The results in the output folder that neither this .blend file nor one beside it uses. Raises `Trouble`."""
    if not bpy.data.filepath or not preferences().output.startswith("//"):
        cure = "Save this file, and set the folder of results relative to it (//) in the preferences."
        raise Trouble("Only a folder of results beside the .blend file can be cleaned up.", cure)
    used = {place.resolve() for place in (*_here(), *_in_other_files()) if place.name}
    found = [place for place in _results(output_folder()) if place.resolve() not in used]
    sheets = {place.with_suffix(".json") for place in used}
    return sorted(place for place in found if place.resolve() not in sheets)


def _results(folder: Path) -> Iterator[Path]:
    """The files that the extension saved; never those that a user named."""
    for place in sorted(folder.rglob("*")) if folder.is_dir() else ():
        is_result = NAMED.search(place.name) or OLDER.search(place.parent.name)
        if is_result and place.suffix in SUFFIXES and place.is_file() and not place.is_symlink():
            yield place


def _here() -> Iterator[Path]:
    """The files that this .blend file uses, and those of the results that the panel shows."""
    for image in bpy.data.images:
        yield _place(image.filepath, image.library)
    for scene in bpy.data.scenes:
        yield _place(scene.assetgen.reference, None)
    for task in tasks.tasks:
        for candidate in task.candidates.values():
            yield from candidate.files.values()


def _in_other_files() -> Iterator[Path]:
    """The images of the other .blend files in this folder, which share the folder of results."""
    mine = Path(bpy.data.filepath).resolve()
    for place in sorted(mine.parent.glob("*.blend")):
        if place.resolve() != mine:
            yield from _images_of(place)


def _images_of(blend: Path) -> list[Path]:
    known = {library.filepath for library in bpy.data.libraries}
    try:
        with bpy.data.libraries.load(str(blend), link=True) as (there, here):
            here.images = list(there.images)
    except OSError as error:
        what = f"{blend.name} beside this file cannot be read, and may use the same results."
        raise Trouble(what, "Open it once, or move it away.") from error
    images = [image for image in here.images if image is not None]
    places = [_place(image.filepath, image.library) for image in images]
    for library in [each for each in bpy.data.libraries if each.filepath not in known]:
        bpy.data.libraries.remove(library)
    return places


def _place(path: str, library: bpy.types.Library | None) -> Path:
    return Path(bpy.path.abspath(path, library=library)) if path else Path()


class ASSETGEN_OT_clean_up(bpy.types.Operator):
    """Delete results that neither this file nor another .blend file beside it uses. Undo does not restore them"""

    bl_idname, bl_label = "assetgen.clean_up", "Clean Up Unused"
    bl_options: ClassVar = {"REGISTER"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        try:
            self.found = unused_files()
        except Trouble as trouble:
            self.report({"ERROR"}, str(trouble))
            return {"CANCELLED"}
        if not self.found:
            self.report({"INFO"}, "Every result is used.")
            return {"FINISHED"}
        return context.window_manager.invoke_props_dialog(self, width=420, confirm_text="Delete")

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.label(text=summary(self.found), icon="TRASH", translate=False)
        for place in self.found[:LISTED]:
            column.label(text=place.name, icon="BLANK1", translate=False)
        if len(self.found) > LISTED:
            column.label(text=f"… {len(self.found) - LISTED}", icon="BLANK1", translate=False)
        column.label(text="Undo does not restore them; the history can make them again.", icon="INFO")

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            found = unused_files()
            size = summary(found)
            for place in found:
                place.unlink()
            for folder in {place.parent for place in found} - {output_folder()}:
                if not any(folder.iterdir()):
                    folder.rmdir()
        except Trouble as trouble:
            self.report({"ERROR"}, str(trouble))
            return {"CANCELLED"}
        except OSError as error:
            self.report({"ERROR"}, f"{error.filename} cannot be deleted ({error.strerror}). Check its permissions.")
            return {"CANCELLED"}
        self.report({"INFO"}, size)
        return {"FINISHED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_beside()


def summary(found: list[Path]) -> str:
    """Count and size of files."""
    size = sum(place.stat().st_size for place in found) / 1e6
    return bpy.app.translations.pgettext_iface("{} unused files, {} MB").format(len(found), f"{size:.1f}")


CLASSES = (ASSETGEN_OT_clean_up,)
