"""`apart`: a build in a process of its own, since it may make that another user's, and must be its only thread when it does."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from stagemill.cli.frame.failure import report

if TYPE_CHECKING:
    from types import FrameType

    Handler: TypeAlias = "Callable[[int, FrameType | None], object] | int | None"

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def apart(work: Callable[[], object]) -> int:
    """The status of the work, which it may return: what goes wrong is shown, 130 where it was stopped. A signal to us stops it, and
    not us.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child, early = 0, list[int]()

    def forward(number: int, _frame: object) -> None:
        if not child:
            early.append(number)
        elif number != signal.SIGINT or not _at_terminal():  # there Ctrl-C has reached it, too
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)

    # A mask is for one thread, and any thread may take a signal: before there is a child somebody must be there for it.
    handlers = {number: signal.signal(number, forward) for number in _SIGNALS}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    child = os.fork()
    if not child:
        _handle(handlers)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _do(work)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    for number in early:
        forward(number, None)
    try:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        _handle(handlers)
    return status if status >= 0 else 128 - status


def _handle(handlers: Mapping[signal.Signals, Handler]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _do(work: Callable[[], object]) -> NoReturn:
    status = 1
    try:
        found = work()
        status = found if isinstance(found, int) else 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - as in `main`, where this process began
        status = report(error)
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _at_terminal() -> bool:
    """Whether a terminal sends its Ctrl-C to us."""
    for descriptor in (0, 1, 2):
        with suppress(OSError):
            return os.tcgetpgrp(descriptor) == os.getpgrp()
    return False
