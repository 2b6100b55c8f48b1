"""Facts of a model that its card states, since nothing on this machine could be asked for them before a download; and
the layout of the sheets that it draws."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Amount = Annotated[float, Field(gt=0)]


class ModelFacts(BaseModel):
    """What a card states of its weights; what is not known is left out. No fact changes a pixel or a key.

    `download` is the size in GB (10⁹ bytes) of the files that a build needs, without controls. `gated` weights need an
    account that has accepted their licence on the hub. `parameters` are billions by component (unet, transformer,
    text_encoder, vae, …). `seconds` are measured seconds an image by device, at the native size and default steps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    download: _Amount | None = None
    gated: bool = False
    parameters: Mapping[str, _Amount] = {}
    seconds: Mapping[str, _Amount] = {}


class Sheet(BaseModel):
    """The layout of a picture that holds all frames of an animation, as a model or its LoRAs draw it.

    `prompt` is the template for it. `names` are those of the rows. `motions` are the motions of the control `poses`
    that the sheet shows; all of them where it is empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    rows: Annotated[int, Field(ge=1, le=64)]
    columns: Annotated[int, Field(ge=1, le=64)]
    prompt: str = "{prompt}"
    names: tuple[str, ...] = ()
    motions: tuple[Literal["walk", "run", "attack"], ...] = ()

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.names and len(self.names) != self.rows:
            raise ValueError(f"the sheet has {len(self.names)} names for {self.rows} rows")
        return self
