"""How long OpenMP's idle threads keep a core."""

import os
import subprocess
import sys

import pytest

SHOW = "import os, sys, assetgen.diffusion; print('torch' in sys.modules, *map(os.environ.get, sys.argv[1:]))"
NAMES = ("GOMP_SPINCOUNT", "KMP_BLOCKTIME")


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        ({}, "False 10000 1"),
        ({"GOMP_SPINCOUNT": "5"}, "False 5 None"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "False None None"),
    ],
    ids=["nothing set", "the user's count", "the user's policy"],
)
def test_idle_threads_sleep_unless_the_user_has_set_how_they_wait(own: dict[str, str], shown: str) -> None:
    others = {name: value for name, value in os.environ.items() if name not in (*NAMES, "OMP_WAIT_POLICY")}
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *NAMES], env=others | own, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == shown
