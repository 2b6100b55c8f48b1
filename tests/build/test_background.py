"""What goes on beside sampling."""

import threading
from collections.abc import Iterator

import pytest

from assetgen.build.background import UNSAVED_LIMIT, BackgroundWork
from assetgen.errors import BuildError

SOON = 60.0


@pytest.fixture
def beside() -> Iterator[BackgroundWork]:
    beside = BackgroundWork()
    yield beside
    beside.close()


def broken() -> None:
    raise BuildError("it broke")


def wait_for(gate: threading.Event) -> None:
    gate.wait()


def test_whoever_would_have_too_much_unsaved_waits_for_room(beside: BackgroundWork) -> None:
    gate, begun = threading.Event(), threading.Semaphore(0)

    def save_many() -> None:
        for _ in range(UNSAVED_LIMIT + 8):
            beside.save(lambda: wait_for(gate))
            begun.release()

    sampling = threading.Thread(target=save_many)
    sampling.start()
    got = [begun.acquire(timeout=SOON) for _ in range(UNSAVED_LIMIT)]
    more = begun.acquire(timeout=0.1)
    gate.set()
    sampling.join(SOON)
    assert (all(got), more, sampling.is_alive()) == (True, False, False)


def test_what_could_not_be_saved_is_told_to_who_waits_for_it_and_takes_no_room(beside: BackgroundWork) -> None:
    saves = [beside.save(broken) for _ in range(2 * UNSAVED_LIMIT)]
    for saved in saves:
        with pytest.raises(BuildError, match="it broke"):
            saved.result(SOON)


def test_what_was_begun_ahead_gives_or_raises_what_came_of_it(beside: BackgroundWork) -> None:
    assert beside.ahead(lambda: 7)() == 7
    with pytest.raises(BuildError, match="it broke"):
        beside.ahead(broken)()


def test_closing_waits_for_what_is_being_saved() -> None:
    beside, gate = BackgroundWork(), threading.Event()
    saved = beside.save(lambda: wait_for(gate))
    threading.Timer(0.05, gate.set).start()
    beside.close()
    assert saved.done()
