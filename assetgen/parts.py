"""Parts: the plain functions that a recipe calls. Their keyword-only arguments are the YAML keys.

| kind | signature | returns |
| --- | --- | --- |
| source | `f(context, *, …)` | `ImageSet` |
| control | `f(*, …)`; a detector `f(device, *, …)` | `ImageSet` whose `color` conditions a source |
| step | `f(images, *, …)`; one that runs a network `f(images, device, *, …)` | `ImageSet` |
| check | `f(images, *, …)` | `Verdict` |
| exporter | `f(images, name, *, …)` | `Files` |

A part is the function `NAME` in `assetgen/KINDs/NAME.py`, decorated with `@part(version=…)`. Other packages add parts
through the entry-point groups `assetgen.sources`, `assetgen.controls`, … Two parts of one kind and name are an error.
"""

import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, TypeVar, Unpack, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, create_model, model_validator

from assetgen.errors import InputError, did_you_mean
from assetgen.events import Emit, ignore
from assetgen.files import FileIds, is_regular_file
from assetgen.images import Array, ImageSet, Meta
from assetgen.terms import Commercial, Country

PartKind = Literal["source", "control", "step", "check", "exporter"]
PART_KINDS: tuple[PartKind, ...] = ("source", "control", "step", "check", "exporter")
Files = Mapping[str, bytes]
"""File contents by path. Paths are relative to the target folder and use `/`."""

Use = Literal["sprite", "pixel_sprite", "texture", "pixel_texture", "material", "sky", "decal", "picture", "cursor"]
"""How the game uses the image. Exporters choose filter, mipmaps and compression by it."""

ReadGuard = Callable[[Path], None]
"""Raises `InputError` for a file that must not be read."""


def allow_any_file(path: Path) -> None:
    """A `ReadGuard` that allows every file."""


