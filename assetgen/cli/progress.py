"""Print the events of a build: progress bars on a terminal, plain lines elsewhere, JSON lines with `--json`."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeGuard

from assetgen.cli import relative
from assetgen.errors import counted, printable
from assetgen.events import (
    Changed,
    Checked,
    Compiling,
    Differs,
    Emit,
    Event,
    Failed,
    Finished,
    Joined,
    Loading,
    Lost,
    Offloading,
    Planned,
    Prompted,
    Published,
    Quantizing,
    Reused,
    Sampling,
    Shrunk,
    Uncompiled,
    Waiting,
    Warned,
    Watching,
)

_NAMED = 3
"""Changed files that one line names."""


@contextmanager
def shown(*, json: bool) -> Iterator[Emit]:
    """The `Emit` of a command: JSON lines on stdout, or progress bars or plain lines on stderr."""
    if json:
        yield print_json
    elif sys.stderr.isatty():
        with _bars() as emit:
            yield emit
    else:
        meter, rejections = Meter(), Rejections()

        def emit(event: Event) -> None:
            meter.see(event)
            for line in rejections.see(event):
                _write_line(line)
            print_line(event, meter.text if _ends_batch(event) else "")

        yield emit


def print_json(event: Event) -> None:
    """Print one event as one line of JSON on stdout."""
    sys.stdout.write(event.to_json() + "\n")
    sys.stdout.flush()


def print_line(event: Event, note: str = "") -> None:
    """Print one event as plain text on stderr, if it has any; `note` follows it in brackets."""
    line = describe(event)
    if line:
        _write_line(line + (f" ({note})" if note else ""))


def _write_line(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class Meter:
    """How many images are sampled of those planned, how fast, and how long the rest takes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._total = self._done = 0
        self._started: float | None = None

    def see(self, event: Event) -> None:
        """Count an event. Time starts with the first sampler step, so that loading a model does not count."""
        if isinstance(event, Planned):
            self._total += event.images
        if isinstance(event, Sampling) and self._started is None:
            self._started = self._clock()
        if _ends_batch(event):
            self._done += len(event.batch)

    @property
    def text(self) -> str:
        """`12 of 96 images, 0.8 images/s, 2 min left`; rejected images are repeated beyond those planned."""
        if not self._done or self._started is None:
            return ""
        passed, left = self._clock() - self._started, max(0, self._total - self._done)
        count = f"{self._done} of {max(self._total, self._done)} images"
        if passed <= 0:
            return count
        rate = self._done / passed
        speed = f"{rate:.1f} images/s" if rate >= 1 else f"{1 / rate:.1f} s an image"
        return f"{count}, {speed}, {_duration(left / rate)} left" if left else f"{count}, {speed}"


class Rejections:
    """The attempts that checks rejected, as one line an asset, at its end or at that of the build."""

    def __init__(self) -> None:
        self._checked: dict[str, list[Checked]] = {}

    def see(self, event: Event) -> list[str]:
        """Note an event. Returns the lines to print before it."""
        if isinstance(event, Checked):
            self._checked.setdefault(event.asset, []).append(event)
            return []
        if isinstance(event, Finished):
            ended = [*self._checked]
        else:
            ended = [event.asset] if isinstance(event, Published | Failed) else []
        lines = [_rejections(name, self._checked.pop(name)) for name in ended if name in self._checked]
        return [printable(line) for line in lines if line]


def _rejections(asset: str, checked: Sequence[Checked]) -> str:
    """`chest: 3 of 4 attempts rejected: alpha (it is cropped) ×2, content (it is a smear)`; "" where none was."""
    rejected = [each for each in checked if not each.passed]
    if not rejected:
        return ""
    reasons = {each.check: each.reason for each in reversed(rejected)}
    counts = Counter(each.check for each in rejected)
    parts = [f"{check} ({reasons[check]})" + (f" ×{count}" if count > 1 else "") for check, count in counts.items()]
    made = counted(len({each.attempt for each in checked}), "attempt")
    return f"  {asset}: {len({each.attempt for each in rejected})} of {made} rejected: {', '.join(parts)}"


def _ends_batch(event: Event) -> TypeGuard[Sampling]:
    return isinstance(event, Sampling) and event.done == event.total


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def describe(event: Event) -> str:
    """The text of an event for people; empty for events that only move a progress bar."""
    return "\n".join(map(printable, relative(_text(event)).split("\n")))


