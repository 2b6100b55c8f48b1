"""The words that `diffusion` and its stand-in `fake` share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assetgen.parts import InputFile

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Factor = Annotated[float, Field(gt=0, le=16, strict=True)]  # strict: `resolve` multiplies by it as it is written
Scale = tuple[Factor, Factor]
"""Width and height, in native sizes of the model."""
Steps = Annotated[int, Field(ge=1, le=150)]
Guidance = Annotated[float, Field(ge=0, le=30)]
Axes = Literal["", "x", "y", "xy"]
"""The axes along which a picture wraps."""
Strength = Annotated[float, Field(ge=0.02, le=1)]


class LoraWord(BaseModel):
    """A LoRA (.safetensors) laid over the model, its weight, and the terms of its use."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: InputFile
    weight: Annotated[float, Field(ge=-4, le=4)] = 1.0
    licence: str = ""
    commercial: bool = True

    @property
    def identity(self) -> tuple[str, float]:
        """What enters keys."""
        return self.file.sha256, self.weight
