"""The models kept in memory between uses: a diffusion model, and the last few estimators of maps and detectors."""

import gc
import sys
import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from cachetools import LRUCache

_LIMITS = {"model": 1, "estimator": 3, "detector": 2, "onnx": 2}
"""How many of each kind are kept."""
T = TypeVar("T")


class WarmCache:
    """Loaded models by kind and key. `lock` is held while one is loaded, so that two never load at once."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._kept: dict[str, LRUCache[Hashable, Any]] = {kind: LRUCache(limit) for kind, limit in _LIMITS.items()}

    def get(self, kind: str, key: Hashable, load: Callable[[], T]) -> T:
        """The model of this key, or what `load` returns. The least recently used model of the kind is dropped before,
        so that its memory is free; nothing is kept if `load` raises."""
        kept = self._kept[kind]
        with self.lock:
            if key not in kept:
                while len(kept) >= kept.maxsize:
                    kept.popitem()
                    gc.collect()
                kept[key] = load()
            found: T = kept[key]
            return found

    def drop(self, kind: str, key: Hashable) -> None:
        """Forget one model; its memory is free once nothing else refers to it."""
        with self.lock:
            self._kept[kind].pop(key, None)
        gc.collect()

    def clear(self) -> None:
        """Forget all models."""
        with self.lock:
            for kept in self._kept.values():
                kept.clear()
        gc.collect()


WARM = WarmCache()
"""The cache of this process: the only global state of assetgen."""


def unload_models() -> None:
    """Unload all models: their memory is free as soon as no thread uses them."""
    WARM.clear()
    if device_memory := sys.modules.get("torch.cuda"):
        device_memory.empty_cache()  # does nothing if no device was ever used
