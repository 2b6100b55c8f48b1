"""Parts: the plain functions that a recipe is made of, found by file name, their YAML keys taken from their signatures.

| kind | signature | gives |
| --- | --- | --- |
| source | `f(context, *, …)` | `ImageSet` |
| control | `f(*, …)`, a detector `f(device, *, …)` | `ImageSet` whose `color` conditions a source |
| step | `f(images, *, …)` | `ImageSet` |
| check | `f(images, *, …)` | `Verdict` |
| exporter | `f(images, name, *, …)` | `Files` |

A part is the function `NAME` in `assetgen/KINDs/NAME.py`, decorated with `@part(version=…)`; other packages add parts
through the entry-point groups `assetgen.sources`, `assetgen.controls`, … A name taken twice is an error.
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
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, create_model, model_validator

from assetgen.errors import InputError
from assetgen.events import Emit, ignore
from assetgen.images import ImageSet

PartKind = Literal["source", "control", "step", "check", "exporter"]
KINDS: tuple[PartKind, ...] = ("source", "control", "step", "check", "exporter")
Files = Mapping[str, bytes]
"""What an exporter gives: bytes by path, relative to the target, `/` between folders."""

Use = Literal["sprite", "pixel_sprite", "texture", "pixel_texture", "material", "sky", "decal", "picture"]
"""What the game does with the image; exporters choose filters, mipmaps and compression by it."""


MayRead = Callable[[Path], None]
"""Raises an error for a file that is not to be read."""


def anything(path: Path) -> None:
    """The `MayRead` that lets every file be read."""


class InputFile(BaseModel):
    """A file that conditions an asset; written as a path relative to the pack, known to keys by its content alone.

    A `may_read` in the context of validation is asked first.
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
            (info.context or {}).get("may_read", anything)(path)
        if path is None or not path.is_file():
            raise ValueError(f"there is no file '{value}'")
        try:
            with path.open("rb") as stream:
                return {"path": path, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
        except OSError as error:
            raise ValueError(f"cannot read '{value}' ({error.strerror})") from error

    @property
    def identity(self) -> str:
        """What enters keys."""
        return self.sha256


class HubFile(BaseModel):
    """One file of weights in a repository of the Hugging Face hub, pinned to a revision."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    hub: Annotated[str, Field(min_length=1)]
    revision: Annotated[str, Field(min_length=1)]
    file: Annotated[str, Field(min_length=1)]

    @property
    def identity(self) -> str:
        """What enters keys."""
        return f"{self.hub}@{self.revision}/{self.file}"


@dataclass(frozen=True)
class Verdict:
    """What a check says: a score (its meaning and direction stand in the check's docstring), pass or fail, and why."""

    score: float
    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class Control:
    """A control image with the words that say how it acts: `strength`, and the share of the steps where it acts."""

    kind: str
    images: ImageSet
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True)
class Context:
    """All that a source gets besides its own words. `needs` holds the finished members by name (for an atlas); `device`
    is where a model is to run, in torch's words, "auto" for the best that there is; `ahead` is how many alike images,
    this one included, are still to be sampled in this run: what pays for many alone is decided by it."""

    asset: str = ""
    needs: Mapping[str, ImageSet] = field(default_factory=dict)
    controls: tuple[Control, ...] = ()
    emit: Emit = ignore
    device: str = "auto"
    ahead: int = 1


@dataclass(frozen=True)
class SourceJob:
    """One image asked of a source: its context and its words."""

    context: Context
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class BatchSource:
    """How a source makes many images at once.

    Jobs whose `alike(words, control kinds and their words)` are equal go to one `run(jobs)` call, which yields one
    image set a job, in order, as soon as each is done, and reads its jobs lazily.
    """

    batch_key: Callable[[Mapping[str, Any], tuple[tuple[str, float, float, float], ...]], Hashable]
    run: Callable[[Iterable[SourceJob]], Iterator[ImageSet]]


@dataclass(frozen=True)
class Detector:
    """What a control that draws by a network of other people tells of it: its licence, where that stands, and the kind
    of control network that its pictures condition (a word `kind` of the control says otherwise)."""

    kind: str
    licence: str
    licence_url: str
    commercial: bool = True


@dataclass(frozen=True)
class Traits:
    """What `@part` records about a function."""

    version: int
    together: BatchSource | None = None
    members: bool = False
    new_game: Callable[[str], Files] | None = None
    engine_owned: tuple[str, ...] = ()
    detector: Detector | None = None


class ControlWords(BaseModel):
    """The words that every control has besides its own."""

    strength: Annotated[float, Field(ge=0, le=2)] = 1.0
    start: Annotated[float, Field(ge=0, le=1)] = 0.0
    end: Annotated[float, Field(ge=0, le=1)] = 1.0


F = TypeVar("F", bound=Callable[..., Any])


def part(
    *,
    version: int,
    together: BatchSource | None = None,
    members: bool = False,
    new_game: Callable[[str], Files] | None = None,
    engine_owned: tuple[str, ...] = (),
    detector: Detector | None = None,
) -> Callable[[F], F]:
    """Make a function a part. Raise `version` whenever its pixels or bytes change for the same arguments.

    `together` is for sources that make many images at once, `members` for those that are made of other assets.
    `new_game(pack)` is for exporters: the files that make an empty folder a project of the engine. `engine_owned` names
    (by pattern) files that the engine itself rewrites. `detector` is for controls that run a network of other people:
    these are given the device that it is to run on.
    """

    traits = Traits(version, together, members, new_game, engine_owned, detector)

    def mark(function: F) -> F:
        function.assetgen_part = traits  # type: ignore[attr-defined]
        return function

    return mark


@dataclass(frozen=True)
class Part:
    """A part as recipes see it; `params` is the pydantic model of its keyword-only arguments."""

    kind: PartKind
    name: str
    run: Callable[..., Any]
    traits: Traits
    params: type[BaseModel]

    @property
    def about(self) -> str:
        """The first line of its docstring."""
        return (inspect.getdoc(self.run) or "").partition("\n")[0]


def names(kind: PartKind) -> tuple[str, ...]:
    """The names of every part of this kind, sorted; imports none of them."""
    return tuple(sorted({**_shipped(kind), **_plugged(kind)}))


@cache
def load(kind: PartKind, name: str) -> Part:
    """Import one part. An unknown name is an `InputError` with a suggestion."""
    if name in _shipped(kind):
        function = getattr(importlib.import_module(f"assetgen.{kind}s.{name}"), name)
    elif name in _plugged(kind):
        function = _plugged(kind)[name].load()
    else:
        raise InputError(f"there is no {kind} '{name}'", cure=did_you_mean(name, names(kind)))
    traits = getattr(function, "assetgen_part", None)
    if not isinstance(traits, Traits):
        raise InputError(f"{kind} '{name}' is not decorated with @part")
    return Part(kind, name, function, traits, _params(kind, name, function))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A cure for a misspelt word: the nearest known one, or the list of them."""
    import difflib

    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Known: {', '.join(known)}." if known else "There is none."


@cache
def _shipped(kind: PartKind) -> dict[str, str]:
    package = importlib.import_module(f"assetgen.{kind}s")
    return {module.name: module.name for module in pkgutil.iter_modules(package.__path__) if module.name[0] != "_"}


@cache
def _plugged(kind: PartKind) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for point in entry_points(group=f"assetgen.{kind}s"):
        if point.name in found or point.name in _shipped(kind):
            raise InputError(f"two packages bring a {kind} named '{point.name}'", cure="Uninstall one of them")
        found[point.name] = point
    return found


def named_types(annotation: Any) -> tuple[Any, ...]:
    """What an annotation names: itself and, through unions and `Annotated`, whatever stands in it."""
    inner = [each for part in get_args(annotation) for each in named_types(part)]
    return (annotation, *inner)


def _params(kind: PartKind, name: str, function: Callable[..., Any]) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    keywords = {
        key: (hints[key], ... if parameter.default is parameter.empty else parameter.default)
        for key, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    base = ControlWords if kind == "control" else BaseModel
    shape: type[BaseModel] = type(f"{name}_base", (base,), {"model_config": ConfigDict(extra="forbid", frozen=True)})
    return create_model(name, __base__=shape, **keywords)  # type: ignore[call-overload,no-any-return]
