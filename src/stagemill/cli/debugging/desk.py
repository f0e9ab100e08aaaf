"""A build that somebody looks into: whether they can be asked, who asks them, and builds anew as often as they want.

Each of those is of the Dockerfile and the files as they are then, in a process of its own, as builds that are watched are.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stagemill.cli.debugging.debugger import Debugger
from stagemill.cli.debugging.hold import Hold
from stagemill.cli.frame.apart import apart
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.frame.values import Values
from stagemill.errors import CancelledError, StagemillError, UsageError
from stagemill.events import Listener

_ANEW = 75
"""The status of a process whose build is to begin anew: no error has it."""


class AnewError(CancelledError):
    """Somebody wants the build to begin anew."""


def building(values: Values, once: Callable[[], object]) -> int:
    """Calls `once`, anew as often as it raises AnewError. Returns the status of the last one; raises what `once` does where nobody
    is asked, and UsageError where somebody cannot be.
    """
    if _command(values) is None:
        once()
        return 0
    while (status := apart(lambda: _status(once))) == _ANEW:
        sys.stderr.write("debug: the build begins anew; what has not changed comes from the cache\n")
        sys.stderr.flush()
    return status


def _status(once: Callable[[], object]) -> int:
    try:
        once()
    except AnewError:
        return _ANEW
    return 0


@contextmanager
def asking(values: Values, place: Workplace, shown: Listener) -> Iterator[Listener]:
    """Within the block steps stand still where they are to. Raises AnewError at its end where somebody wants that."""
    command = _command(values)
    if command is None:
        yield shown
        return
    hold = Hold(shown)
    place.pauser = debugger = Debugger(command, hold.held, breaks=values.texts("break"))
    try:
        yield hold
    except StagemillError as error:
        if debugger.anew:
            raise AnewError("the build was given up for another one") from error
        raise


def _command(values: Values) -> str | None:
    """What the shell is to run, empty where the person types; None where nobody is to be asked.

    `--debug` is also for those who only want to read more: it asks nobody where nobody could answer. Raises UsageError where
    --invoke or --break would have to.
    """
    command, breaks = values.text("invoke"), values.texts("break")
    lacking = _lacking()
    if command is None and not breaks:
        return "" if values.flag("debug") and not lacking else None
    if lacking:
        flag = "--break" if command is None else "--invoke"
        hint = "leave it out; stagemill log prints all that a step wrote"
        raise UsageError(f"{flag} needs a terminal, and {lacking} is none", hint=hint)
    return command or ""


def _lacking() -> str:
    """The first stream that is no terminal."""
    streams = ((sys.stdin, "standard input"), (sys.stdout, "standard output"), (sys.stderr, "standard error"))
    return next((name for stream, name in streams if not stream.isatty()), "")
