"""A dozen suggestions of the embedded model, streaming in."""

import time
from typing import Any

import pytest


@pytest.mark.model
def test_a_dozen_suggestions_stream_in(daemon: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _, client = daemon()
    started, came = time.monotonic(), []

    def look(state: Any) -> Any:
        came.extend([time.monotonic() - started] * (len(state["files"]) - len(came)))
        return state["ended"]

    client.wait(client.job(kind="make", preset="pixel_sprite", prompt="a red dragon", count=12), look, 280)
    with capsys.disabled():
        print(f"\n12 suggestions: the first after {came[0]:.1f} s, the last after {came[-1]:.1f} s")
    assert len(came) >= 10
    assert came[0] < came[-1]
