"""Memory of a process that runs for days.

glibc gives threads heaps of their own, up to eight for each core; builds come with new threads, and what one left in
its heap none of the others takes: the process grows though nothing is kept.
"""

import ctypes
import sys

M_ARENA_MAX = -8  # malloc.h of glibc
MOST = 2


def share_heaps() -> None:
    """Let all threads that start from now on share two heaps, where the C library is glibc; others do well anyway."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(M_ARENA_MAX, MOST)
