"""A process, started by tests, that runs each requested build in a fork that can be killed.

A request is one line of JSON: the `folder` (with `pack/` in it) and optionally how the build is killed: `operation` N
kills it just before its N-th file operation, `seconds` after a time, `bytes` during the first write that would make a
file longer than that. The response is one line of JSON: whether the build was `killed`, and its `events`.
"""

import gc
import itertools
import json
import os
import resource
import select
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.events import Emit, Event
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.store.store import Store

OPERATIONS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.utime", "os.truncate", "os.link"}


def build(folder: Path, emit: Emit | None = None, **wish: Any) -> list[Event]:
    """Build the pack in `folder/pack` into `folder/game`; store, locks and history lie below `folder`, too."""
    events: list[Event] = []
    machine = Machine(Store(folder / "store"), folder / "machine")

    def note(event: Event) -> None:
        events.append(event)
        if emit:
            emit(event)

    build_pack(Project.load(folder / "pack", folder / "game"), machine, BuildOptions(**wish), note)
    return events


def main() -> None:
    """Serve requests. This process runs one build itself first, so that all forks share the imported modules."""
    build(Path(sys.argv[1]))
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)


def answer(folder: str, seconds: float | None = None, **end: int) -> dict[str, Any]:
    """Build in a fork; return whether it was killed, and its events."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os._exit(in_fork(Path(folder), writing, **end))
    os.close(writing)
    if seconds is not None and not select.select([reading], [], [], seconds)[0]:
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading) as pipe:
        output = pipe.read()
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {"killed": ended < 0, "events": json.loads(output) if ended == 0 else []}


def in_fork(folder: Path, writing: int, operation: int = 0, bytes: int = -1) -> int:
    """Build with the requested limits set."""
    if operation:
        sys.addaudithook(killer(operation))
    if bytes >= 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, bytes))
    try:
        events = [json.loads(event.to_json()) for event in build(folder)]
    except BaseException:
        traceback.print_exc()
        return 1
    with os.fdopen(writing, "w") as pipe:
        pipe.write(json.dumps(events))
    return 0


def killer(operation: int) -> Any:
    """An audit hook that kills this process before its N-th file operation, in any thread."""
    numbers, one_at_a_time = itertools.count(1), threading.Lock()

    def note(event: str, given: tuple[Any, ...]) -> None:
        opens = event == "open" and given[2] & (os.O_WRONLY | os.O_RDWR)
        if opens or event in OPERATIONS or event.startswith("shutil."):
            with one_at_a_time:
                if next(numbers) == operation:
                    os.kill(os.getpid(), signal.SIGKILL)

    return note


if __name__ == "__main__":
    main()
