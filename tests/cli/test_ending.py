"""The end of commands that run a server."""

import threading

from assetgen.cli.serve import ending


def test_threads_that_ran_before_a_server_do_not_end_the_process() -> None:
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()
    before = set(threading.enumerate())
    with ending():
        pass
    assert set(threading.enumerate()) == before
    gate.set()
    thread.join()
