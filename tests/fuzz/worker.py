"""The process that runs the cases of one target: first the known ones, then new ones for some seconds of CPU.

Hypothesis generates them, in rounds with a seed each: the same seed gives the same cases. Every defect is reported
once, with the smallest case that showed it. The current case lies in `case.json`, for the case that ends the process.
"""

import functools
import importlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cases import place_of, run_case, save_case, watching
from hypothesis import HealthCheck, Phase, given, seed, settings
from mutations import Files

_ROUND = 400
"""Cases of one round: Hypothesis keeps a tree of those it has tried."""
_SHRINK_SECONDS = 10.0


class TimeIsOver(BaseException):
    """Ends a round. Not an `Exception`, so that Hypothesis does not shrink it."""


@dataclass
class Session:
    """The cases that were run, and the smallest case of each defect."""

    target: str
    folder: Path
    run: Callable[[Files], None]
    count: int = 0
    found: dict[str, str] = field(default_factory=dict)
    current: str = ""
    shrink_until: float = 0.0
    until: float = math.inf

    def try_case(self, files: Files) -> None:
        """Run a case. Raises what it raises if that is a new defect, so that Hypothesis looks for a smaller case."""
        now = time.process_time()
        if now > (self.shrink_until if self.current else self.until):
            raise TimeIsOver
        self.count += 1
        save_case(self.folder / "case.json", self.target, self.count, files)
        try:
            self.run(files)
        except Exception as error:
            place = place_of(error)
            if place in self.found and place != self.current:
                return
            self.shrink_until = self.shrink_until if self.current else now + _SHRINK_SECONDS
            self.current = place
            self.keep(place, error)
            raise

    def keep(self, place: str, error: Exception) -> None:
        """Save a case of a defect, if it is the smallest yet."""
        file, case = self.folder / f"defect-{len(self.found)}.json", self.folder / "case.json"
        file = Path(json.loads(self.found[place])["case"]) if place in self.found else file
        if not file.exists() or case.stat().st_size <= file.stat().st_size:
            file.write_bytes(case.read_bytes())
            text = f"{type(error).__name__}: {error}"
            self.found[place] = json.dumps({"defect": place, "text": ascii(text)[1:-1][:600], "case": str(file)})


def work(target: str, folder: Path, first_seed: int, skipped: int, seconds: float) -> int:
    """Run the cases of a target for some seconds of CPU; write `result.json`. Returns 1 if there are defects.

    The first `skipped` known cases are left out: an earlier process ended with them.
    """
    module = importlib.import_module(target)
    known, strategy = module.known()[skipped:], module.cases()
    with watching(folder) as watch:
        run = functools.partial(run_case, module.check, watch=watch)
        until = time.process_time() + seconds
        session = Session(target, folder, run, skipped)
        try:
            for files in known:
                _attempt(session, lambda files=files: session.try_case(files))
            session.until = until
            for number in range(first_seed, 10**9):
                _attempt(session, _round(strategy, session, number))
        except TimeIsOver:
            pass
        _write_result(session)
    return bool(session.found)


def _attempt(session: Session, run: Callable[[], None]) -> None:
    """Run one known case or one round; a defect in it is noted already."""
    try:
        run()
    except TimeIsOver:
        if not session.current:
            raise
    except Exception:
        if not session.current:
            raise  # a defect of the fuzz job itself
    session.current = ""
    _write_result(session)


def _round(strategy: object, session: Session, number: int) -> Callable[[], None]:
    @seed(number)
    @settings(
        max_examples=_ROUND,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(files: Files) -> None:
        session.try_case(files)

    return run


def _write_result(session: Session) -> None:
    defects = [json.loads(each) for each in session.found.values()]
    (session.folder / "result.json").write_text(json.dumps({"cases": session.count, "defects": defects}))
