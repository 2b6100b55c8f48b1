"""The cache of loaded models."""

import weakref

import pytest

from assetgen.diffusion.loading.warm_cache import WarmCache


class Network:
    """Stands for a loaded model."""


def test_the_previous_model_is_dropped_before_the_next_is_loaded() -> None:
    cache = WarmCache()
    first = weakref.ref(cache.get("model", "a", Network))

    def load() -> Network:
        assert first() is None
        return Network()

    assert cache.get("model", "b", load) is cache.get("model", "b", Network)


def test_the_least_recently_used_detector_is_dropped() -> None:
    cache, loaded = WarmCache(), list[str]()
    for key in "abacab":
        cache.get("detector", key, lambda key=key: loaded.append(key) or key)
    assert loaded == ["a", "b", "c", "b"]


def test_a_model_that_failed_to_load_is_loaded_again() -> None:
    cache = WarmCache()
    with pytest.raises(ZeroDivisionError):
        cache.get("model", "a", lambda: 1 // 0)
    assert cache.get("model", "a", lambda: 7) == 7
