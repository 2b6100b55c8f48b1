"""The JSON bodies of responses."""

from typing import Any, Literal

from pydantic import BaseModel, Field

API = "1.1"
"""Version of the contract, plugins/API.md: the minor number grows with what is added, the major with what breaks."""
_JobId = Field(examples=["3f1c9a0b12d4e5f6"])


class ErrorDetail(BaseModel):
    """An error: what is wrong, where, and how to fix it. "" for an empty field."""

    what: str = Field(examples=["there is no preset 'pixel_sprit'"])
    where: str = Field(examples=["request"])
    cure: str = Field(examples=["Did you mean 'pixel_sprite'?"])


class ErrorBody(BaseModel):
    """The body of every error response."""

    error: ErrorDetail


class ServerStatus(BaseModel):
    """The name and version of the server. Clients compare `api`, the version of the contract, and display `version`."""

    name: Literal["assetgen"]
    version: str = Field(examples=["0.1.0"])
    api: str = Field(examples=[API])


class PresetSummary(BaseModel):
    """A preset. One with an `error` cannot be used."""

    name: str
    about: str
    use: str | None
    thumbnail: bool
    error: ErrorDetail | None


class DetectorTerms(BaseModel):
    """The licence of the third-party network that a control runs, and the kind of control image it makes."""

    kind: str
    licence: str
    licence_url: str
    commercial: bool


class PresetPart(BaseModel):
    """A part of a preset. `name` is its key in `settings`; `schema` is the JSON schema of its arguments."""

    name: str
    part: str
    kind: str
    about: str
    detector: DetectorTerms | None
    arguments: dict[str, Any] = Field(alias="schema")


class PresetDetail(PresetSummary):
    """A preset with its parts. `takes` lists those of prompt, negative, model and seed that it uses.

    `shows` is how to preview what it makes.
    """

    lineage: list[str]
    takes: list[str]
    parts: list[PresetPart]
    shows: dict[str, Any]


class ModelSummary(BaseModel):
    """A model card. `starts` names the presets for which it paints over a drawn picture, with the multiple of the
    native size."""

    name: str
    about: str
    family: str
    licence: str
    commercial: bool
    native: list[int]
    starts: dict[str, int] = {}
    weights: Literal["here", "not whole", "not here"]
    error: ErrorDetail | None


class PartDetail(BaseModel):
    """A part: a source, control, step, check or exporter."""

    name: str
    kind: str
    version: int
    about: str
    detector: DetectorTerms | None
    arguments: dict[str, Any] = Field(alias="schema")


class OpenedProject(BaseModel):
    """An opened project. `engine` is "" where the folder has no game of a known engine."""

    id: str
    path: str
    engine: str


class UploadInfo(BaseModel):
    """An upload. The same content has the same id."""

    id: str
    name: str
    sha256: str
    bytes: int


class JobFile(BaseModel):
    """A file of a job. `number` is the variation or candidate; `channel` is "" for files that are not images.

    `shows` is how to preview a variation or candidate, where `channel` is "color".
    """

    path: str
    asset: str
    channel: str
    number: int | None
    bytes: int
    sha256: str
    shows: dict[str, Any] | None = None


class Progress(BaseModel):
    """The number of finished assets. `fraction` (0 to 1) also counts sampler steps, and never falls."""

    done: int = 0
    total: int = 0
    fraction: float = 0.0


class JobFailure(ErrorDetail):
    """An asset that failed, or that its checks rejected. `number` is the variation or candidate."""

    asset: str
    number: int | None


class Outcome(BaseModel):
    """How the assets of a job ended so far: the number that succeeded, and each failure."""

    succeeded: int = 0
    failures: list[JobFailure] = []


class JobSummary(BaseModel):
    """A job. `seq` grows with every change; `position` in the queue is 0 unless the job is queued.

    `succeeded` is the number of assets that were made so far, or were up to date.
    """

    id: str = _JobId
    kind: str
    client: str
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    seq: int
    position: int
    made: float = Field(description="Seconds since 1970.")
    started: float | None
    ended: float | None
    progress: Progress
    succeeded: int
    failures: list[JobFailure]
    error: ErrorDetail | None
    request: dict[str, Any]


class JobState(JobSummary):
    """A job with its files and the events after the requested number. With `more`, there are further events."""

    result: dict[str, Any]
    files: list[JobFile]
    events: list[dict[str, Any]]
    more: bool


class QueuedJobState(BaseModel):
    """A running or queued job of any client. `title` is its prompt, or its pack and asset; `project` "" for none."""

    id: str = _JobId
    kind: str
    client: str
    status: Literal["queued", "running"]
    position: int
    title: str
    project: str
    progress: Progress
    started: float | None


class HistoryEntry(BaseModel):
    """One variation that `make` made. `request` is a body for `POST /jobs` that makes exactly this one again.

    `score` (0 to 1) is the mean quality that its checks measured; null where none measures it. `seconds` and `cost` are
    those of sampling. `missing` are the paths of files that are gone.
    """

    job: str = _JobId
    number: int
    made: float = Field(description="Seconds since 1970.")
    preset: str
    prompt: str
    negative: str
    model: str
    seed: int
    score: float | None
    seconds: float
    cost: dict[str, Any]
    width: int
    height: int
    shows: dict[str, Any]
    files: list[JobFile]
    missing: list[str]
    request: dict[str, Any]


class History(BaseModel):
    """Entries of the history, newest first. With `more`, there are older ones."""

    entries: list[HistoryEntry]
    more: bool


ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": about}
    for status, about in {
        400: "The request cannot be parsed",
        401: "The token is missing or wrong",
        403: "The Host or Origin header is not allowed",
        404: "Not found",
        405: "Method not allowed",
        409: "Conflict in the game folder",
        413: "The body is too large",
        422: "The request is invalid",
        429: "The queue is full",
        503: "Something is not installed",
        507: "The disk is full",
    }.items()
}
