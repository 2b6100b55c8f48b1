"""Preferences: the server's program and state file, the output folder."""

import os
from pathlib import Path

import bpy

from .client.http import usual_place

STATE_VARIABLE = "ASSETGEN_STATE"


class ASSETGEN_preferences(bpy.types.AddonPreferences):
    """The preferences of this extension."""

    bl_idname = __package__

    program: bpy.props.StringProperty(
        name="Program",
        description="The program assetgen. Empty: the one in the search path",
        subtype="FILE_PATH",
        default="",
    )
    state: bpy.props.StringProperty(
        name="State File",
        description="The file with the server's address. Empty: the server's default",
        subtype="FILE_PATH",
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
        for name in ("program", "state", "starts", "output", "model", "price"):
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
    """A folder of this extension that updates keep."""
    return Path(bpy.utils.extension_path_user(__package__, path=name, create=True))
