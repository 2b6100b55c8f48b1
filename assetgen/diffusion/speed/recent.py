"""The last few things of a kind that were made."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps `limit` things by their keys; the one that was not asked for longest goes before another is made.

    Threads may share it: one of them makes a thing.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.RLock()

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The thing of a key, made where it is not kept. Nothing is kept where making it fails."""
        with self._lock:
            if key not in self._kept:
                while len(self._kept) >= self.limit:
                    self._kept.popitem(last=False)
                self._kept[key] = make()
            self._kept.move_to_end(key)
            return self._kept[key]

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
