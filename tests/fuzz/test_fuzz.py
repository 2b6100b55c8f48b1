"""Nearly valid files and requests: only errors of assetgen come out, in time, within memory and inside the target."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TARGETS = ("packs", "names", "meshes", "pictures", "locks", "http_requests")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the limits of a case need Linux"),
]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(HERE), *words], capture_output=True, text=True)


@pytest.mark.parametrize("target", TARGETS)
def test_input_of_strangers_causes_no_defect(target: str) -> None:
    done = run(target)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split(" cases")[0].split()[-1]) > 0


DEFECTS = {
    "raises": ("raise KeyError('x')", "KeyError"),
    "prints": ("import sys; print('x', file=sys.stderr)", "it printed to stderr"),
    "warns": ("import warnings; warnings.warn('x')", "it printed to stderr"),
    "writes": ("(root / 'x').write_text('')", "it wrote outside of its folders"),
    "takes memory": ("bytearray(1_100_000_000)", "MB of memory"),
    "asks for memory": (
        "from assetgen.errors import InputError\n    try: bytes(10**11)\n"
        "    except MemoryError as error: raise InputError('x') from error",
        "more memory than allowed",
    ),
    "control characters": (
        "from assetgen.errors import InputError\n"
        "    class Raw(InputError): __str__ = lambda self: '\\x1b'\n    raise Raw('')",
        "its message contains",
    ),
    "never ends": ("while True: pass", "the process ended: -"),
}


@pytest.mark.parametrize(("code", "defect"), DEFECTS.values(), ids=list(DEFECTS))
def test_a_defect_is_reported(tmp_path: Path, code: str, defect: str) -> None:
    """The job runs on a copy of itself with a target that has the defect."""
    for file in HERE.glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    strategy = "from hypothesis import strategies as st\ncases = lambda: st.just({})\nknown = lambda: [{}]\n"
    (tmp_path / "names.py").write_text(f"{strategy}def check(root):\n    {code}\n")
    words = [sys.executable, str(tmp_path), "names", "--minutes", "0.001"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, defect in done.stdout) == (1, True), done.stdout + done.stderr


def test_every_target_is_tested_for_half_a_minute_at_most() -> None:
    sys.path.insert(0, str(HERE))
    try:
        seconds = runpy.run_path(str(HERE / "__main__.py"), run_name="fuzz")["SECONDS"]
    finally:
        sys.path.remove(str(HERE))
    assert tuple(seconds) == TARGETS
    assert sum(seconds.values()) < 30
