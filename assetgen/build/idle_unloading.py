"""Warm models are let go when nobody has used them for a while: a daemon must not hold a GPU over night."""

import math
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

IDLE = 600.0
"""Seconds without use after which a daemon forgets its models."""


@dataclass
class IdleUnloader:
    """When models were used last; shared by all that use them in one process, from any thread."""

    seconds: float = IDLE
    _users: int = 0
    _used: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Models may be in use meanwhile."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._used = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds until models can be let go; infinite where there are none, or where they are in use."""
        if self._users or self._used is None:
            return math.inf
        return max(0.0, self._used + self.seconds - time.monotonic())

    def unload_models(self) -> None:
        """Forget warm models that nobody has used for long."""
        with self._lock:
            if self.left > 0:
                return
            self._used = None
            if "assetgen.diffusion.loading.models" in sys.modules:  # else none was ever loaded
                from assetgen.diffusion.loading.models import unload_models

                unload_models()
