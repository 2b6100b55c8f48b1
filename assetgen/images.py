"""The images that travel through a recipe, their metadata, and the pixel conventions.

An `ImageSet` holds named channels, each a `height × width × channels` array of `uint8`, `uint16` or `float32`.

- `color` is sRGB-encoded, 3 (RGB) or 4 (RGBA, straight alpha) channels. Every other channel is linear data.
- Integers span 0..max, floats 0..1. Row 0 is the top. Normals are stored as `(n + 1) / 2`.
- Known channel names: color, height, normal, roughness, metallic, ao, orm, emission, depth; layer0, layer1, … are parts
  of `color` from the back to the front, RGBA like it; page1, normal_page1, … are further textures of an atlas; hover,
  pressed, disabled and empty show `color` in other states.
- A sequence holds the frames of an animation: each channel stacks them from top to bottom; `meta.frames` times them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue, TypeAdapter

from assetgen.errors import InputError
from assetgen.pixels.tilesets import Tileset

Array = NDArray[Any]
FloatArray = NDArray[np.float32]
Milliseconds = Annotated[int, Field(ge=10, le=60_000)]
"""How long a frame may be shown."""
MAX_SCALED_PIXELS = 4096 * 4096
"""Most pixels of an image that is scaled to cover a size, before it is cropped."""
MAX_PIXELS = 8192 * 8192
"""Images with more pixels are neither read nor made."""
Borders = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""
UI_STATES = ("hover", "pressed", "disabled", "empty")
"""Channels that show `color` in other states of a control of a user interface."""
_ROWS = 256  # converted at once
_Integer = TypeVar("_Integer", np.uint8, np.uint16)
_SAMPLE_TYPES = (np.uint8, np.uint16, np.float32)


@dataclass(frozen=True)
class Trim:
    """Where a cut image lies in the uncut one, in pixels."""

    offset: tuple[int, int]
    """x and y of the cut image's top left corner; negative where the canvas grew."""
    source_size: tuple[int, int]
    """Width and height of the uncut image."""


@dataclass(frozen=True)
class Region:
    """One member of an atlas."""

    rect: tuple[int, int, int, int]
    """x, y, width and height in the atlas, in pixels."""
    trim: Trim | None = None
    """The member's own `Meta.trim`."""
    pivot: tuple[float, float] | None = None
    """The member's own `Meta.pivot`."""
    page: int | None = None
    """Number of the texture that it lies on; None for the first."""
    borders: Borders | None = None
    """The member's own `Meta.borders`."""


@dataclass(frozen=True)
class Tag:
    """Consecutive frames of a sequence that play as one animation."""

    name: str
    first: int
    """Index of its first frame, from 0."""
    last: int
    """Index of its last frame."""
    loop: bool = True
    """It starts again after its last frame."""


@dataclass(frozen=True)
class Frames:
    """The frames of a sequence."""

    durations: tuple[int, ...]
    """How long each frame is shown, in milliseconds."""
    tags: tuple[Tag, ...] = ()
    """The animations, in the order of their frames."""
    captions: tuple[str, ...] = ()
    """Of a control: the words that describe each frame in a prompt, such as "seen from the back"."""


@dataclass(frozen=True)
class DepthRange:
    """How the grey of a depth image relates to distance."""

    polarity: Literal["near_white", "near_black"]
    encoding: Literal["inverse", "linear", "picture"]
    """Grey is affine in 1 / distance ("inverse") or in distance ("linear"); "picture" for a ready depth image."""
    near: float | None = None
    """Distance of the nearest tone, in units of the mesh; None for a ready depth image."""
    far: float | None = None
    """Distance of the farthest tone, in units of the mesh; None for a ready depth image."""


