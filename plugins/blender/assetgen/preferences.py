"""Preferences: the server's program and state file, the output folder."""

import os
from pathlib import Path

import bpy

from .client.http import usual_place
from .client.trouble import Trouble

STATE_VARIABLE = "ASSETGEN_STATE_FILE"
RECORDED = Path(__file__).with_name("program.json")
"""Program and arguments that `assetgen plugin install blender` recorded."""
RELATIVE = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (5, 0, 0) else set()
"""Option of a path that may begin with `//`, the folder of the .blend file."""


class ASSETGEN_preferences(bpy.types.AddonPreferences):
    """The preferences of this extension."""

    bl_idname = __package__

    program: bpy.props.StringProperty(
        name="Program",
        description="The program assetgen. Empty: the one that installed this extension, or in the search path",
        subtype="FILE_PATH",
        options=RELATIVE,
        default="",
    )
    state: bpy.props.StringProperty(
        name="State File",
        description="The file with the server's address. Empty: that of ASSETGEN_STATE_FILE, else the server's default",
        subtype="FILE_PATH",
        options=RELATIVE,
        default="",
    )
    starts: bpy.props.BoolProperty(
        name="Start the Server When Needed",
        description="Start assetgen serve for a request when no server runs",
        default=True,
    )
    output: bpy.props.StringProperty(
        name="Results",
        description="The folder of the results. // is the folder of the .blend file",
        subtype="DIR_PATH",
        options=RELATIVE,
        default="//assetgen/",
    )
    price: bpy.props.FloatProperty(
        name="Price",
        description="Price of this computer in USD an hour, for the cost that the server reports. 0: unknown",
        min=0.0,
        max=1000.0,
        default=0.0,
    )
    model: bpy.props.StringProperty(name="Model", description="The model of new scenes", default="mini", maxlen=100)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the preferences."""
        column = self.layout.column()
        column.use_property_split = True
        column.prop(self, "program", placeholder="as installed, else from the search path")
        column.prop(self, "state", placeholder=str(state_place()))
        for name in ("starts", "output", "model", "price"):
            column.prop(self, name)
        column.label(text="Requests go only to the server on this computer, never to the internet.", icon="LOCKED")


def preferences() -> ASSETGEN_preferences:
    """The current preferences."""
    return bpy.context.preferences.addons[__package__].preferences


def state_place() -> Path:
    """The state file: from the preferences, else the environment, else the server's default."""
    chosen = preferences().state or os.environ.get(STATE_VARIABLE, "")
    return Path(bpy.path.abspath(chosen)) if chosen else usual_place()


def user_folder(name: str) -> Path:
    """A folder of this extension that updates keep. Raises `Trouble`."""
    try:
        return Path(bpy.utils.extension_path_user(__package__, path=name, create=True))
    except OSError as error:
        what = f"The extension's folder {error.filename} cannot be written ({error.strerror})."
        raise Trouble(what, "Check the permissions of Blender's folder in your home directory.") from error


def session_folder(name: str) -> Path:
    """A folder for files that Blender deletes when it ends."""
    return Path(bpy.app.tempdir, "assetgen", name)


def project_folder() -> Path:
    """The folder of the project, whose results are kept together: that of the .blend file. Raises `Trouble`."""
    return Path(bpy.path.abspath("//")) if bpy.data.filepath else user_folder("unsaved")
