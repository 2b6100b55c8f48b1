"""What is kept of what was made."""

import pytest

from assetgen.diffusion.speed.recent import Recent


def test_what_was_not_asked_for_longest_goes() -> None:
    made: list[str] = []
    recent: Recent[str, str] = Recent(2)
    for key in "abacab":
        recent.get(key, lambda key=key: made.append(key) or key)
    assert made == ["a", "b", "c", "b"]
    assert (len(recent), "a" in recent, "c" in recent) == (2, True, False)


def test_what_could_not_be_made_is_asked_for_again() -> None:
    recent: Recent[str, int] = Recent(2)
    with pytest.raises(ZeroDivisionError):
        recent.get("a", lambda: 1 // 0)
    assert recent.get("a", lambda: 7) == 7
