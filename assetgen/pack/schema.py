"""What a person writes: presets, packs and their assets, model cards. Frozen data, checked on reading.

A *part word* is `PART` or `{PART: {ARGUMENT: VALUE}}`; a part used twice in one preset gets a name of its own with
`as: NAME` beside its arguments, and packs address it by that name.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from assetgen.parts import HubFile, Use

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a folder cannot have such a name")
    return text


_Side = Annotated[int, Field(ge=8, le=8192)]
ImageSize = tuple[_Side, _Side]
_FolderName = Annotated[str, Field(max_length=1024), AfterValidator(_without_nul)]


class Spec(BaseModel):
    """Base of everything a person writes: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PartSpec(Spec):
    """One part with its arguments as written; `alias` is the name that packs address it by."""

    part: str
    alias: str
    arguments: Mapping[str, Any] = {}


def parse_part(value: Any) -> Any:
    """`"trim"` or `{"trim": {"padding": 1, "as": "inner"}}` as a `PartWord`."""
    if isinstance(value, PartSpec):
        return value
    if isinstance(value, str):
        return PartSpec(part=value, alias=value)
    if isinstance(value, Mapping) and len(value) == 1:
        [(part, arguments)] = value.items()
        if isinstance(part, str) and isinstance(arguments, Mapping | None):
            words = dict(arguments or {})
            alias = words.pop("as", part)
            if not isinstance(alias, str):
                raise ValueError("'as' wants a name")
            return PartSpec(part=part, alias=alias, arguments=words)
    raise ValueError("a part is written 'PART' or '{PART: {ARGUMENT: VALUE}}'")


_Part = Annotated[PartSpec, BeforeValidator(parse_part)]


class Preset(Spec):
    """A kind of asset: its parts and what the game uses it for. What is None comes from `extends`."""

    preset: _Name
    about: str = ""
    extends: str | None = None
    source: _Part | None = None
    controls: tuple[_Part, ...] | None = None
    steps: tuple[_Part, ...] | None = None
    checks: tuple[_Part, ...] | None = None
    use: Use | None = None
    export: _Part | None = None
    tries: Annotated[int, Field(ge=1, le=64)] | None = None
    defaults: Mapping[str, Mapping[str, Any]] = {}

    @property
    def parts(self) -> tuple[PartSpec, ...]:
        """Every part it names."""
        single = tuple(word for word in (self.source, self.export) if word)
        return single + (self.controls or ()) + (self.steps or ()) + (self.checks or ())


class AssetSpec(BaseModel):
    """One asset of a pack. Keys that are not listed here are part names with arguments: `pixelate: {colors: 12}`."""

    model_config = ConfigDict(frozen=True, extra="allow")
    preset: str
    prompt: str = ""
    negative: str | None = None
    model: str | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    members: tuple[str, ...] = ()
    matrix: Mapping[str, tuple[str | int | float, ...]] = {}
    tries: Annotated[int, Field(ge=1, le=64)] | None = None

    @property
    def overrides(self) -> dict[str, Any]:
        """Arguments by part name, as written."""
        return dict(self.model_extra or {})


