"""The settings of the panel; they are saved with the scene."""

import json
from typing import Any

import bpy

from .catalog import catalog, preset_icon, want_form
from .forms import fill_form
from .preferences import RELATIVE

TASKS = (
    ("CONCEPT", "Concept", "Concept art along the shape of the scene", "SCENE", 0),
    ("MATERIAL", "Material", "A seamless PBR material for the selected objects", "MATERIAL", 1),
    ("TEXTURE", "Texture", "A seamless texture as the colour of the active material", "TEXTURE", 2),
    ("PROJECT", "Project", "Paint the selected meshes as the camera sees them", "MOD_UVPROJECT", 3),
    ("PAINT", "Paint", "Paint the selected meshes from several cameras, into one texture", "BRUSH_DATA", 6),
    ("SPRITE", "Sprite Sheet", "Pixel art of the selection from all sides", "CON_ROTLIKE", 4),
    ("PICTURE", "Picture", "Any preset: icons, decals, skies", "IMAGE_DATA", 5),
)
PRESETS = {
    "CONCEPT": "concept_from_mesh",
    "MATERIAL": "pbr_material",
    "TEXTURE": "tile_texture",
    "PROJECT": "concept_from_mesh",
    "PAINT": "concept_from_mesh",
    "PICTURE": "item_icon",
}
SIGHTS = (
    ("ALL", "All Cameras", "Use all cameras of the scene"),
    ("SELECTED", "Selected Cameras", "Use the selected cameras"),
    ("RING", "Ring of Cameras", "Use a ring of cameras around the meshes"),
    ("CAMERA", "Scene Camera", "Use the scene's camera"),
    ("VIEWPORT", "Viewport", "Use the current 3D view"),
)
MASKS = (
    ("NONE", "Whole Meshes", "Paint everything that a camera sees"),
    ("FACES", "Selected Faces", "Paint only the faces that are selected in edit mode"),
    ("GROUP", "Vertex Group", "Paint only the active vertex group, by weight"),
    ("IMAGE", "Image", "Paint only where an image is white"),
)
TEXTURES = tuple((str(side), f"{side} px", "") for side in (256, 512, 1024, 2048, 4096))
VIEWS = (
    ("CAMERA", "Camera", "Use the scene's camera"),
    ("VIEWPORT", "Viewport", "Use the current 3D view"),
)
PREVIEWS = (
    ("PLAY", "Preview", "Play animations, repeat tiles, stretch panels", "PLAY", 0),
    ("ONION", "Onion", "Play with the frames before and after", "ONIONSKIN_ON", 1),
    ("WHOLE", "File", "Show the whole file", "IMAGE_DATA", 2),
)
_choices: dict[str, list[tuple[str, str, str]]] = {}
"""Blender does not copy the strings of enum items: Python must keep a reference."""


Pictured = tuple[str, str, str, int, int]
_pictures: dict[tuple[tuple[str, ...], tuple[int, ...]], list[Pictured]] = {}
"""Enum items by names and icons, kept for the same reason."""


def _choices_of(field: "ASSETGEN_field", context: bpy.types.Context) -> list[tuple[str, str, str]]:
    words = json.loads(field.choices or "[]") or ["-"]
    return _choices.setdefault(field.choices, [(word or "-", word or "none", "") for word in words])


def _between(name: str) -> Any:
    """Clamp a number to the range of its schema."""

    def keep(field: "ASSETGEN_field", context: bpy.types.Context) -> None:
        value = min(max(getattr(field, name), field.low), field.high)
        if value != getattr(field, name):
            setattr(field, name, type(getattr(field, name))(value))

    return keep


class ASSETGEN_field(bpy.types.PropertyGroup):
    """One argument of the form."""

    part: bpy.props.StringProperty()
    word: bpy.props.StringProperty()
    label: bpy.props.StringProperty()
    kind: bpy.props.StringProperty()
    choices: bpy.props.StringProperty()
    low: bpy.props.FloatProperty()
    high: bpy.props.FloatProperty()
    whole: bpy.props.IntProperty(name="Value", update=_between("whole"))
    number: bpy.props.FloatProperty(name="Value", precision=3, update=_between("number"))
    yes: bpy.props.BoolProperty(name="Value")
    choice: bpy.props.EnumProperty(name="Value", items=_choices_of)
    text: bpy.props.StringProperty(name="Value")


def _task_changed(settings: "ASSETGEN_settings", context: bpy.types.Context) -> None:
    settings.preset = PRESETS.get(settings.task, settings.preset)


def _preset_changed(settings: "ASSETGEN_settings", context: bpy.types.Context) -> None:
    settings.form.clear()
    want_form(settings.preset)
    fill_form(settings, catalog.pages)


def _preset_names(settings: Any, context: bpy.types.Context, edit: str) -> list[str]:
    return [each["name"] for each in catalog.presets if edit.lower() in each["name"]]


def _pictured(settings: "ASSETGEN_settings", context: bpy.types.Context) -> list[Pictured]:
    """The presets, with thumbnails where they are loaded."""
    about = {each["name"]: each["about"] for each in catalog.presets}
    names = tuple({**about, settings.preset: ""})
    icons = tuple(preset_icon(name) for name in names)
    made = [
        (name, name.replace("_", " "), about.get(name, ""), icon, number)
        for number, (name, icon) in enumerate(zip(names, icons, strict=True))
    ]
    return _pictures.setdefault((names, icons), made)


