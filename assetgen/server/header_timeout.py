"""Connections that dawdle are closed: the head of a request must come within seconds, not a letter a minute.

So are those that are far too many: whoever connects without a word could take all files that the system lets us open.
"""

import asyncio
import math
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""From the first moment of a connection, or the first byte of its next request, to the end of the request's head."""

TURNED_AWAY = 16
"""Connections beyond the limit that are told so; others are closed unheard, as jobs need open files, too."""


class Patient(H11Protocol):
    """uvicorn's own protocol, which waits for heads for ever, with a clock."""

    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        super().connection_made(transport)
        if len(self.connections) > (self.limit_concurrency or math.inf) + TURNED_AWAY:
            transport.abort()
        self._look_at_clock()

    def data_received(self, data: bytes) -> None:
        """A client says something."""
        super().data_received(data)
        self._look_at_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has gone."""
        self._stop_clock()
        super().connection_lost(exc)

    def _look_at_clock(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_clock()
        elif self._clock is None and not self.transport.is_closing():
            self._clock = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_clock(self) -> None:
        if self._clock:
            self._clock.cancel()
            self._clock = None
