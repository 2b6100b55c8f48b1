"""What the server answers, for the OpenAPI description."""

from typing import Any, Literal

from pydantic import BaseModel, Field

Reference = Field(examples=["3f1c9a0b12d4e5f6"])


class Told(BaseModel):
    """What is wrong, where, and what helps: one sentence each, "" for none."""

    what: str = Field(examples=["there is no preset 'pixel_sprit'"])
    where: str = Field(examples=["request"])
    cure: str = Field(examples=["Did you mean 'pixel_sprite'?"])


class Problem(BaseModel):
    """Every answer that is no success."""

    error: Told


class ServerStatus(BaseModel):
    """Who answers here."""

    name: Literal["assetgen"]
    version: str = Field(examples=["0.1.0"])


class PresetLine(BaseModel):
    """A kind of asset. One with an `error` cannot be used; `thumbnail` tells whether it has a picture."""

    name: str
    about: str
    use: str | None
    thumbnail: bool
    error: Told | None


class DetectorTerms(BaseModel):
    """The licence of a control that runs a network of other people, and the kind of control that it draws."""

    kind: str
    licence: str
    licence_url: str
    commercial: bool


class PresetPart(BaseModel):
    """A part of a preset: `name` is its key in `settings`, `schema` that of its arguments."""

    name: str
    part: str
    kind: str
    about: str
    detector: DetectorTerms | None
    arguments: dict[str, Any] = Field(alias="schema")


class PresetPage(PresetLine):
    """A preset with its parts. `takes` says which of prompt, negative, model and seed it has a use for."""

    lineage: list[str]
    takes: list[str]
    parts: list[PresetPart]


class ModelLine(BaseModel):
    """A model card."""

    name: str
    about: str
    family: str
    licence: str
    commercial: bool
    native: list[int]
    weights: Literal["here", "not whole", "not here"]
    error: Told | None


class PartLine(BaseModel):
    """A part: source, control, step, check or exporter."""

    name: str
    kind: str
    version: int
    about: str
    detector: DetectorTerms | None
    arguments: dict[str, Any] = Field(alias="schema")


class Project(BaseModel):
    """An opened project. `engine` is "" where the folder is no game of a known engine."""

    id: str
    path: str
    engine: str


class Uploaded(BaseModel):
    """An upload: the same content has the same id."""

    id: str
    name: str
    sha256: str
    bytes: int


class JobFile(BaseModel):
    """A file that came out. `number` is that of a variation or candidate; `channel` is "" for what is no picture."""

    path: str
    asset: str
    channel: str
    number: int | None
    bytes: int
    sha256: str


class Progress(BaseModel):
    """How many assets are done; `fraction` (0 to 1) also counts steps of the sampler, and never falls."""

    done: int = 0
    total: int = 0
    fraction: float = 0.0


class JobLine(BaseModel):
    """A job. `seq` grows with every change; `position` is its place in the queue, 0 for what does not wait."""

    id: str = Reference
    kind: str
    client: str
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    seq: int
    position: int
    made: float = Field(description="Seconds since 1970.")
    started: float | None
    ended: float | None
    progress: Progress
    error: Told | None
    request: dict[str, Any]


class JobState(JobLine):
    """A job with its files and with the events after the number that was asked for (`more`: ask again for the rest)."""

    result: dict[str, Any]
    files: list[JobFile]
    events: list[dict[str, Any]]
    more: bool


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": about}
    for status, about in {
        400: "What was sent cannot be read",
        401: "The token is missing or wrong",
        403: "The Host or Origin header is foreign",
        404: "There is no such thing",
        405: "Not asked like that",
        409: "Something stands in the way",
        413: "The body is too large",
        422: "What was asked is wrong",
        429: "Too many jobs are waiting",
        503: "Something is not installed",
        507: "The disk is full",
    }.items()
}