def _shown_preset(settings: "ASSETGEN_settings") -> int:
    return next(number for name, _, _, _, number in _pictured(settings, bpy.context) if name == settings.preset)


def _show_preset(settings: "ASSETGEN_settings", number: int) -> None:
    settings.preset = _pictured(settings, bpy.context)[number][0]


def _model_names(settings: Any, context: bpy.types.Context, edit: str) -> list[tuple[str, str]]:
    return [(each["name"], f"{each['licence']}, {each['weights']}") for each in catalog.models]


class ASSETGEN_settings(bpy.types.PropertyGroup):
    """The panel's settings."""

    task: bpy.props.EnumProperty(name="Task", items=TASKS, default="CONCEPT", update=_task_changed)
    view: bpy.props.EnumProperty(name="View", items=VIEWS, default="CAMERA", description="The camera of the image")
    prompt: bpy.props.StringProperty(name="Prompt", description="The prompt: what to make", maxlen=4000)
    negative: bpy.props.StringProperty(name="Without", description="What the image should not show", maxlen=4000)
    preset: bpy.props.StringProperty(
        name="Preset",
        description="The kind of asset",
        default="concept_from_mesh",
        search=_preset_names,
        update=_preset_changed,
    )
    picture: bpy.props.EnumProperty(
        name="Preset", description="The kind of asset", items=_pictured, get=_shown_preset, set=_show_preset
    )
    model: bpy.props.StringProperty(
        name="Model", description="The model. Empty: that of the preferences", default="", search=_model_names
    )
    count: bpy.props.IntProperty(name="Count", description="The number of variations", default=1, min=1, max=64)
    seed: bpy.props.IntProperty(
        name="Seed", description="The same seed gives the same image; variations count up from it", min=0
    )
    draft: bpy.props.BoolProperty(name="Draft", description="Draw placeholders instead of loading the model")
    noncommercial: bpy.props.BoolProperty(
        name="Allow Non-Commercial", description="Allow models whose licence forbids commercial use"
    )
    reference: bpy.props.StringProperty(
        name="Reference", description="An image to paint over", subtype="FILE_PATH", options={"ANIMATABLE", *RELATIVE}
    )
    strength: bpy.props.FloatProperty(
        name="Strength",
        description="How much the reference is changed: 0 little, 1 completely",
        default=0.6,
        min=0.02,
        max=1.0,
        subtype="FACTOR",
    )
    tiling: bpy.props.FloatProperty(name="Tiling", description="Repeats along a side", default=1.0, min=0.001)
    box: bpy.props.BoolProperty(
        name="From All Sides", description="Map the texture from six sides, without UVs: for blockouts, not for export"
    )
    displace: bpy.props.BoolProperty(name="Displace", description="Let the height map move the surface (Cycles)")
    ground: bpy.props.BoolProperty(
        name="Ground", description="Add a ground plane to the depth image, as models expect", default=True
    )
    cuts: bpy.props.IntProperty(
        name="Cuts",
        description="Subdivides large faces that reach far into the image, to avoid distortion; 0 keeps the mesh",
        default=4,
        min=0,
        max=32,
    )
    views: bpy.props.IntProperty(name="Views", description="Views around the object", default=8, min=1, max=64)
    side: bpy.props.IntProperty(name="Pixels", description="Size of a sprite", default=64, min=8, max=256)
    colors: bpy.props.IntProperty(name="Colors", description="Colors of the sheet", default=16, min=2, max=256)
    elevation: bpy.props.FloatProperty(
        name="Elevation", description="Degrees from above", default=30.0, min=-90.0, max=90.0
    )
    sights: bpy.props.EnumProperty(name="From", description="The cameras that paint", items=SIGHTS, default="ALL")
    ring: bpy.props.IntProperty(name="Ring", description="Cameras around the meshes", default=4, min=1, max=24)
    texture: bpy.props.EnumProperty(
        name="Texture", description="Width and height of the texture", items=TEXTURES, default="1024"
    )
    shared: bpy.props.BoolProperty(
        name="One Texture for All", description="Unwrap all meshes side by side, with one texture and material"
    )
    mask: bpy.props.EnumProperty(name="Only", description="What may be painted", items=MASKS, default="NONE")
    mask_image: bpy.props.PointerProperty(
        name="Mask", description="White is painted, black is kept; in the UV map of the texture", type=bpy.types.Image
    )
    goes_on: bpy.props.BoolProperty(
        name="Continue Earlier Views",
        description="Each picture continues what earlier ones show, where model and preset take a mask",
        default=True,
    )
    as_asset: bpy.props.BoolProperty(
        name="Into the Asset Browser", description="Results become assets with prompt, seed and licence", default=True
    )
    preview: bpy.props.EnumProperty(
        name="Preview", description="How animations, tiles and panels are shown", items=PREVIEWS, default="PLAY"
    )
    form: bpy.props.CollectionProperty(type=ASSETGEN_field)
