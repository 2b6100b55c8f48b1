"""Feed nearly valid files and requests of strangers to assetgen, and report what it must not do.

    python tests/fuzz                               every target for a few seconds, as in the tests
    python tests/fuzz meshes --minutes 10 --seed 7  other cases, for longer
    python tests/fuzz --case FILE                   one saved case again, with its traceback

A defect is an exception that is no error of assetgen, output on stderr, a message that is not one printable line, a
file written elsewhere, more than 5 seconds of CPU, or more than 1 GB of memory. Linux only.
"""

import argparse
import importlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import NoReturn

import worker
from cases import load_case, run_case, watching

HERE = Path(__file__).resolve().parent
SECONDS = {"packs": 6, "names": 4, "meshes": 4, "pictures": 4, "locks": 5, "http_requests": 4}
"""The targets, and the seconds of CPU that each has in the tests: together less than half a minute. A busy machine runs
as many cases."""
_SLOWEST, _START_SECONDS = 10, 180.0
"""How many times slower than the CPU the clock may be, and the time to import, shrink and end."""


def main() -> int:
    """Returns 1 where a target has defects."""
    parser = argparse.ArgumentParser(
        "python tests/fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(SECONDS))
    parser.add_argument("--minutes", type=float, help="of CPU, for each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=Path, metavar="FILE")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--skipped", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        _again(given.case)
    if given.work:
        _work(given.targets[0], given.work, given.seed, given.skipped, 60 * given.minutes)
    if unknown := set(given.targets) - set(SECONDS):
        parser.error(f"unknown target {sorted(unknown)[0]}")
    times = {target: 60 * given.minutes if given.minutes else SECONDS[target] for target in given.targets or SECONDS}
    return max([_fuzz(target, given.seed, seconds) for target, seconds in times.items()])


def _work(target: str, folder: Path, seed: int, skipped: int, seconds: float) -> NoReturn:
    """Run the cases of a target in this process. It ends at once: a server may be running."""
    try:
        code = worker.work(target, folder, seed, skipped, seconds)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        code = 2
    os._exit(code)


def _again(case: Path) -> NoReturn:
    target, files = load_case(case)
    folder = Path(tempfile.mkdtemp(prefix="assetgen-fuzz-")).resolve()
    tempfile.tempdir = str(folder)
    module = importlib.import_module(target)
    module.known()
    terminal = os.fdopen(os.dup(2), "w")
    with watching(folder) as watch:
        try:
            run_case(module.check, files, watch)
        except Exception:
            traceback.print_exc(file=terminal)
            terminal.flush()
            os._exit(1)
    print("no defect", file=terminal, flush=True)
    os._exit(0)


def _fuzz(target: str, seed: int, seconds: float) -> int:
    """Run a target in its own process; start it again after a case that ended it, as long as there is time."""
    folder = Path(tempfile.mkdtemp(prefix=f"assetgen-fuzz-{target}-")).resolve()
    until, cases, defects = time.monotonic() + _SLOWEST * seconds, 0, []
    for work in (folder / str(number) for number in itertools.count()):
        work.mkdir()
        ended, log = _run(target, work, seed, cases, seconds)
        result = json.loads((work / "result.json").read_text()) if (work / "result.json").exists() else {}
        cases = result.get("cases", cases)
        defects += result.get("defects", [])
        if ended in (0, 1):
            break
        case = work / "case.json"
        defects.append({"defect": f"the process ended: {ended}", "text": log[-4000:], "case": str(case)})
        if not case.exists() or time.monotonic() > until:
            break
        cases = json.loads(case.read_text())["number"]
        seed += 1000
    print(f"{target}: {cases} cases, {len(defects)} defects", flush=True)
    for each in defects:
        print(f"\n{each['defect']}\n{each['text']}\n  again: python tests/fuzz --case {each['case']}")
        print(f"  case: {Path(each['case']).read_text()[:600] if Path(each['case']).exists() else 'none'}")
    if not defects:
        shutil.rmtree(folder)
    return bool(defects)


def _run(target: str, work: Path, seed: int, skipped: int, seconds: float) -> tuple[int | str, str]:
    command = [sys.executable, str(HERE), target, "--work", str(work), "--seed", str(seed), "--skipped", str(skipped)]
    command += ["--minutes", str(seconds / 60)]
    folders = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "TMPDIR")
    own = {"CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    environment = {**os.environ, **own, **dict.fromkeys(folders, str(work))}
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SLOWEST * seconds + _START_SECONDS,
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        return "timeout", str(error.stderr)
    return done.returncode, done.stderr


if __name__ == "__main__":
    sys.exit(main())
