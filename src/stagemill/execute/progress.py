"""`Progress`: how far a part of a step is, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from stagemill import events
from stagemill.digest import Digest

_INTERVAL = 0.1  # seconds between two reports of the same part


class Progress(Protocol):
    def __call__(self, part: str, current: int, total: int | None, /, *, done: bool) -> None:
        """`current` of `total` (bytes or files; None where nobody knows) of a part are through."""
        ...


def quiet(_part: str, _current: int, _total: int | None, /, *, done: bool) -> None:
    """For those whom nobody watches."""
    del done


def reporter(step: Digest, listener: events.Listener, clock: Callable[[], float]) -> Progress:
    """Sends Transfer events of a step, not more than some ten a second for each part."""
    last: dict[str, float] = {}

    def report(part: str, current: int, total: int | None, /, *, done: bool) -> None:
        now = clock()
        if done or now - last.get(part, 0.0) >= _INTERVAL:
            last[part] = now
            listener(events.Transfer(step, part, current, total, clock(), done))

    return report
