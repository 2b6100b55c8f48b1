"""Where the weights of a model lie."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag


class _Place(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bundled(_Place):
    """Weights inside the assetgen package, `assetgen/weights/NAME`. `digest` is computed by `weights_digest`."""

    bundled: str
    digest: str | None = None


class Folder(_Place):
    """A local folder in diffusers layout, relative to the card. `digest` is computed by `weights_digest`."""

    folder: Path
    digest: str | None = None


class SingleFile(_Place):
    """One .safetensors or .onnx file, or as `network` a .gguf file. `config`: a diffusers folder or hub id for it."""

    file: Path
    config: str | None = None
    digest: str | None = None


class Hub(_Place):
    """A repository on the Hugging Face hub, pinned to a revision; or with `file` one file of it."""

    hub: str
    revision: Annotated[str, Field(min_length=1)]
    variant: str | None = None
    subfolder: str | None = None
    file: str | None = None


def _location_kind(value: object) -> str | None:
    keys = set(value) if isinstance(value, Mapping) else set(getattr(type(value), "model_fields", ()))
    return next((kind for kind in ("bundled", "folder", "hub", "file") if kind in keys), None)


Location = Annotated[
    Annotated[Bundled, Tag("bundled")]
    | Annotated[Folder, Tag("folder")]
    | Annotated[SingleFile, Tag("file")]
    | Annotated[Hub, Tag("hub")],
    Discriminator(
        _location_kind,
        custom_error_type="location",
        custom_error_message="weights must be one of {bundled: …}, {folder: …}, {file: …}, {hub: …, revision: …}",
    ),
]
