"""Progress: what a build reports, shown to people or told to programs. The only place that reads events.

auto      tty where the stream is a terminal, else plain
tty       a live tree of stages, and at the end the list of what was done
plain     BuildKit's plain form: a line of output per line, in blocks of one step
rawjson   BuildKit's status as one JSON object per line
quiet     nothing
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO, runtime_checkable

from stagemill import events
from stagemill.errors import UsageError


@runtime_checkable
class Pausable(Protocol):
    """A listener that writes by itself, too: not between `pause` and `resume`, when nothing may be reported to it."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


_CUT = 72  # as BuildKit, where PROGRESS_NO_TRUNC=0
MODES = ("auto", "plain", "tty", "rawjson", "quiet")


def open_progress(
    mode: str,
    stream: TextIO,
    *,
    environ: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.time,
) -> AbstractContextManager[events.Listener]:
    """A listener, for as long as the context is open; on leaving it, all that was reported has been written.

    The listener may be called from any thread and never raises: where nobody reads the stream any more, it is silent.
    `environ` (ours where it is None) says `TERM`, `NO_COLOR`, `COLUMNS`, `LINES`, and BuildKit's `BUILDKIT_COLORS`,
    `BUILDKIT_TTY_LOG_LINES`, `TTY_DISPLAY_RATE` and `PROGRESS_NO_TRUNC`. Raises UsageError for an unknown
    mode, and for `tty` where the stream is no terminal.
    """
    environ = os.environ if environ is None else environ
    terminal = _is_terminal(stream, environ)
    match mode_of(mode, stream, environ):
        case "quiet":
            return _quiet()
        case "plain":
            return _plain(stream, environ, clock=clock)
        case "rawjson":
            return _rawjson(stream)
        case "tty" if terminal:
            return _tty(stream, environ, clock=clock)
        case "tty":
            raise UsageError(
                "progress mode tty needs a terminal, and the output goes elsewhere",
                hint="use --progress plain, or auto, which chooses by itself",
            )
        case _:
            raise UsageError(f"unknown progress mode {mode!r}", hint=f"choose one of {', '.join(MODES)}")


def mode_of(mode: str, stream: TextIO, environ: Mapping[str, str]) -> str:
    """What `auto` means for a stream; other modes are what they are."""
    if mode != "auto":
        return mode
    return "tty" if _is_terminal(stream, environ) else "plain"


def _is_terminal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    return stream.isatty() and environ.get("TERM") != "dumb"


@contextmanager
def _quiet() -> Iterator[events.Listener]:
    yield events.ignore


@contextmanager
def _rawjson(stream: TextIO) -> Iterator[events.Listener]:
    from stagemill.cli.progress.out import Out
    from stagemill.cli.progress.rawjson import RawJson

    yield RawJson(Out(stream))


@contextmanager
def _plain(stream: TextIO, environ: Mapping[str, str], *, clock: Callable[[], float]) -> Iterator[events.Listener]:
    from stagemill.cli.progress.out import Out
    from stagemill.cli.progress.plain import Plain
    from stagemill.cli.progress.ticker import Ticker

    with Ticker() as ticker:
        width = _CUT if environ.get("PROGRESS_NO_TRUNC") == "0" else None
        plain = Plain(Out(stream), clock=clock, ticks=ticker.call, safe=stream.isatty(), width=width)
        try:
            yield plain
        finally:
            ticker.stop()
            plain.close()


@contextmanager
def _tty(stream: TextIO, environ: Mapping[str, str], *, clock: Callable[[], float]) -> Iterator[events.Listener]:
    from stagemill.cli.progress.tty import Tty

    tty = Tty(stream, environ=environ, clock=clock)
    try:
        yield tty
    finally:
        tty.close()