@dataclass(frozen=True)
class Meta:
    """What later stages need to know about an image set. A field without a value is None."""

    tiles: str | None = None
    """Axes along which the image repeats without a seam: "", "x", "y" or "xy"."""
    pixel_art: bool | None = None
    """One array element is one game pixel: scale and filter with hard edges."""
    cell: float | None = None
    """Size of a game pixel in pixels of the image that `pixelate` received, or that a model for pixel art drew."""
    pivot: tuple[float, float] | None = None
    """Origin of a sprite, x and y as fractions of the image, y downwards."""
    trim: Trim | None = None
    """Where the image lay before it was cut."""
    background: str | None = None
    """Colour of the background that `cutout` removed, "#rrggbb"."""
    outline: str | None = None
    """Colour of the line that `outline` drew, "#rrggbb"."""
    regions: Mapping[str, Region] | None = None
    """Members of an atlas by name."""
    animations: Mapping[str, Frames] | None = None
    """The animations among the members of an atlas, by name; their frames are the regions `frame_names` of it."""
    tileset: Tileset | None = None
    """The tiles of a tileset."""
    depth: DepthRange | None = None
    """Which distances a depth image shows."""
    native_alpha: bool | None = None
    """The alpha channel was sampled by a model."""
    given_alpha: bool | None = None
    """The alpha channel is that of the image that sampling started from."""
    frames: Frames | None = None
    """The frames of a sequence; None for a still. Every other field describes one frame."""
    borders: Borders | None = None
    """Nine-slice margins in pixels: what lies between them is stretched or repeated."""
    middle: Literal["stretch", "tile"] | None = None
    """How an engine fills what lies between the borders."""
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    """Facts of third-party parts, by name. Prefix the name with your package to avoid collisions."""

    def to_json(self) -> dict[str, JsonValue]:
        """The known facts as a JSON object; entries of `extra` become keys of the object itself."""
        known = asdict(replace(self, extra={}), dict_factory=_without_none)
        del known["extra"]
        return {**self.extra, **known}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Meta":
        """The inverse of `to_json`: unknown keys go to `extra`. Raises `ValueError` for values of other types."""
        names = {each.name for each in fields(Meta)} - {"extra"}
        known = {name: value for name, value in data.items() if name in names}
        extra = {name: value for name, value in data.items() if name not in names}
        return replace(_meta_type().validate_python(known), extra=extra)


def _without_none(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if value is not None}


@cache
def _meta_type() -> TypeAdapter[Meta]:
    return TypeAdapter(Meta)


@dataclass(frozen=True)
class ImageSet:
    """Named image channels and their metadata. The arrays are read-only views: the caller's own stay writable."""

    channels: Mapping[str, Array]
    meta: Meta = field(default_factory=Meta)

    def __post_init__(self) -> None:
        views = {name: _read_only(name, array) for name, array in self.channels.items()}
        object.__setattr__(self, "channels", MappingProxyType(views))

    def __getitem__(self, name: str) -> Array:
        return self.channels[name]

    def __contains__(self, name: object) -> bool:
        return name in self.channels

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the first channel, in pixels; of a sequence, those of all frames stacked."""
        height, width = next(iter(self.channels.values())).shape[:2]
        return width, height

    @property
    def frames(self) -> "tuple[ImageSet, ...]":
        """The frames of a sequence as stills; a still is its only frame."""
        if self.meta.frames is None:
            return (self,)
        count, meta = len(self.meta.frames.durations), replace(self.meta, frames=None)
        rows = {name: array.reshape(count, -1, *array.shape[1:]) for name, array in self.channels.items()}
        return tuple(ImageSet({name: array[at] for name, array in rows.items()}, meta) for at in range(count))

    def replace(self, **channels: Array) -> "ImageSet":
        """The same set with these channels added or replaced."""
        return ImageSet({**self.channels, **channels}, self.meta)

    def with_meta(self, **changes: Any) -> "ImageSet":
        """The same set with these fields of `meta` changed. Raises `TypeError` for an unknown field."""
        return ImageSet(self.channels, replace(self.meta, **changes))

    def map(self, change: Callable[[Array], Array]) -> "ImageSet":
        """The same set with `change` applied to every channel."""
        return ImageSet({name: change(array) for name, array in self.channels.items()}, self.meta)

    def each(self, change: "Callable[[ImageSet], ImageSet]") -> "ImageSet":
        """The same sequence with `change` applied to every frame; a still is its only frame."""
        return sequence([change(frame) for frame in self.frames], self.meta.frames)


def sequence(frames: Sequence[ImageSet], timing: Frames | None) -> ImageSet:
    """Stack stills of one size to a sequence with the metadata of the first; without `timing`, the only still itself.

    Raises `InputError` where the frames differ in size or channels, or are too large together.
    """
    first = frames[0]
    if timing is None:
        return first
    for number, frame in enumerate(frames):
        if _shapes(frame) != _shapes(first):
            raise InputError(f"frame {number} differs from frame 0 ({_shapes(frame)} and {_shapes(first)})")
    width, height = first.size
    if error := size_error((width, height * len(frames))):
        raise InputError(f"{len(frames)} frames of {width} × {height} pixels are too many: {error}")
    stacked = {name: np.concatenate([frame[name] for frame in frames]) for name in first.channels}
    return ImageSet(stacked, replace(first.meta, frames=timing))


def _shapes(images: ImageSet) -> str:
    """Channels with their sizes and sample types, for comparison and messages."""
    return ", ".join(
        f"{name} {array.shape[1]} × {array.shape[0]} × {array.shape[2]} {array.dtype}"
        for name, array in images.channels.items()
    )


def _read_only(name: str, array: Array) -> Array:
    if array.ndim != 3 or array.dtype.type not in _SAMPLE_TYPES or 0 in array.shape:
        given = f"{array.shape} {array.dtype}"
        raise ValueError(f"channel '{name}' must be H×W×C uint8, uint16 or float32, not {given}")
    view = array.view()
    view.flags.writeable = False
    return view


def size_error(size: tuple[int, int]) -> str:
    """Why an image of this width and height is too large; "" for an allowed size."""
    width, height = size
    return f"an image has at most {MAX_PIXELS:,} pixels, not {width} × {height}" if width * height > MAX_PIXELS else ""


def check_covers(size: tuple[int, int], target: tuple[int, int]) -> None:
    """Raise `InputError` for an image too narrow to be scaled to cover `target`; both are width and height in pixels.

    An image of extreme proportions is scaled to many times the pixels of the target before it is cropped.
    """
    scale = max(target[0] / size[0], target[1] / size[1])
    if round(size[0] * scale) * round(size[1] * scale) > MAX_SCALED_PIXELS:
        what = f"an image of {size[0]} × {size[1]} pixels is too narrow to cover {target[0]} × {target[1]}"
        raise InputError(what, cure="Crop it nearer to these proportions")


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """The size itself, for use in pydantic types. Raises `ValueError` where it is too large."""
    if error := size_error(size):
        raise ValueError(error)
    return size


def color_image(color: Array, **meta: Any) -> ImageSet:
    """An image set with a `color` channel alone; keywords are fields of `Meta`."""
    return ImageSet({"color": color}, Meta(**meta))


def frame_names(name: str, frames: Frames) -> list[str]:
    """The names of an animation's frames in an atlas: `hero_0`, `hero_1`, …, with leading zeros to one length."""
    count = len(frames.durations)
    return [f"{name}_{number:0{len(str(count - 1))}}" for number in range(count)]