def _text(event: Event) -> str:
    match event:
        case Planned():
            return f"{counted(event.assets, 'asset')}, {event.to_sample} to sample"
        case Warned():
            return f"warning: {event.reason}"
        case Prompted():
            return f"  {event.asset}: {event.text}"
        case Loading():
            return f"loading {event.model}"
        case Quantizing():
            return f"quantizing {event.model} to {event.to}"
        case Offloading():
            return f"{event.model} does not fit into device memory: its {event.by} are offloaded to RAM (slower)"
        case Compiling():
            return f"compiling {event.model}: takes a minute or more, and makes the remaining images faster"
        case Uncompiled():
            return f"{event.model} could not be compiled and runs without compiling ({event.reason})"
        case Sampling(done=done, total=total) if done == total:
            return f"sampled {', '.join(_with_counts(event.batch))}"
        case Shrunk():
            return f"out of device memory: the batch size is now {event.batch}"
        case Published() if event.files or event.removed or event.kept:
            return _published(event)
        case Differs(other_hardware=False):
            files = ", ".join(event.files)
            return (
                f"  {event.asset}: {files}: other bytes and the same look as in the lock, on the same class of machine"
            )
        case Watching():
            return f"watching {', '.join(event.packs) or 'for packs'}"
        case Changed():
            return f"{event.pack}: {_changes(event.files)}"
        case Joined():
            return f"worker {event.worker} joined"
        case Lost():
            return f"worker {event.worker} failed ({event.reason})"
        case Waiting():
            return f"waiting for another build of this target ({event.holder})"
        case Failed():
            return f"FAILED{event.asset and f' {event.asset}'}: {event.reason}"
        case Finished():
            return _finished(event)
    return ""


def _with_counts(names: Sequence[str]) -> Iterator[str]:
    """The names, each once: `wizard ×4` for four attempts at it."""
    for name, count in Counter(names).items():
        yield name if count == 1 else f"{name} ×{count}"


def _changes(files: Sequence[str]) -> str:
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return f"{', '.join(files[:_NAMED])}{more} changed" if files else "build"


def _published(event: Published) -> str:
    changes = [f"+ {path}" for path in event.files] + [f"- {path}" for path in event.removed]
    changes += [f"{path} was edited by hand and stays (--overwrite replaces it)" for path in event.kept]
    return "\n".join(f"  {change}" for change in changes)


def _finished(event: Finished) -> str:
    counts = [
        f"{count} {what}"
        for count, what in ((event.published, "published"), (event.reused, "up to date"), (event.failed, "failed"))
        if count
    ]
    spent = ", ".join(f"{what} {seconds:.1f}" for what, seconds in event.profile.items() if seconds >= 0.05)
    profile = f" ({spent})" if spent else ""
    done = f"{', '.join(counts) or 'nothing to do'} in {event.seconds:.1f} s{profile}: {_shown_folder(event.target)}"
    return f"{done}\n{_cost(event)}" if event.cost else done


def _shown_folder(path: str) -> str:
    """A folder without `..`, relative to the current one where it lies below it."""
    if ".." not in Path(path).parts:
        return path
    found, here = Path(path).resolve(), Path.cwd()
    return str(found.relative_to(here) if found.is_relative_to(here) else found)


def _cost(event: Finished) -> str:
    """The cost of sampling: in all, and for an image."""
    cost, count = event.cost, max(1, event.sampled)
    parts = [f"{cost['seconds']:.1f} s of sampling on {cost['device']}"]
    if "watt_hours" in cost:
        parts.append(f"{cost['watt_hours']:.2f} Wh")
    if "usd" in cost:
        parts.append(f"{cost['usd']:.4f} USD, {cost['usd'] / count:.5f} an image")
    return ", ".join(parts)


@contextmanager
def _bars() -> Iterator[Emit]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    meter, rejections = Meter(), Rejections()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        assets = progress.add_task("assets", total=None)
        batch = progress.add_task("sampling", total=None, visible=False)

        def emit(event: Event) -> None:
            meter.see(event)
            if _ends_batch(event):
                progress.update(assets, description=f"assets ({meter.text})")
            match event:
                case Planned():
                    progress.update(assets, total=event.assets)
                case Compiling():
                    progress.update(batch, description=f"compiling {event.model}", total=None)
                case Loading():
                    progress.update(batch, description=f"loading {event.model}", total=None, visible=True)
                case Sampling():
                    names = ", ".join(event.batch)
                    progress.update(
                        batch, description=f"{names:.60}", completed=event.done, total=event.total, visible=True
                    )
                case Reused() | Published() | Failed() if event.asset:
                    progress.advance(assets)
            for line in rejections.see(event):
                progress.console.print(line, markup=False, highlight=False)
            if not isinstance(event, Sampling | Loading) and (line := describe(event)):
                progress.console.print(line, markup=False, highlight=False)

        yield emit
