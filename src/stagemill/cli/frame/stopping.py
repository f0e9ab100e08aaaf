"""`Stop`, which Ctrl-C and SIGTERM raise in the main thread, wherever that is, and which is never lost.

An exception may come where Python drops it (in a destructor, in a weak reference's callback), and where it does harm: a
lock of the import system or of `threading` would be held for ever, and the threads of a build wait for it. There, an
alarm brings the signal again a moment later.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

    Handler: TypeAlias = Callable[[int, FrameType | None], None]

STOPPED = 130
AGAIN = 0.01
"""Seconds."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
_IMPORTS = "<frozen importlib."
_WAITS = ("wait", "join", "_wait_for_tstate_lock")


class Stop(KeyboardInterrupt):
    """Ctrl-C or SIGTERM. Where a plain KeyboardInterrupt leaves an `exec`, as in dataclasses, Python ends by that signal."""


def listen() -> None:
    """From now on the signals raise Stop. Only for the main thread, as all of this module."""
    sys.unraisablehook = _unraisable
    for number in _SIGNALS:
        signal.signal(number, stopping())


def leave() -> None:
    """The signals are the system's again: nothing is left to be tidied up."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def interruptible(hang_up: Callable[[], None]) -> Iterator[None]:
    """Within the block the signals call a function as well, in a thread of its own, before they raise Stop."""
    before = {number: signal.signal(number, stopping(hang_up)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stopping(hang_up: Callable[[], None] | None = None) -> Handler:
    """What a signal does."""

    def stop(_signal: int, frame: FrameType | None) -> None:
        if _is_delicate(frame):
            _come_again()
            return
        if hang_up:
            # A thread of its own: the main thread may be holding the very lock that this needs.
            threading.Thread(target=hang_up, daemon=True).start()
        raise Stop

    return stop


def _is_delicate(frame: FrameType | None) -> bool:
    """Whether the import system is at work, `threading` (other than waiting), or this module, whose hook loses exceptions.

    Modules may be left half loaded.
    """
    if frame is None:
        return False
    code = frame.f_code
    if code.co_filename == threading.__file__:
        return code.co_name not in _WAITS
    return code.co_filename == __file__ or code.co_filename.startswith(_IMPORTS)


def _come_again() -> None:
    signal.setitimer(signal.ITIMER_REAL, AGAIN)


def _unraisable(raised: UnraisableHookArgs) -> None:
    """Not raised from here, since a hook's exception is lost as well."""
    if issubclass(raised.exc_type, KeyboardInterrupt):
        _come_again()
    else:
        sys.__unraisablehook__(raised)
