"""`Sender`: sends a request until there is an answer worth having, with pauses that double."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from stagemill.errors import CancelledError
from stagemill.registry.exchange import Request, Response, Send, TransportError
from stagemill.values import dataclass

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may pass."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often something is tried, and how long is waited in between; times are in seconds.

    A server that asks (Retry-After) for more patience than `patience` gets no second request.
    """

    attempts: int = 4
    first: float = 1.0
    longest: float = 8.0
    patience: float = 60.0

    def delays(self) -> Iterator[float]:
        """The pauses between the attempts."""
        for attempt in range(self.attempts - 1):
            yield min(self.first * 2**attempt, self.longest)


@dataclass(frozen=True, slots=True)
class Sender:
    """Requests that survive a short disturbance. `pause` sleeps, `cancelled` is asked before every request; `clock` is in
    seconds, from whenever.
    """

    transport: Send
    retries: Retries
    pause: Callable[[float], None]
    cancelled: Callable[[], bool]
    clock: Callable[[], float] = time.monotonic

    def send(self, request: Request) -> Response:
        """The answer, the last one where all were bad. Raises TransportError where there was none, CancelledError."""
        for delay in self.retries.delays():
            self.check()
            try:
                response = self.transport(request)
            except TransportError as error:
                self.check()
                if not error.again:
                    raise
                self.pause(delay)
                continue
            asked = retry_after(response)
            if response.status not in AGAIN or asked > self.retries.patience:
                return response
            response.close()
            self.pause(asked or delay)
        return self.once(request)

    def once(self, request: Request) -> Response:
        """The answer to a request that must not be repeated blindly. Raises TransportError, CancelledError."""
        self.check()
        try:
            return self.transport(request)
        except TransportError:
            self.check()
            raise

    def check(self) -> None:
        """Raises CancelledError where nobody wants the answer any more."""
        if self.cancelled():
            raise CancelledError("the transfer was stopped")


def retry_after(response: Response) -> float:
    """Seconds; 0 where nothing is asked. A date is compared with the answer's own, whose clock need not be right."""
    text = response.header("Retry-After").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    if not text:
        return 0.0
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  hardly any server does that

    try:
        now = parsedate_to_datetime(response.header("Date"))
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):  # no date, or only one of them has a time zone
        return 0.0


def far_enough(before: int, now: int, size: int) -> bool:
    """Whether a transfer has come so far since its last trouble, a hundredth of it, that it deserves new patience.

    A server that gives or takes a byte at a time is not borne with for ever.
    """
    return now > before and (now - before) * 100 >= size
