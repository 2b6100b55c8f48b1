"""The JSON bodies of requests. Unknown keys are errors; whole numbers may be written as 12.0."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from assetgen.build.candidates import MAX_CANDIDATES

MAX_VARIATIONS = 256
MAX_SAFE_INTEGER = 2**53 - 1  # ECMA-262: the largest integer that every JSON reader keeps exactly
MAX_DEPTH, MAX_VALUES = 14, 10_000
ABSOLUTE = r"^(/|[A-Za-z]:[/\\])[^\x00-\x1f]+$"


class RequestBody(BaseModel):
    """Base class of request bodies."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _check_amount(cls, data: Any) -> Any:
        """Reject very many values at once: pydantic would write a message about each invalid one."""
        for _ in _levels(data):
            pass
        return data


def _levels(value: Any) -> Iterator[list[Any]]:
    """The values of JSON data by depth. Raises `ValueError` beyond the limits."""
    level, depth, count = [value], 0, 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > MAX_DEPTH or count > MAX_VALUES:
            raise ValueError("the settings are nested too deeply, or there are too many")
        yield level
        inner = [list(item.values()) if isinstance(item, dict) else item for item in level]
        level = [each for item in inner if isinstance(item, list) for each in item]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain(value: Any) -> Any:
    """Reject values that are not valid JSON (infinity, NaN) and values beyond size limits."""
    for level in _levels(value):
        if any(isinstance(item, float) and not math.isfinite(item) for item in level):
            raise ValueError("a number must be finite")
        if any(isinstance(item, int) and abs(item) > MAX_SAFE_INTEGER for item in level):
            raise ValueError("a number is too large")
    return value


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("text cannot contain a NUL character")
    return text


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_without_nul)]
Text = Annotated[str, Field(max_length=4000), AfterValidator(_without_nul)]
PathText = Annotated[str, Field(max_length=4000), AfterValidator(_without_nul)]
_Seed = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER - MAX_VARIATIONS), BeforeValidator(_whole)]
Settings = Annotated[dict[Name, dict[Name, JsonValue]], AfterValidator(_plain)]
AllowNoncommercial = Annotated[
    bool, Field(description="Allow models, controls, LoRAs and detectors that forbid commercial use.")
]
Upload = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="An id returned by POST /uploads.")]


class Make(RequestBody):
    """Make `count` variations of an asset from a preset and a prompt, without a pack."""

    kind: Literal["make"]
    preset: Name = Field(examples=["pixel_sprite"])
    prompt: Text = Field("", examples=["a red dragon"])
    negative: Text | None = None
    model: Name = "mini"
    count: Annotated[int, Field(ge=1, le=MAX_VARIATIONS), BeforeValidator(_whole)] = 1
    seed: _Seed | None = Field(
        None, description="The seed of the first variation; each next one adds 1. Without it, from the prompt."
    )
    best_of: Annotated[int, Field(ge=1, le=64), BeforeValidator(_whole)] | None = Field(
        None, description="Attempts at each variation, of which the best is kept. Without it, as model and preset say."
    )
    exact_prompt: bool = Field(False, description="Do not complete the prompt from the model's captions.")
    settings: Settings = Field({}, description="{PART: {ARGUMENT: VALUE}}", examples=[{"pixelate": {"colors": 8}}])
    inputs: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,60}\.[A-Za-z0-9_]{1,60}$")], Upload] = Field(
        {}, description="Uploads for file arguments: {PART.ARGUMENT: UPLOAD}"
    )
    engine: Name = Field("plain", description="The exporter that writes the files.")
    draft: bool = Field(False, description="Use quick placeholder images instead of the model.")
    allow_noncommercial: AllowNoncommercial = False
    project: Name | None = Field(None, description="An opened project, whose presets can be used too.")


Step = Name | Annotated[dict[Name, dict[Name, JsonValue]], Field(min_length=1, max_length=1), AfterValidator(_plain)]


class Post(RequestBody):
    """Run steps on an uploaded image. A step is "NAME" or {NAME: {ARGUMENT: VALUE}}."""

    kind: Literal["post"]
    steps: list[Step] = Field(min_length=1, max_length=32, examples=[["cutout", {"trim": {"padding": 1}}]])
    upload: Upload


class _OfPack(RequestBody):
    project: Name = Field(description="The id of an opened project.")
    pack: PathText = Field("", description="A pack file or its folder, relative to the project.", examples=["art"])


class Build(_OfPack):
    """Build a pack into its game. `locked` and `update` work as in `assetgen build`."""

    kind: Literal["build"]
    only: Name = Field("*", description="A glob of the assets to build.")
    locked: bool = False
    update: Name | None = None
    draft: bool = False
    overwrite: bool = False
    allow_noncommercial: AllowNoncommercial = False


class Candidates(_OfPack):
    """Make candidates of a pack's assets, to pick from."""

    kind: Literal["candidates"]
    only: Name = "*"
    count: Annotated[int, Field(ge=1, le=MAX_CANDIDATES), BeforeValidator(_whole)] = 12
    allow_noncommercial: AllowNoncommercial = False


class Pick(_OfPack):
    """Write a pick into the lock, for the next build; null takes it back."""

    kind: Literal["pick"]
    asset: Name
    number: Annotated[int, Field(ge=1, le=MAX_CANDIDATES), BeforeValidator(_whole)] | None = None


class Check(_OfPack):
    """Compare published files with the pack and its lock."""

    kind: Literal["check"]


JobRequest = Annotated[Make | Post | Build | Candidates | Pick | Check, Field(discriminator="kind")]
JOB_REQUESTS: dict[str, type[RequestBody]] = {
    "make": Make,
    "post": Post,
    "build": Build,
    "candidates": Candidates,
    "pick": Pick,
    "check": Check,
}


def title_of(request: RequestBody) -> str:
    """A short name of a job for people: its prompt, or its pack and asset."""
    match request:
        case Make():
            return request.prompt or request.preset
        case Post():
            return ", ".join(step if isinstance(step, str) else next(iter(step)) for step in request.steps)
        case Build(only=asset) | Candidates(only=asset) | Pick(asset=asset) if asset != "*":
            return f"{request.pack}: {asset}" if request.pack else asset
    return str(getattr(request, "pack", ""))


class OpenProject(RequestBody):
    """A game project or any other folder with packs."""

    path: PathText = Field(pattern=ABSOLUTE, description="An absolute path.", examples=["/home/ann/my-game"])
