"""`timed`: a listener that keeps how long steps took."""

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
