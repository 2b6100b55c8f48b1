"""When Python's garbage collector visits all objects: it stops every thread of the server for as long."""

import gc

_NEVER = 1_000_000
"""Collections of the younger objects between two full ones."""


def collect_when_idle() -> None:
    """Leave full collections to the idle worker, which calls `gc.collect`.

    With the millions of objects of a large pack one takes seconds, in which no request is answered.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
