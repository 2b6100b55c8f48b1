"""Where the server's program and state file are, where results go."""

import os
from pathlib import Path

import bpy

from .client.http import usual_place

STATE_VARIABLE = "ASSETGEN_STATE"


class ASSETGEN_preferences(bpy.types.AddonPreferences):
    """This extension's preferences."""

    bl_idname = __package__

    program: bpy.props.StringProperty(
        name="Program",
        description="The program assetgen. Empty: the one in the search path",
        subtype="FILE_PATH",
        default="",
    )
    state: bpy.props.StringProperty(
        name="State File",
        description="Where the server tells its address. Empty: where it does so by itself",
        subtype="FILE_PATH",
        default="",
    )
    starts: bpy.props.BoolProperty(
        name="Start the Server When Needed",
        description="Start assetgen serve when something is asked and none runs",
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
        description="USD for an hour of this computer, for the cost that the server tells. 0: unknown",
        min=0.0,
        max=1000.0,
        default=0.0,
    )
    model: bpy.props.StringProperty(name="Model", description="The model of new scenes", default="mini", maxlen=100)

    def draw(self, context: bpy.types.Context) -> None:
        """The preferences' page."""
        column = self.layout.column()
        column.use_property_split = True
        for name in ("program", "state", "starts", "output", "model", "price"):
            column.prop(self, name)
        column.label(text="Only the server on this computer is asked, never the internet.", icon="LOCKED")


def preferences() -> ASSETGEN_preferences:
    """The preferences as they are."""
    return bpy.context.preferences.addons[__package__].preferences


def state_place() -> Path:
    """The state file: as the preferences say, else the environment, else where servers write it by themselves."""
    said = preferences().state or os.environ.get(STATE_VARIABLE, "")
    return Path(bpy.path.abspath(said)) if said else usual_place()


def user_folder(name: str) -> Path:
    """A folder of this extension's own that outlives its updates."""
    return Path(bpy.utils.extension_path_user(__package__, path=name, create=True))
