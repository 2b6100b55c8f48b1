"""What happens during a build, as data: the command line draws it, `--json` prints it, tests collect it."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to `asset` ("" where it concerns the whole build)."""

    asset: str = ""

    def to_json(self) -> str:
        """One line of JSON; the key `event` names the class in lower case."""
        return json.dumps({"event": type(self).__name__.lower(), **asdict(self)}, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """The build begins: how many assets there are and how many of them must be sampled."""

    assets: int
    to_sample: int


@dataclass(frozen=True, kw_only=True)
class Loading(Event):
    """A model is being loaded into memory."""

    model: str


@dataclass(frozen=True, kw_only=True)
class Sampling(Event):
    """`done` of `total` sampler steps of the batch that holds `batch` assets."""

    done: int
    total: int
    batch: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StepRan(Event):
    """A step finished after `seconds`."""

    step: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Checked(Event):
    """A check judged the image of try number `attempt` (0 is the first)."""

    check: str
    passed: bool
    score: float
    attempt: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Reused(Event):
    """Nothing had to be done: the published files are up to date."""


@dataclass(frozen=True, kw_only=True)
class Published(Event):
    """Files that changed in the game folder, relative to the target; `kept` are hand-edited ones left alone."""

    files: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """The asset could not be made; `reason` is a sentence for people."""

    reason: str
    exit_code: int = 1


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The build is over."""

    seconds: float
    published: int
    reused: int
    failed: int
    sampled: int
    target: str = ""
    profile: dict[str, float] = field(default_factory=dict)


Emit = Callable[[Event], None]


def ignore(event: Event) -> None:
    """An `Emit` for callers that want no news."""
