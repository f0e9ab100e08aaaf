"""`Tty`: a live tree of stages while a build runs, and a list of what was done when it is over.

One thread draws, so that events cost their senders nothing. It and the library it draws with are loaded when the first
step has run for a moment: a build that finds everything needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, TextIO

from stagemill import events
from stagemill.cli.progress.board import TAIL, Board
from stagemill.cli.progress.colours import Palette
from stagemill.cli.progress.frame import ASCII, UNICODE, Line, as_text, live, summary
from stagemill.cli.progress.out import Out, is_unicode, size
from stagemill.cli.progress.text import harmless

if TYPE_CHECKING:
    from stagemill.cli.progress.screen import Screen

INTERVAL = 0.1
"""Seconds between two pictures."""


class Tty:
    """A listener for a terminal. After `close` the terminal is as it was, with the summary written to it."""

    def __init__(self, stream: TextIO, *, environ: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._stream = stream
        self._out = Out(stream)
        self._environ = environ
        self._clock = clock
        self._glyphs = UNICODE if is_unicode(stream) else ASCII
        self._lock = Lock()
        self._board = Board(lines=_lines(environ))
        self._palette = Palette.of(environ)
        self._notices: list[str] = list(self._palette.mistakes)
        self._closed = Event()
        self._drawing = Lock()
        self._paused = Event()
        self._painter: Thread | None = None

    def __call__(self, event: events.Event) -> None:
        with self._lock:
            self._board.take(event)
            if isinstance(event, events.Notice):
                self._notices.append("\n".join(map(harmless, event.text.split("\n"))))
                if self._painter is None:
                    self._out.write(self._palette.sgr(self._new_notices(), "warning"))
            elif isinstance(event, events.Started) and self._painter is None:
                self._painter = Thread(target=self._paint, name="progress", daemon=True)
                self._painter.start()

    def pause(self) -> None:
        """Nothing is drawn until `resume`, and what was drawn is gone."""
        self._paused.set()
        self._drawing.acquire()

    def resume(self) -> None:
        self._paused.clear()
        self._drawing.release()

    def close(self) -> None:
        """Stop drawing, then say what was done."""
        self._closed.set()
        if self._painter is not None:
            self._painter.join()
        with self._lock:
            lines = summary(self._board, now=self._clock(), width=self._size()[0], glyphs=self._glyphs)
            self._out.write(self._palette.sgr(self._new_notices(), "warning") + as_text(lines, self._palette))

    def _paint(self) -> None:
        if self._closed.wait(INTERVAL):
            return
        # Loading rich takes longer than many builds.
        from stagemill.cli.progress.screen import Screen

        interval = _interval(self._environ)
        try:
            while not self._closed.is_set():
                # Whoever pauses waits for this lock, and then this thread does.
                with self._drawing, Screen(self._stream, palette=self._palette, environ=self._environ) as screen:
                    self._draw(screen)
                    while not self._paused.is_set() and not self._closed.wait(interval):
                        self._draw(screen)
        except (OSError, ValueError):
            # The terminal is gone. Nobody is left to be told, and the build goes on.
            return

    def _draw(self, screen: Screen) -> None:
        columns, rows = self._size()
        with self._lock:
            notices = self._new_notices()
            lines = self._picture(columns, rows - 1)
        if notices:
            screen.say(notices.removesuffix("\n"))
        screen.show(lines, size=(columns, rows))

    def _picture(self, columns: int, rows: int) -> list[Line]:
        return live(self._board, now=self._clock(), size=(columns, rows), glyphs=self._glyphs)

    def _new_notices(self) -> str:
        text = "\n".join(self._notices)
        self._notices.clear()
        return text and text + "\n"

    def _size(self) -> tuple[int, int]:
        return size(self._stream, self._environ)


def _lines(environ: Mapping[str, str]) -> int:
    """`BUILDKIT_TTY_LOG_LINES`: lines of output below a running step; what is no number is none of ours."""
    text = environ.get("BUILDKIT_TTY_LOG_LINES", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else TAIL


def _interval(environ: Mapping[str, str]) -> float:
    """`TTY_DISPLAY_RATE`: milliseconds between two pictures, as BuildKit has it; seconds."""
    text = environ.get("TTY_DISPLAY_RATE", "")
    is_rate = text.isascii() and text.isdigit() and len(text) < 8 and text.strip("0")
    return int(text) / 1000 if is_rate else INTERVAL
