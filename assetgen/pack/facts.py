"""Facts of a model that its card states, since nothing on this machine could be asked for them before a download."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

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
