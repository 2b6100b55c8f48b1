"""What clients ask, as they write it in JSON. Unknown keys are refused; whole numbers may come as 12.0."""

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from assetgen.build.candidates import MAX_CANDIDATES

MOST_MADE = 256
SAFE = 2**53 - 1  # ECMA-262: the greatest whole number that every JSON reader keeps
MAX_DEPTH, MAX_VALUES = 12, 10_000
ABSOLUTE = r"^(/|[A-Za-z]:[/\\])[^\x00-\x1f]+$"


class Ask(BaseModel):
    """Base of every request body."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain(value: Any) -> Any:
    """Refuse what later JSON could not say: numbers without end, depth without end."""
    left, depth, count = [value], 0, 0
    while left:
        depth, count = depth + 1, count + len(left)
        if depth > MAX_DEPTH or count > MAX_VALUES:
            raise ValueError("these settings are nested too deeply or too many")
        if any(isinstance(item, float) and not math.isfinite(item) for item in left):
            raise ValueError("a number must be finite")
        if any(isinstance(item, int) and abs(item) > SAFE for item in left):
            raise ValueError("a number is too large")
        inner = [list(item.values()) if isinstance(item, dict) else item for item in left]
        left = [each for item in inner if isinstance(item, list) for each in item]
    return value


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text cannot hold a NUL character")
    return text


Word = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_without_nul)]
Text = Annotated[str, Field(max_length=4000), AfterValidator(_without_nul)]
Place = Annotated[str, Field(max_length=4000), AfterValidator(_without_nul)]
Seed = Annotated[int, Field(ge=0, le=SAFE - MOST_MADE), BeforeValidator(_whole)]
Settings = Annotated[dict[Word, dict[Word, JsonValue]], AfterValidator(_plain)]
AllowNoncommercial = Annotated[
    bool, Field(description="Use models, controls, LoRAs and detectors that forbid commercial use; else it is refused.")
]
Upload = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="The id that POST /uploads gave.")]


class Make(Ask):
    """Make one kind of asset from a prompt, without a pack: `count` variations, each listed once it is finished."""

    kind: Literal["make"]
    preset: Word = Field(examples=["pixel_sprite"])
    prompt: Text = Field("", examples=["a red dragon"])
    negative: Text | None = None
    model: Word = "mini"
    count: Annotated[int, Field(ge=1, le=MOST_MADE), BeforeValidator(_whole)] = 1
    seed: Seed = Field(0, description="Variations count up from this seed.")
    settings: Settings = Field({}, description="{PART: {ARGUMENT: VALUE}}", examples=[{"pixelate": {"colors": 8}}])
    inputs: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,60}\.[A-Za-z0-9_]{1,60}$")], Upload] = Field(
        {}, description="Uploads for arguments that are files: {PART.ARGUMENT: UPLOAD}"
    )
    engine: Word = Field("plain", description="The exporter that writes the files.")
    draft: bool = Field(False, description="Quick drawings instead of the model.")
    allow_noncommercial: AllowNoncommercial = False
    project: Word | None = Field(None, description="An opened project whose own presets are in sight, too.")


Step = Word | Annotated[dict[Word, dict[Word, JsonValue]], Field(min_length=1, max_length=1), AfterValidator(_plain)]


class Post(Ask):
    """Run finishing steps on an uploaded picture. A step is "NAME" or {NAME: {ARGUMENT: VALUE}}."""

    kind: Literal["post"]
    steps: list[Step] = Field(min_length=1, max_length=32, examples=[["cutout", {"trim": {"padding": 1}}]])
    upload: Upload


class _OfPack(Ask):
    project: Word = Field(description="The id of an opened project.")
    pack: Place = Field("", description="A pack file or its folder, relative to the project.", examples=["art"])


class Build(_OfPack):
    """Build a pack into its game. `locked` and `update` as in `assetgen build`."""

    kind: Literal["build"]
    only: Word = Field("*", description="A glob of the assets to build.")
    locked: bool = False
    update: Word | None = None
    draft: bool = False
    overwrite: bool = False
    allow_noncommercial: AllowNoncommercial = False


class Candidates(_OfPack):
    """Make candidates of assets of a pack, for a person to pick from; each is listed as soon as it is finished."""

    kind: Literal["candidates"]
    only: Word = "*"
    count: Annotated[int, Field(ge=1, le=MAX_CANDIDATES), BeforeValidator(_whole)] = 12
    allow_noncommercial: AllowNoncommercial = False


class Pick(_OfPack):
    """Write a choice into the lock; null takes it back. The next build follows it."""

    kind: Literal["pick"]
    asset: Word
    number: Annotated[int, Field(ge=1, le=MAX_CANDIDATES), BeforeValidator(_whole)] | None = None


class Check(_OfPack):
    """Compare published files with pack and lock."""

    kind: Literal["check"]


JobAsk = Annotated[Make | Post | Build | Candidates | Pick | Check, Field(discriminator="kind")]
KINDS: dict[str, type[Ask]] = {
    "make": Make,
    "post": Post,
    "build": Build,
    "candidates": Candidates,
    "pick": Pick,
    "check": Check,
}


class OpenProject(Ask):
    """A game project, or any folder with packs in it."""

    path: Place = Field(pattern=ABSOLUTE, description="An absolute path.", examples=["/home/ann/my-game"])
