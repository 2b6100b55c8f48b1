"""The argument types that the sources share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assetgen.parts import InputFile
from assetgen.terms import Commercial, Country

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Factor = Annotated[float, Field(gt=0, le=16, strict=True)]  # strict: `resolve` multiplies by it before validation
Scale = tuple[Factor, Factor]
"""Width and height, as factors of the model's native size."""
Steps = Annotated[int, Field(ge=1, le=150)]
Guidance = Annotated[float, Field(ge=0, le=30)]
Axes = Literal["", "x", "y", "xy"]
"""The axes along which an image tiles."""
Strength = Annotated[float, Field(ge=0.02, le=1)]
Detail = Annotated[float, Field(ge=0, le=1)]


class LoraArgument(BaseModel):
    """A LoRA (.safetensors) fused into the model, its weight, and its licence."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: InputFile
    weight: Annotated[float, Field(ge=-4, le=4)] = 1.0
    licence: str = ""
    commercial: Commercial = True
    not_in: tuple[Country, ...] = ()

    @property
    def identity(self) -> tuple[str, float]:
        """Identity used in cache keys: the file's digest, and the weight."""
        return self.file.sha256, self.weight
