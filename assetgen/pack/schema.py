"""The YAML schemas: presets, packs and their assets, model cards. Frozen data, validated on reading.

A part is written `PART` or `{PART: {ARGUMENT: VALUE}}`. A preset that uses a part twice gives each use a name with
`as: NAME` beside its arguments; packs address it by that name.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from assetgen.pack.facts import ModelFacts, Sheet
from assetgen.pack.locations import Bundled, Location, SingleFile
from assetgen.parts import HubFile, Use, part_names
from assetgen.terms import UNKNOWN_STUDIO, Commercial, Country, Studio

PartArguments = Mapping[str, Any]
"""Keyword arguments of a part as written in YAML; the part's signature validates them later."""
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a folder name cannot contain a NUL character")
    return text


_Side = Annotated[int, Field(ge=8, le=8192)]
ImageSize = tuple[_Side, _Side]
"""Width and height in pixels."""
_FolderName = Annotated[str, Field(max_length=1024), AfterValidator(_without_nul)]


class Spec(BaseModel):
    """Base of the schemas: frozen, unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PartSpec(Spec):
    """One use of a part with its arguments as written. `alias` is the name that packs address it by."""

    part: str
    alias: str
    arguments: PartArguments = {}


def parse_part(value: object) -> PartSpec:
    """Parse `"trim"` or `{"trim": {"padding": 1, "as": "inner"}}`. Raises `ValueError`."""
    if isinstance(value, PartSpec):
        return value
    if isinstance(value, str):
        return PartSpec(part=value, alias=value)
    if isinstance(value, Mapping) and set(value) == set(PartSpec.model_fields):  # read back from JSON
        return PartSpec(**value)
    if isinstance(value, Mapping) and len(value) == 1:
        [(part, arguments)] = value.items()
        if isinstance(part, str) and isinstance(arguments, Mapping | None):
            arguments = dict(arguments or {})
            alias = arguments.pop("as", part)
            if not isinstance(alias, str):
                raise ValueError("'as' must be a name")
            return PartSpec(part=part, alias=alias, arguments=arguments)
    raise ValueError("a part is written 'PART' or '{PART: {ARGUMENT: VALUE}}'")


_Part = Annotated[PartSpec, BeforeValidator(parse_part)]


OnFail = Literal["reject", "best"]
"""What becomes of an asset whose checks accept no attempt: it fails, or the best attempt is published."""


class Selection(BaseModel):
    """How many attempts an asset gets: at least `best_of`, of which the best is kept, at most `tries`."""

    tries: Annotated[int, Field(ge=1, le=64)] | None = None
    best_of: Annotated[int, Field(ge=1, le=64)] | None = None
    on_fail: OnFail | None = None


class Preset(Spec, Selection):
    """A kind of asset: its parts and how the game uses the image. Fields that are None are inherited from `extends`."""

    preset: _Name
    about: str = ""
    extends: str | None = None
    source: _Part | None = None
    controls: tuple[_Part, ...] | None = None
    steps: tuple[_Part, ...] | None = None
    checks: tuple[_Part, ...] | None = None
    use: Use | None = None
    export: _Part | None = None
    defaults: Mapping[str, PartArguments] = {}

    @property
    def parts(self) -> tuple[PartSpec, ...]:
        """Source, exporter, controls, steps and checks, as far as they are set."""
        single = tuple(part for part in (self.source, self.export) if part)
        return single + (self.controls or ()) + (self.steps or ()) + (self.checks or ())


class AssetSpec(Selection):
    """One asset of a pack. Other keys than these are part names with arguments: `pixelate: {colors: 12}`."""

    model_config = ConfigDict(frozen=True, extra="allow")
    preset: str
    prompt: str = ""
    negative: str | None = None
    model: str | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    members: tuple[str, ...] = ()
    matrix: Mapping[str, tuple[str | int | float, ...]] = {}
    exact_prompt: bool | None = None
    start: bool = True

    @property
    def overrides(self) -> dict[str, Any]:
        """Arguments by part name, as written and not yet validated. A list of uses of one control, as of `reference`,
        gives the second one the name "reference 2"."""
        found: dict[str, Any] = {}
        for name, value in (self.model_extra or {}).items():
            uses = value if isinstance(value, list) and value and name in part_names("control") else [value]
            found |= {use_name(name, number): use for number, use in enumerate(uses)}
        return found


def use_name(part: str, number: int) -> str:
    """The name of a use of a part in a list, counted from 0."""
    return part if number == 0 else f"{part} {number + 1}"


ASSET_KEYS = tuple(AssetSpec.model_fields)
"""Keys of an asset that are not part names."""


class Pack(Spec, Selection):
    """The assets of one game folder and their shared settings. `inbox` maps file patterns to asset settings; `studio`
    overrides that of the user's settings."""

    pack: _Name
    about: str = ""
    game: _FolderName | None = None
    target: Annotated[_FolderName, AfterValidator(lambda text: "" if text == "." else text)] = ""
    engine: str | None = None
    model: str = "mini"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    palette: str | None = None
    style: str = ""
    studio: Studio = UNKNOWN_STUDIO
    exact_prompt: bool = False
    defaults: Mapping[str, PartArguments] = {}
    inbox: Mapping[str, Mapping[str, Any] | None] = {}
    assets: Mapping[str, AssetSpec] = {}

    @field_validator("assets", mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        """Accept a list of entries with a `name` as well."""
        if not isinstance(value, list):
            return value
        named: dict[str, object] = {}
        for number, entry in enumerate(value):
            if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
                raise PydanticCustomError("entry", "this asset has no 'name'", {"entry": number})
            if entry["name"] in named:
                named_twice = {"entry": number, "name": entry["name"]}
                raise PydanticCustomError("entry", "two assets are named '{name}'", named_twice)
            named[entry["name"]] = {key: item for key, item in entry.items() if key != "name"}
        return named


_TERMS = {"licence", "licence_url", "commercial", "not_in", "facts"}
"""Fields about licensing and downloading. They change no pixel, so they are not part of cache keys."""


class ControlModel(Spec):
    """The control network of a model for one kind of control. `mode` selects that kind in a ControlNet union.

    The `weights` of an IP-Adapter are a folder with its .safetensors file (`adapter` names it if there are several) and
    a folder `image_encoder`.
    """

    weights: Location
    type: Literal["controlnet", "controlnet_union", "t2i_adapter", "ip_adapter"] = "controlnet"
    mode: Annotated[int, Field(ge=0, lt=64)] | None = None
    adapter: Annotated[str, Field(pattern=r"^[\w.-]+$")] | None = None
    digest: str | None = None
    licence: str
    commercial: Commercial = True
    not_in: tuple[Country, ...] = ()

    @property
    def identity(self) -> JsonValue:
        """Identity used in cache keys: the digest instead of the location, without licence fields."""
        return _by_digest(self.model_dump(mode="json", exclude=_TERMS, exclude_defaults=True))


REFERENCE, IMAGE_TO_IMAGE = "reference", "image_to_image"
"""Kinds of control without a control network: a reference picture, and one that sampling starts from."""


class Scheduler(Spec):
    """A diffusers scheduler class, and options that override the model's scheduler configuration."""

    name: str
    options: Mapping[str, Any] = {}


class ExtraWeights(Spec):
    """A .safetensors file that adds to a model: a local `file`, or `hub`, `revision` and `file` of a hub repository.

    `digest` is computed by `weights_digest`; a hub file is identified by its revision instead.
    """

    file: Annotated[
        Annotated[Path, Tag("file")] | Annotated[HubFile, Tag("hub")],
        Discriminator(lambda value: "hub" if isinstance(value, Mapping | HubFile) else "file"),
    ]
    digest: str | None = None
    licence: str = ""
    commercial: Commercial = True
    not_in: tuple[Country, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, value: object) -> object:
        if not isinstance(value, Mapping) or not {"hub", "revision"} & set(value):
            return value
        if missing := set(HubFile.model_fields) - set(value):
            raise ValueError(f"a hub file needs hub, revision and file; '{min(missing)}' is missing")
        rest = {key: item for key, item in value.items() if key not in HubFile.model_fields}
        return {**rest, "file": {key: value[key] for key in HubFile.model_fields}}

    @property
    def name(self) -> str:
        """Its name in messages and locks."""
        return f"{self.file.hub}/{self.file.file}" if isinstance(self.file, HubFile) else self.file.name

    @property
    def path(self) -> Path | None:
        """Path of a local file, which may not exist; None for a hub file."""
        return self.file if isinstance(self.file, Path) else None


class Lora(ExtraWeights):
    """A LoRA (diffusers or kohya keys) and its weight."""

    weight: Annotated[float, Field(ge=-4, le=4)] = 1.0


class Embedding(ExtraWeights):
    """A textual inversion embedding, and its token in prompts."""

    token: Annotated[str, Field(pattern=r"^\S+$")]


class Start(Spec):
    """The picture that a model starts from: the control that draws it, `strength` and `detail` of image-to-image, the
    size as a multiple of the usual one, and `steps` and `best_of` in place of those of the card."""

    draw: _Name
    strength: Annotated[float, Field(ge=0.02, le=1)]
    scale: Annotated[int, Field(ge=1, le=8)] = 1
    detail: Annotated[float, Field(ge=0, le=1)] = 0.0
    steps: tuple[_Part, ...] | None = None
    best_of: Annotated[int, Field(ge=1, le=64)] | None = None


class CardPreset(Spec):
    """What a model card sets for a preset: another card that draws it, steps before its own, and a start."""

    model: _Name | None = None
    start: Start | None = None
    steps: tuple[_Part, ...] = ()


_CARD_DEFAULTS = {"negative", "steps", "guidance", "strength"}
"""The source arguments that a model card may give defaults for."""


Quantization = Literal["none", "int8", "fp8", "fp8_dynamic", "nf4"]
"""Number formats of a model's large matrices: those of its files or its `precision`; 8-bit integers or floats with a
scale for each row; 8-bit floats that are multiplied with activations in 8 bits, too; 4-bit NormalFloat."""


class ModelCard(Spec):
    """A model: its weights, licence and settings. `native` is the width and height it was trained at, in pixels.

    `extends` names another card, whose keys this one has where it does not set them. `prompts` holds prompt templates
    by preset name, `captions` those that prompts are completed from, with `add_colors` also by a colour; `affixes` are
    put before and after every prompt. `prompt_tokens` is the number of tokens that prompts are padded to, where it is
    not the tokenizer's. `presets` sets by preset name which card is used instead, what it starts from, and which steps
    finish its images first. `best_of` is how many attempts are compared where neither asset, pack nor preset sets it.
    `cell` is the size in pixels of a cell of the pixel art that it draws; no grid is detected then. `matte` is the
    colour that its RGBA images are blended with where they are partly transparent; it is removed.
    `digest` is the sha256 of its weight files (see `assetgen models verify`); hub weights are identified by their
    revision instead. `not_in` are the countries in which its licence forbids every use. `references` is how many
    reference pictures it takes (FLUX.2, Qwen-Image-Edit). `sheet` is how it draws animations. `network` and `vae`
    replace the UNet or transformer and the autoencoder of `weights`. `compile` runs the model through `torch.compile`;
    by default this happens for packs of thousands of images on a CUDA device. `quantize` is the number format of the
    large matrices of the network and the text encoders; "auto" is the most precise one that fits into the memory of a
    CUDA device (see `diffusion/loading/quantizing.py`). `seamless` is how a transformer draws tiling images: by rolling
    the latents, with two predictions a step, or by position embeddings that are periodic over the image, with one (for
    models with rotary embeddings). `guidance_end` is the fraction of the steps after which classifier-free guidance
    ends: later steps take half the time.
    """

    model: _Name
    extends: str | None = None
    about: str = ""
    family: _Name
    weights: Location
    digest: str | None = None
    licence: str
    licence_url: str = ""
    commercial: Commercial = True
    not_in: tuple[Country, ...] = ()
    facts: ModelFacts = ModelFacts()
    native: ImageSize
    scheduler: Scheduler | None = None
    defaults: PartArguments = {}
    affixes: tuple[str, str] = ("", "")
    prompts: Mapping[str, str] = {}
    captions: Bundled | SingleFile | None = None
    add_colors: bool = False
    prompt_tokens: Annotated[int, Field(ge=8, le=4096)] | None = None
    presets: Mapping[str, CardPreset] = {}
    best_of: Annotated[int, Field(ge=1, le=64)] | None = None
    cell: Annotated[int, Field(ge=1, le=64)] | None = None
    matte: Literal["white"] | None = None
    controls: Mapping[str, ControlModel] = {}
    references: Annotated[int, Field(ge=0, le=16)] = 0
    sheet: Sheet | None = None
    loras: tuple[Lora, ...] = ()
    embeddings: tuple[Embedding, ...] = ()
    network: Location | None = None
    vae: Location | None = None
    batch: Mapping[Literal["cpu", "gpu"], Annotated[int, Field(ge=1, le=64)]] = {}
    precision: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    compile: Literal["auto", "always", "never"] = "auto"
    quantize: Literal["auto"] | Quantization = "none"
    guidance_end: Annotated[float, Field(gt=0, le=1)] = 1.0
    seamless: Literal["rolling", "periodic"] = "rolling"

    @field_validator("defaults")
    @classmethod
    def _known(cls, value: PartArguments) -> PartArguments:
        if unknown := sorted(set(value) - _CARD_DEFAULTS):
            allowed = ", ".join(sorted(_CARD_DEFAULTS))
            raise ValueError(f"a model card cannot set a default for '{unknown[0]}', only for {allowed}")
        return value

    @model_validator(mode="after")
    def _in_bfloat16(self) -> Self:
        if self.quantize == "fp8_dynamic" and self.precision not in ("auto", "bfloat16"):
            raise ValueError(f"`quantize: fp8_dynamic` computes in bfloat16, so `precision: {self.precision}` must go")
        return self

    @property
    def identity(self) -> JsonValue:
        """Identity used in cache keys: the weights by digest (by location where there is none) and how they run.

        Control networks are left out: those that an asset uses enter its keys with its control images.
        """
        text = {"model", "about", "prompts", "captions", "affixes", "defaults", "presets", "best_of", *_TERMS}
        no_pixels = {*text, "add_colors", "batch", "compile", "controls", "references"}
        return _by_digest(self.model_dump(mode="json", exclude=no_pixels, exclude_defaults=True))

    def weight_locations(self, control_kinds: Iterable[str]) -> Iterator[tuple[str, Location, str | None]]:
        """Name, location and digest of all weights except LoRAs and embeddings, with these control networks."""
        yield self.model, self.weights, self.digest
        for name, location in (("network", self.network), ("vae", self.vae)):
            if location:
                yield f"{self.model}, {name}", location, getattr(location, "digest", None)
        for kind in control_kinds:
            yield f"{self.model}/{kind}", self.controls[kind].weights, self.controls[kind].digest


def _by_digest(card: JsonValue) -> JsonValue:
    """The same JSON without locations that have a digest, and without licence fields, at every level."""
    if isinstance(card, list):
        return [_by_digest(item) for item in card]
    if not isinstance(card, dict):
        return card
    locations = {"weights", "file", "folder"} if card.get("digest") else set()
    return {key: _by_digest(item) for key, item in card.items() if key not in locations | _TERMS}
