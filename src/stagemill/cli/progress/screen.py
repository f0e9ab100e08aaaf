"""`Screen`: the part of a terminal that is drawn anew again and again, below what scrolls; by rich, which is loaded here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from stagemill.cli.progress.colours import Palette
from stagemill.cli.progress.frame import Line
from stagemill.cli.progress.out import writable


class Screen:
    """Between enter and exit the cursor is hidden; afterwards nothing of what was shown is left."""

    def __init__(self, stream: TextIO, *, palette: Palette, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self._palette = palette
        self._console = Console(
            file=stream,
            force_terminal=True,
            no_color=not palette.coloured,
            highlight=False,
            markup=False,
            emoji=False,
            _environ=environ,
        )
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, lines: Iterable[Line], *, size: tuple[int, int]) -> None:
        """Replace what is shown, on a terminal of so many columns and rows."""
        self._console.size = size
        self._live.update(Text("\n", end="").join(map(self._text, lines)), refresh=True)

    def say(self, text: str) -> None:
        """Lines that scroll away above what is shown."""
        self._console.print(Text(writable(text, self._stream), style=self._palette.rich("warning")), soft_wrap=True)

    def _text(self, line: Line) -> Text:
        spans = [(writable(text, self._stream), self._palette.rich(style)) for text, style in line]
        return Text.assemble(*spans, no_wrap=True, overflow="crop", end="")