class Pack(Spec):
    """The assets of one game folder and what they share. `inbox` says, by pattern, what dropped files become."""

    pack: _Name
    about: str = ""
    game: _FolderName | None = None
    target: Annotated[_FolderName, AfterValidator(lambda text: "" if text == "." else text)] = ""
    engine: str | None = None
    model: str = "mini"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    palette: str | None = None
    style: str = ""
    tries: Annotated[int, Field(ge=1, le=64)] | None = None
    defaults: Mapping[str, Mapping[str, Any]] = {}
    inbox: Mapping[str, Mapping[str, Any] | None] = {}
    assets: Mapping[str, AssetSpec] = {}

    @field_validator("assets", mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        """`assets` may also be a list whose entries carry a `name`."""
        if not isinstance(value, list):
            return value
        named: dict[str, Any] = {}
        for number, entry in enumerate(value):
            if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
                raise PydanticCustomError("entry", "this asset has no 'name'", {"entry": number})
            if entry["name"] in named:
                named_twice = {"entry": number, "name": entry["name"]}
                raise PydanticCustomError("entry", "two assets are named '{name}'", named_twice)
            named[entry["name"]] = {key: item for key, item in entry.items() if key != "name"}
        return named


class Bundled(Spec):
    """Weights inside the assetgen package, `assetgen/weights/NAME`."""

    bundled: str


class Folder(Spec):
    """A local folder in diffusers layout; relative to the card. `digest` is that of `weights_digest`."""

    folder: Path
    digest: str | None = None


class SingleFile(Spec):
    """One local .safetensors checkpoint; `config` is a diffusers folder (or hub id) that tells its shape. `digest` is
    that of `weights_digest`."""

    file: Path
    config: str | None = None
    digest: str | None = None


class Hub(Spec):
    """A repository on the Hugging Face hub, pinned to a revision."""

    hub: str
    revision: Annotated[str, Field(min_length=1)]
    variant: str | None = None
    subfolder: str | None = None


def _location_kind(value: Any) -> str | None:
    keys = set(value) if isinstance(value, Mapping) else set(getattr(type(value), "model_fields", ()))
    return next((kind for kind in ("bundled", "folder", "file", "hub") if kind in keys), None)


Location = Annotated[
    Annotated[Bundled, Tag("bundled")]
    | Annotated[Folder, Tag("folder")]
    | Annotated[SingleFile, Tag("file")]
    | Annotated[Hub, Tag("hub")],
    Discriminator(
        _location_kind,
        custom_error_type="location",
        custom_error_message="weights are one of {bundled: …}, {folder: …}, {file: …}, {hub: …, revision: …}",
    ),
]


_TERMS = {"licence", "licence_url", "commercial"}
"""Fields that tell under which terms something may be used: none changes a pixel."""


class ControlModel(Spec):
    """The network that makes a model obey one kind of control; a union obeys several, each by the number `mode`.

    Of an IP-Adapter `weights` are the folder with its .safetensors file, named by `adapter` where there are several,
    and with the folder `image_encoder`.
    """

    weights: Location
    type: Literal["controlnet", "controlnet_union", "t2i_adapter", "ip_adapter"] = "controlnet"
    mode: Annotated[int, Field(ge=0, lt=64)] | None = None
    adapter: Annotated[str, Field(pattern=r"^[\w.-]+$")] | None = None
    digest: str | None = None
    licence: str
    commercial: bool = True

    @property
    def identity(self) -> Any:
        """What enters keys."""
        return _by_digest(self.model_dump(mode="json", exclude=_TERMS, exclude_defaults=True))


class Scheduler(Spec):
    """A diffusers scheduler class and the options laid over the model's own scheduler configuration."""

    name: str
    options: Mapping[str, Any] = {}


class ExtraWeights(Spec):
    """One .safetensors file that is laid over a model, here or on the hub (`hub`, `revision` and `file` side by side).

    `digest` is that of `weights_digest`; a revision of the hub stands in for it.
    """

    file: Annotated[
        Annotated[Path, Tag("file")] | Annotated[HubFile, Tag("hub")],
        Discriminator(lambda value: "hub" if isinstance(value, Mapping | HubFile) else "file"),
    ]
    digest: str | None = None
    licence: str = ""
    commercial: bool = True

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or not {"hub", "revision"} & set(value):
            return value
        if missing := set(HubFile.model_fields) - set(value):
            raise ValueError(f"a file of the hub is {{hub: …, revision: …, file: …}}, and here is no '{min(missing)}'")
        rest = {key: word for key, word in value.items() if key not in HubFile.model_fields}
        return {**rest, "file": {key: value[key] for key in HubFile.model_fields}}

    @property
    def name(self) -> str:
        """What sentences and locks call it."""
        return f"{self.file.hub}/{self.file.file}" if isinstance(self.file, HubFile) else self.file.name

    @property
    def path(self) -> Path | None:
        """Where the file lies; None for one of the hub. It need not exist."""
        return self.file if isinstance(self.file, Path) else None


class Lora(ExtraWeights):
    """A LoRA (diffusers or kohya keys) and its weight."""

    weight: Annotated[float, Field(ge=-4, le=4)] = 1.0


class Embedding(ExtraWeights):
    """A textual inversion, and the word that stands for it in prompts."""

    token: Annotated[str, Field(pattern=r"^\S+$")]


_CARD_DEFAULTS = {"negative", "steps", "guidance", "strength"}
"""The arguments of sources that model cards may give defaults for."""


class ModelCard(Spec):
    """Where a model lives and how to speak to it. `native` is the width and height it was trained at, in pixels.

    `prompts` holds, by preset name, the words this model was trained on; `affixes` go round every prompt. `digest` is
    the sha256 of its weight files (see `assetgen models verify`); a hub revision stands in for it where it is None.
    `network` and `vae` stand in for the UNet or transformer and for the autoencoder among its weights. `compile` runs
    it compiled by torch: by default for packs of thousands of images on a CUDA device.
    """

    model: _Name
    about: str = ""
    family: _Name
    weights: Location
    digest: str | None = None
    licence: str
    licence_url: str = ""
    commercial: bool = True
    native: ImageSize
    scheduler: Scheduler | None = None
    defaults: Mapping[str, Any] = {}
    affixes: tuple[str, str] = ("", "")
    prompts: Mapping[str, str] = {}
    controls: Mapping[str, ControlModel] = {}
    loras: tuple[Lora, ...] = ()
    embeddings: tuple[Embedding, ...] = ()
    network: Location | None = None
    vae: Location | None = None
    batch: Mapping[Literal["cpu", "gpu"], Annotated[int, Field(ge=1, le=64)]] = {}
    precision: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    compile: Literal["auto", "always", "never"] = "auto"

    @field_validator("defaults")
    @classmethod
    def _known(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        if unknown := sorted(set(value) - _CARD_DEFAULTS):
            raise ValueError(f"a card gives no default for '{unknown[0]}', but for {', '.join(sorted(_CARD_DEFAULTS))}")
        return value

    @property
    def identity(self) -> Any:
        """What of the card changes pixels: its weights by digest (by place, where it tells none) and how they run.

        Its controls are not in it: the ones that an asset uses enter keys beside the asset's control images.
        """
        people = {"model", "about", "prompts", "affixes", "defaults", *_TERMS}
        return _by_digest(
            self.model_dump(mode="json", exclude={*people, "batch", "compile", "controls"}, exclude_defaults=True)
        )

    def weight_locations(self, kinds: Iterable[str]) -> Iterator[tuple[str, Location, str | None]]:
        """All weights but LoRAs and embeddings, with the networks of these kinds of control: what sentences call them,
        where they lie, and their digest."""
        yield self.model, self.weights, self.digest
        for name in ("network", "vae"):
            if place := getattr(self, name):
                yield f"{self.model}, {name}", place, getattr(place, "digest", None)
        for kind in kinds:
            yield f"{self.model}/{kind}", self.controls[kind].weights, self.controls[kind].digest


def _by_digest(card: Any) -> Any:
    if not isinstance(card, Mapping):
        return [_by_digest(item) for item in card] if isinstance(card, list) else card
    places = {"weights", "file", "folder"} if card.get("digest") else set()
    return {key: _by_digest(item) for key, item in card.items() if key not in {*places, *_TERMS}}
