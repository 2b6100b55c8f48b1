"""Unload warm models after a time without use, so that a server does not hold a GPU overnight."""

import math
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_IDLE_SECONDS = 600.0


@dataclass
class IdleUnloader:
    """Tracks when models were last used; shared by all threads of a process that use them.

    Models are unloaded after `seconds` without use.
    """

    seconds: float = _IDLE_SECONDS
    _users: int = 0
    _last_use: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Context in which models may be in use."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._last_use = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds until models may be unloaded; infinite where none is loaded or some are in use."""
        if self._users or self._last_use is None:
            return math.inf
        return max(0.0, self._last_use + self.seconds - time.monotonic())

    def unload_models(self) -> None:
        """Unload the warm models, if they have been idle long enough."""
        with self._lock:
            if self.left > 0:
                return
            self._last_use = None
            if "assetgen.diffusion.loading.warm_cache" in sys.modules:  # otherwise none was ever loaded
                from assetgen.diffusion.loading.warm_cache import unload_models

                unload_models()
