"""Background work during sampling."""

import threading
from collections.abc import Iterator

import pytest

from assetgen.build.background import UNSAVED_LIMIT, BackgroundWork
from assetgen.errors import BuildError, Cancelled, check_cancelled
from assetgen.machine import no_pause

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


def test_a_save_above_the_limit_waits_for_an_earlier_one(beside: BackgroundWork) -> None:
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


def test_a_failed_save_raises_in_the_waiting_thread_and_frees_its_slot(beside: BackgroundWork) -> None:
    saves = [beside.save(broken) for _ in range(2 * UNSAVED_LIMIT)]
    for saved in saves:
        with pytest.raises(BuildError, match="it broke"):
            saved.result(SOON)


def test_work_started_ahead_returns_its_result_or_raises_its_error(beside: BackgroundWork) -> None:
    assert beside.ahead(lambda: 7, no_pause)() == 7
    with pytest.raises(BuildError, match="it broke"):
        beside.ahead(broken, no_pause)()


def test_closing_waits_for_running_saves() -> None:
    beside, gate = BackgroundWork(), threading.Event()
    saved = beside.save(lambda: wait_for(gate))
    threading.Timer(0.05, gate.set).start()
    beside.close()
    assert saved.done()


def test_a_pause_that_cancels_ends_the_wait_and_closing_ends_the_work() -> None:
    beside, begun, ended = BackgroundWork(), threading.Event(), threading.Event()

    def endless() -> None:
        begun.set()
        try:
            while True:
                check_cancelled()
        except Cancelled:
            ended.set()

    def cancel() -> None:
        raise Cancelled

    result = beside.ahead(endless, cancel)
    assert begun.wait(SOON)
    with pytest.raises(Cancelled):
        result()
    beside.close()
    assert ended.is_set()
