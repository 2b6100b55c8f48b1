"""Long-running processes use few malloc arenas."""

import ctypes
import subprocess
import sys

import pytest

THREADS = """
import threading
from assetgen.server.malloc import limit_malloc_arenas
limit_malloc_arenas()
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
hold = threading.Barrier(17)
def work():
    libc.malloc(1000)
    hold.wait()
for _ in range(16):
    threading.Thread(target=work, daemon=True).start()
hold.wait()
libc.malloc_stats()
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="only glibc has arenas"
)
def test_sixteen_threads_share_two_malloc_arenas() -> None:
    report = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True).stderr
    assert report.count("Arena ") == 2, report
