"""Daemons stay as large as they are."""

import ctypes
import subprocess
import sys

import pytest

THREADS = """
import threading
from assetgen.server.malloc import share_heaps
share_heaps()
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
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="heaps for threads are glibc's"
)
def test_sixteen_threads_share_two_heaps() -> None:
    said = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True).stderr
    assert said.count("Arena ") == 2, said
