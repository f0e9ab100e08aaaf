"""What the linter finds in a file that is being built, as short warnings. A build from the cache does not ask it."""

from __future__ import annotations

from collections.abc import Mapping

from stagemill import events
from stagemill.cli.source import Inputs


class Watch:
    """A listener that passes everything on, and remembers whether any step really ran."""

    def __init__(self, listener: events.Listener) -> None:
        self._listener = listener
        self.worked = False

    def __call__(self, event: events.Event) -> None:
        self.worked = self.worked or isinstance(event, events.Output | events.Finished)
        self._listener(event)


def warn(inputs: Inputs, build_args: Mapping[str, str], *, listener: events.Listener, now: float) -> None:
    """Tells the listener what the linter finds, a line each."""
    from stagemill import lint

    view = inputs.context.view if inputs.context else None
    found = lint.check(lint.LintFile.of(inputs.dockerfile, build_args=build_args, context=view))
    if found:
        lines = [*lint.short(found), "stagemill lint explains, and mends what it can prove with --fix"]
        listener(events.Notice("\n".join(lines), now))