def layered_image(layers: Array) -> ImageSet:
    """Layers `N×H×W×4` of one picture, the last one in front, as channels `layer0`, …, and composed as `color`."""
    color = np.zeros(layers.shape[1:], np.float32)
    for layer in map(to_float, layers):
        top, below = layer[..., 3:], color[..., 3:] * (1 - layer[..., 3:])
        cover = top + below
        mixed = (layer[..., :3] * top + color[..., :3] * below) / np.maximum(cover, np.finfo(np.float32).tiny)
        color = np.concatenate([mixed, cover], axis=2)
    names = {f"layer{number}": layer for number, layer in enumerate(layers)}
    return ImageSet({"color": to_uint8(color), **names}, Meta(native_alpha=True))


def is_colored(channel: str) -> bool:
    """True for a channel with sRGB colours, whose alpha is straight."""
    return channel in ("color", *UI_STATES) or channel.startswith(("layer", "page"))


def page_channel(channel: str, page: int) -> str:
    """The name of a channel on a page of an atlas: `color` and `normal` on page 0, `page1` and `normal_page1` next."""
    return channel if not page else f"page{page}" if channel == "color" else f"{channel}_page{page}"


def to_float(array: Array) -> FloatArray:
    """Any channel as float32 in 0..1 (a copy)."""
    if array.dtype == np.float32:
        return array.copy()
    return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)


def to_uint8(array: Array) -> NDArray[np.uint8]:
    """Any channel as uint8, rounded and clipped; 16-bit data loses its lower byte."""
    if array.dtype == np.uint8:
        return array.copy()
    return _as_integers(array, np.uint8)


def to_uint16(array: Array) -> NDArray[np.uint16]:
    """Any channel as uint16, rounded and clipped."""
    return _as_integers(array, np.uint16)


def _as_integers(array: Array, kind: type[_Integer]) -> NDArray[_Integer]:
    """An array rounded and clipped, in blocks of rows: as floats, a whole image takes four times its memory."""
    top = np.iinfo(kind).max
    made = np.empty(array.shape, kind)
    for first in range(0, len(array), _ROWS):
        rows = slice(first, first + _ROWS)
        made[rows] = np.clip(np.rint(to_float(array[rows]) * top), 0, top)
    return made


def split_alpha(color: Array) -> tuple[Array, Array]:
    """RGB and an `H×W×1` alpha (opaque where the image has none)."""
    if color.shape[2] == 4:
        return color[..., :3], color[..., 3:]
    top = 1 if color.dtype == np.float32 else np.iinfo(color.dtype).max
    return color[..., :3], np.full((*color.shape[:2], 1), top, color.dtype)
