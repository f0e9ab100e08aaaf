"""`timed`: a listener that keeps how long steps took; `Tally`, one that counts them."""

from __future__ import annotations

from stagemill import events
from stagemill.digest import Digest
from stagemill.store.durations import Durations


def timed(listener: events.Listener, durations: Durations) -> events.Listener:
    """Passes everything on; a step that has a name and is finished has its time in the store afterwards."""
    begun: dict[Digest, events.Started] = {}

    def tell(event: events.Event) -> None:
        if isinstance(event, events.Started) and event.name:
            begun[event.step] = event
        elif isinstance(event, events.Finished) and (start := begun.pop(event.step, None)):
            durations.put(event.step, start.name, event.at - start.at)
        listener(event)

    return tell


class Tally:
    """Passes everything on; `ran` are the steps of stages that were finished."""

    def __init__(self, listener: events.Listener) -> None:
        self._listener = listener
        self._finished: set[Digest] = set()
        self._begun: set[Digest] = set()

    @property
    def ran(self) -> frozenset[Digest]:
        return frozenset(self._finished)

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.Started) and event.stage:
            self._begun.add(event.step)
        elif isinstance(event, events.Finished) and event.step in self._begun:
            self._finished.add(event.step)
        self._listener(event)