class InputFile(BaseModel):
    """An input file of an asset: in YAML a path relative to the pack, in cache keys its content digest.

    The validation context may hold `folder` (the base of relative paths) and `read_guard` (a `ReadGuard`). A file that
    is missing or unreadable fails validation.
    """

    model_config = ConfigDict(frozen=True)
    path: Path
    sha256: str

    @model_validator(mode="before")
    @classmethod
    def _find(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str | Path):
            return value
        base = (info.context or {}).get("folder", Path())
        path = Path(base) / value if "\0" not in str(value) else None
        if path:
            (info.context or {}).get("read_guard", allow_any_file)(path)
        if path is None or not is_regular_file(path):
            raise ValueError(f"there is no file '{value}'")
        try:
            with path.open("rb") as stream:
                return {"path": path, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
        except OSError as error:
            raise ValueError(f"cannot read '{value}' ({error.strerror})") from error

    @property
    def identity(self) -> str:
        """Identity used in cache keys: the content digest."""
        return self.sha256


class HubFile(BaseModel):
    """A weight file in a repository on the Hugging Face hub, pinned to a revision."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    hub: Annotated[str, Field(min_length=1)]
    revision: Annotated[str, Field(min_length=1)]
    file: Annotated[str, Field(min_length=1)]

    @property
    def identity(self) -> str:
        """Identity used in cache keys: repository, revision and path."""
        return f"{self.hub}@{self.revision}/{self.file}"


@dataclass(frozen=True)
class Verdict:
    """Result of a check: pass or fail, the reason, and a score whose meaning the check's docstring defines.

    `quality` compares images of one request, from 0 (worst) to 1; None for a check that only accepts or rejects.
    """

    score: float
    passed: bool
    reason: str = ""
    quality: float | None = None


@dataclass(frozen=True)
class Control:
    """A control image, its strength, and the fractions of the sampling steps where it starts and ends to act.

    `kind` selects the control network of the model card: "depth", "canny", …
    """

    kind: str
    images: ImageSet
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True)
class Preview:
    """Shows unfinished images: `show` receives small ones, RGB or RGBA uint8 by asset; `folder` has facts of models."""

    show: Callable[[Mapping[str, Array]], None]
    folder: Path


@dataclass(frozen=True)
class Context:
    """What a source receives besides its keyword arguments.

    `members` holds the finished images of other assets by name, for an atlas. `device` is a torch device name, or
    "auto" for the best one available. `remaining` counts the images of the same kind that this run still has to
    sample, this one included; it decides whether compiling the model pays off. `preview` may be None.
    """

    asset: str = ""
    members: Mapping[str, ImageSet] = field(default_factory=dict)
    controls: tuple[Control, ...] = ()
    emit: Emit = ignore
    device: str = "auto"
    remaining: int = 1
    preview: Preview | None = None


@dataclass(frozen=True)
class SourceJob:
    """One image to sample: the context and the keyword arguments of the source."""

    context: Context
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class BatchSource:
    """How a source samples many images at once.

    Jobs with equal `batch_key(arguments, controls)` go to one `run(jobs)` call; `controls` holds kind, strength, start
    and end of each control. `run` reads jobs lazily and yields one image set per job, in order, as soon as it is done.
    """

    batch_key: Callable[[Mapping[str, Any], tuple[tuple[str, float, float, float], ...]], Hashable]
    run: Callable[[Iterable[SourceJob]], Iterator[ImageSet]]


@dataclass(frozen=True)
class Detector:
    """A control that runs a third-party network: the network's licence and the kind of control its images are for.

    A `kind` argument of the control overrides `kind`.
    """

    kind: str
    licence: str
    licence_url: str
    commercial: Commercial = True
    not_in: tuple[Country, ...] = ()


class _Options(TypedDict, total=False):
    """The optional arguments of `@part`: fields of `Traits`."""

    batch: BatchSource
    members: bool
    ordered: bool
    frames: bool
    ranks: bool
    new_project: Callable[[str], Files]
    engine_owned: tuple[str, ...]
    shared: tuple[str, ...]
    contact_sheet: bool
    file_ids: FileIds
    detector: Detector
    draws: Callable[[str], bool]


@dataclass(frozen=True)
class Traits:
    """The arguments of `@part`, as recorded on the function."""

    version: int
    batch: BatchSource | None = None
    """Of a source: how it samples many images at once."""
    members: bool = False
    """Of a source: it combines other assets."""
    ordered: bool = False
    """Of a source with members: it receives them in the order of the pack, not sorted by name."""
    frames: bool = False
    """Of a step or check: it receives all frames of a sequence at once; others run on each frame."""
    ranks: bool = False
    """Of a check: its verdicts have a `quality`, by which the best of several attempts is kept."""
    new_project: Callable[[str], Files] | None = None
    """Of an exporter: the files of an empty project of the engine, for the name of a pack."""
    engine_owned: tuple[str, ...] = ()
    """Of an exporter: patterns of files that the engine rewrites. Only those of a build are replaced."""
    shared: tuple[str, ...] = ()
    """Of an exporter: paths of files that are the same for all its assets, such as a script that imports them."""
    contact_sheet: bool = False
    """Of an exporter: its target gets `index.html`, a page with all pictures, because no editor shows them."""
    file_ids: FileIds | None = None
    """Of an exporter: the IDs that it gives to files."""
    detector: Detector | None = None
    """Of a control: its third-party network."""
    draws: Callable[[str], bool] | None = None
    """Of a control that draws what a prompt names: whether it can; without it, it draws something for every prompt."""


class ControlArguments(BaseModel):
    """Arguments that every control takes besides its own."""

    strength: Annotated[float, Field(ge=0, le=2)] = 1.0
    start: Annotated[float, Field(ge=0, le=1)] = 0.0
    end: Annotated[float, Field(ge=0, le=1)] = 1.0


F = TypeVar("F", bound=Callable[..., Any])


def part(*, version: int, **options: Unpack[_Options]) -> Callable[[F], F]:
    """Make a function a part; `options` are fields of `Traits`.

    Raise `version` whenever its pixels or bytes change for the same arguments. A detector or a step that has a
    positional parameter `device` receives the torch device name, or "auto"; steps run in several threads at once.
    """
    traits = Traits(version, **options)

    def mark(function: F) -> F:
        function.assetgen_part = traits  # type: ignore[attr-defined]
        return function

    return mark


def adds(*channels: str, frames: bool | Literal["like member"] = False) -> Callable[[F], F]:
    """Name the channels that a part adds, below `@part`, so that a plan knows the files that its assets will write.

    `frames`: it makes a sequence, or does so where its member is one.
    """

    def mark(function: F) -> F:
        function.assetgen_adds = channels  # type: ignore[attr-defined]
        function.assetgen_adds_frames = frames  # type: ignore[attr-defined]
        return function

    return mark


def describes(meta: Meta) -> Callable[[F], F]:
    """State metadata like those that a part makes, below `@part`: of a source, by which a plan knows the files of its
    assets; of any part, by which clients know how to preview them."""

    def mark(function: F) -> F:
        function.assetgen_describes = meta  # type: ignore[attr-defined]
        return function

    return mark


def gained(*arguments: str) -> Callable[[F], F]:
    """Name the arguments that a part gained without a new version, below `@part`.

    While they are None, they are in no cache key, so that assets made before stay up to date.
    """

    def mark(function: F) -> F:
        function.assetgen_gained = arguments  # type: ignore[attr-defined]
        return function

    return mark


@dataclass(frozen=True)
class Part:
    """A loaded part; `params` is the pydantic model of its keyword-only arguments."""

    kind: PartKind
    name: str
    run: Callable[..., Any]
    traits: Traits
    params: type[BaseModel]

    @property
    def adds(self) -> tuple[str, ...]:
        """The channels that the part adds."""
        return tuple(getattr(self.run, "assetgen_adds", ()))

    @property
    def gained(self) -> tuple[str, ...]:
        """The arguments that are in no cache key while they are None."""
        return tuple(getattr(self.run, "assetgen_gained", ()))

    @property
    def takes_device(self) -> bool:
        """Whether the part runs a network on a device: a detector or a step with a positional parameter `device`."""
        parameter = inspect.signature(self.run).parameters.get("device")
        return parameter is not None and parameter.kind is not parameter.KEYWORD_ONLY

    @property
    def adds_frames(self) -> bool:
        """True if the part makes a sequence of a still."""
        return getattr(self.run, "assetgen_adds_frames", False) is True

    @property
    def keeps_frames(self) -> bool:
        """True for a source that makes a sequence where its member is one."""
        return getattr(self.run, "assetgen_adds_frames", False) == "like member"

    @property
    def describes(self) -> Meta | None:
        """Metadata like those that the part makes; None where it states none."""
        found = getattr(self.run, "assetgen_describes", None)
        return found if isinstance(found, Meta) else None

    @property
    def about(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.run) or "").partition("\n")[0]


def hub_files(part: Part) -> tuple[HubFile, ...]:
    """The files of the Hugging Face hub that a part reads by default: the weights of a detector."""
    defaults = (field.default for field in part.params.model_fields.values())
    return tuple(each for each in defaults if isinstance(each, HubFile))


def part_names(kind: PartKind) -> tuple[str, ...]:
    """Sorted names of all parts of a kind. Imports no part."""
    return tuple(sorted({**_shipped(kind), **_plugged(kind)}))


@cache
def load_part(kind: PartKind, name: str) -> Part:
    """Import a part. Raises `InputError`, with a suggestion, for an unknown name."""
    if name in _shipped(kind):
        function = getattr(importlib.import_module(f"assetgen.{kind}s.{name}"), name)
    elif name in _plugged(kind):
        function = _plugged(kind)[name].load()
    else:
        raise InputError(f"there is no {kind} '{name}'", cure=did_you_mean(name, part_names(kind)))
    traits = getattr(function, "assetgen_part", None)
    if not isinstance(traits, Traits):
        raise InputError(f"{kind} '{name}' is not decorated with @part")
    return Part(kind, name, function, traits, _params(kind, name, function))


@cache
def _shipped(kind: PartKind) -> dict[str, str]:
    package = importlib.import_module(f"assetgen.{kind}s")
    return {module.name: module.name for module in pkgutil.iter_modules(package.__path__) if module.name[0] != "_"}


@cache
def _plugged(kind: PartKind) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for point in entry_points(group=f"assetgen.{kind}s"):
        if point.name in found or point.name in _shipped(kind):
            raise InputError(f"two packages provide a {kind} '{point.name}'", cure="Uninstall one of them")
        found[point.name] = point
    return found


def _params(kind: PartKind, name: str, function: Callable[..., Any]) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    keywords = {
        key: (hints[key], ... if parameter.default is parameter.empty else parameter.default)
        for key, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    base = ControlArguments if kind == "control" else BaseModel
    shape: type[BaseModel] = type(f"{name}_base", (base,), {"model_config": ConfigDict(extra="forbid", frozen=True)})
    return create_model(name, __base__=shape, **keywords)  # type: ignore[call-overload,no-any-return]
