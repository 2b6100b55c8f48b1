"""Build events: the command line shows them as progress, `--json` prints them, tests collect them."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from assetgen.errors import AssetgenError, printable

_SURROGATES = re.compile("[\ud800-\udfff]")
"""Bytes of file names that are not UTF-8."""
AssetState = Literal["ok", "ok (other hardware)", "differs", "stale", "missing", "edited", "gone", "new"]
Work = Literal["sample", "finish", "export", "publish", "reuse", "remove", "fail"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events. `asset` is "" for events of the whole build."""

    asset: str = ""

    def to_json(self) -> str:
        """One line of JSON; the key `event` is the class name in lower case."""
        text = json.dumps({"event": type(self).__name__.lower(), **asdict(self)}, ensure_ascii=False)
        return _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """The build starts: number of assets, of those that must be sampled, and of the images that are sampled for them:
    several where attempts are compared."""

    assets: int
    to_sample: int
    images: int


@dataclass(frozen=True, kw_only=True)
class Warned(Event):
    """The build continues, but a person should know this `reason`, such as the conditions of a licence."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Prompted(Event):
    """The `prompt` that a model samples, completed from the captions it was trained on. `known`: some are like it.
    `drawn`: it paints over a picture that a control draws. One event for assets with the same prompt, with the name of
    the first."""

    model: str
    prompt: str
    known: bool
    drawn: bool = False

    @property
    def text(self) -> str:
        """The event for people."""
        if self.drawn:
            return f"sampled as '{self.prompt}', over a drawing"
        unknown = "" if self.known else f"{self.model} has not seen anything like this: "
        return f"{unknown}sampled as '{self.prompt}'"


@dataclass(frozen=True, kw_only=True)
class Downloading(Event):
    """Progress of a download: `done` of `total` bytes of all files; `file` is its repository and path."""

    file: str
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Loading(Event):
    """A model is being loaded into memory."""

    model: str


@dataclass(frozen=True, kw_only=True)
class Quantizing(Event):
    """The matrices of a model are being stored in fewer bits: in the number format `to` of its card, or of
    `quantize: auto` for the device's free memory."""

    model: str
    to: Literal["int8", "fp8", "fp8_dynamic", "nf4"]


@dataclass(frozen=True, kw_only=True)
class Offloading(Event):
    """A model exceeds the free memory of the device and is offloaded to RAM, by component or by layer. Slower."""

    model: str
    by: Literal["parts", "layers"]


@dataclass(frozen=True, kw_only=True)
class Compiling(Event):
    """The networks of a model are being compiled, which takes a minute or more."""

    model: str


@dataclass(frozen=True, kw_only=True)
class Uncompiled(Event):
    """Compiling a model failed for this `reason`; the build continues without it."""

    model: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Sampling(Event):
    """Progress of a batch: `done` of `total` sampler steps. `batch` holds the names of its assets."""

    done: int
    total: int
    batch: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Previewed(Event):
    """There are new previews of the variations `numbers`, which are being sampled. Servers emit it."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Drawn(Event):
    """A model sampled the asset's image, in slot `slot` of a batch of `batch`.

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
    """The device ran out of memory: the batch size is now `batch`, and the failed batch is repeated."""

    batch: int


@dataclass(frozen=True, kw_only=True)
class StepRan(Event):
    """A step finished after `seconds`."""

    step: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Checked(Event):
    """A check judged the image of attempt number `attempt` (0 is the first)."""

    check: str
    passed: bool
    score: float
    attempt: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Reused(Event):
    """The published files are up to date."""


@dataclass(frozen=True, kw_only=True)
class Published(Event):
    """Files changed in the game folder, relative to the target. `kept` are hand-edited files, left unchanged."""

    files: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """The asset failed; `reason` is the error message, which joins `where`, `what` and `cure`."""

    reason: str
    exit_code: int = 1
    where: str = ""
    what: str = ""
    cure: str = ""


@dataclass(frozen=True, kw_only=True)
class Differs(Event):
    """Files have other bytes than the lock records, and the same look: `difference` of their fingerprints, 0 to 255.

    That is usual on `other_hardware` than the lock was written on. On the same class of machine it is not.
    """

    files: tuple[str, ...]
    difference: float
    other_hardware: bool = True


@dataclass(frozen=True, kw_only=True)
class Audited(Event):
    """State of an asset's published files compared with lock and pack, and why.

    `ok (other hardware)`: other bytes and the same look; `differs`: other bytes on the same class of machine, or
    another look; `stale`: the pack or the lock has changed, or the files are a draft; `missing`, `edited`: files are
    deleted or changed; `gone`: the asset is no longer in the pack; `new`: it is not yet in the lock.
    """

    state: AssetState
    pack: str
    reasons: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing must be done about the asset."""
        return self.state in ("ok", "ok (other hardware)")


@dataclass(frozen=True, kw_only=True)
class Surveyed(Event):
    """What a build would do for an asset, and why.

    `sample`: run everything; `finish`: run steps, checks and export; `export`: export and publish; `publish`: publish
    the exported files; `reuse`: nothing; `remove`: delete its files from the game; `fail`: an inbox file is not usable.
    """

    work: Work
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Waiting(Event):
    """Waiting for another build of the same target, which `holder` runs."""

    holder: str


@dataclass(frozen=True, kw_only=True)
class Joined(Event):
    """A worker joined the cluster build."""

    worker: str


@dataclass(frozen=True, kw_only=True)
class Lost(Event):
    """A worker left the cluster build for this `reason`; its unfinished work goes to others."""

    worker: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Watching(Event):
    """The pack files that are now watched."""

    packs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Changed(Event):
    """A watched pack is being built because these files changed; none for its first build."""

    pack: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The build is over. `cost` is the total of what this build sampled (see `build/cost.py`)."""

    seconds: float
    published: int
    reused: int
    failed: int
    sampled: int
    target: str = ""
    profile: dict[str, float] = field(default_factory=dict)
    cost: dict[str, Any] = field(default_factory=dict)


def failed(error: AssetgenError, asset: str = "", where: str = "") -> Failed:
    """The event of an asset that fails with this error; `where` is the place in the pack that requests it."""
    reason = printable(f"{where}: {error}" if where else str(error))
    fields = {"where": where or error.where, "what": error.what, "cure": error.cure}
    plain = {name: printable(text) for name, text in fields.items()}
    return Failed(asset=asset, reason=reason, exit_code=error.exit_code, **plain)


Emit = Callable[[Event], None]


def ignore(event: Event) -> None:
    """An `Emit` that discards events."""
