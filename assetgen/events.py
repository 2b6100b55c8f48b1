"""What happens during a build, as data: the command line draws it, `--json` prints it, tests collect it."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["ok", "stale", "missing", "edited", "gone", "new"]
Work = Literal["sample", "finish", "export", "publish", "reuse", "remove", "fail"]


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
class Offloading(Event):
    """A model is larger than the device's free memory: its parts, or even its layers, wait in main memory. Slower."""

    model: str
    by: Literal["parts", "layers"]


@dataclass(frozen=True, kw_only=True)
class Compiling(Event):
    """A model's networks are being compiled, which takes a minute or more and pays for what is still to be drawn."""

    model: str


@dataclass(frozen=True, kw_only=True)
class Uncompiled(Event):
    """A model could not be compiled, for this `reason`; it goes on as it was."""

    model: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Sampling(Event):
    """`done` of `total` sampler steps of the batch that holds `batch` assets."""

    done: int
    total: int
    batch: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Drawn(Event):
    """A model drew the asset's picture, in slot `slot` of a batch of `batch`.

    `seconds` is its share of the batch; `watts` the device's measured mean power (0 without a counter); `memory` the
    peak bytes of its memory in use (0 where it has none of its own).
    """

    seconds: float
    device: str
    batch: int
    slot: int
    watts: float
    memory: int = 0


@dataclass(frozen=True, kw_only=True)
class Shrunk(Event):
    """The device's memory was full: from now on the model draws `batch` pictures at a time, and repeats what failed."""

    batch: int


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
class Differs(Event):
    """Files that came out otherwise than the lock says; `difference` of their looks is small, of 255."""

    files: tuple[str, ...]
    difference: float


@dataclass(frozen=True, kw_only=True)
class Audited(Event):
    """How an asset's published files stand to lock and pack, and why.

    `stale`: the pack asks for something else now; `missing`, `edited`: files are gone or changed; `gone`: the pack has
    it no more; `new`: the lock does not have it.
    """

    state: State
    pack: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Surveyed(Event):
    """What a build would do for an asset, and why.

    `sample`: a source makes it anew; `finish`: steps and on; `export`: its files are written anew; `publish`: they only
    go into the game; `reuse`: nothing; `remove`: its files leave the game; `fail`: a dropped file cannot be an asset.
    """

    work: Work
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Waiting(Event):
    """Another build of the same target is running; this one begins when that one is done."""

    holder: str


@dataclass(frozen=True, kw_only=True)
class Joined(Event):
    """A worker of a cluster takes part in the build from now on."""

    worker: str


@dataclass(frozen=True, kw_only=True)
class Lost(Event):
    """A worker of a cluster takes no part any more, and why; what it had under way goes to others."""

    worker: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Watching(Event):
    """These pack files are watched from now on, and no others."""

    packs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Changed(Event):
    """A watched pack is built now, as these files changed; none are named where it is built for the first time."""

    pack: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The build is over. `cost` sums up what was sampled now (see `cost`)."""

    seconds: float
    published: int
    reused: int
    failed: int
    sampled: int
    target: str = ""
    profile: dict[str, float] = field(default_factory=dict)
    cost: dict[str, Any] = field(default_factory=dict)


Emit = Callable[[Event], None]


def ignore(event: Event) -> None:
    """An `Emit` for callers that want no news."""
