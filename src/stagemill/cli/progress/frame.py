"""The tree of stages as lines of styled text that fit a terminal of some width and height; pure drawing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, TypeAlias

from stagemill.cli.progress.board import Board, Part, State, Step
from stagemill.cli.progress.colours import Palette
from stagemill.cli.progress.text import cells, clip, progress
from stagemill.values import dataclass

Style: TypeAlias = Literal["", "bold", "dim", "red", "green", "yellow", "cyan"]
Span: TypeAlias = tuple[str, Style]
Line: TypeAlias = tuple[Span, ...]

_STYLES: dict[State, Style] = {
    "running": "cyan",
    "done": "green",
    "cached": "cyan",
    "failed": "red",
    "cancelled": "yellow",
}
_DETAIL = ((0, 1), (1, 1), (2, 1), (2, 2), (2, 6), (2, 0))
"""From much to little: what is folded into one line (2: steps that are done, 1: those of finished stages), and which part
of the lines of output is left, 0 for none.
"""
_SMALLEST_BAR, _LARGEST_BAR = 6, 24
_BAR_FROM = 50
"""Columns below which bytes are shown without a bar."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters to draw with. A spinner has one picture per tenth of a second."""

    marks: dict[State, str]
    spinner: str
    full: str
    empty: str
    rule: str
    ellipsis: str


UNICODE = Glyphs(
    marks={"running": " ", "done": "✓", "cached": "✓", "failed": "✗", "cancelled": "–"},
    spinner="⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏",
    full="█",
    empty="░",
    rule="│",
    ellipsis="…",
)
ASCII = Glyphs(
    marks={"running": " ", "done": "+", "cached": "+", "failed": "x", "cancelled": "-"},
    spinner="-\\|/",
    full="#",
    empty=".",
    rule="|",
    ellipsis="~",
)


def live(board: Board, *, now: float, size: tuple[int, int], glyphs: Glyphs = UNICODE) -> list[Line]:
    """What is going on, in at most `size` columns and rows: the smaller the terminal, the less is said of each step.

    What runs is left out last.
    """
    width, height = size
    lines: list[Line] = []
    for fold, part in _DETAIL:
        tail = -(-board.lines // part) if part else 0
        pen = _Pen(now=now, width=width, glyphs=glyphs, fold=fold, tail=tail)
        # Of a thousand stages no more are drawn than show that they are too many.
        tree = islice(pen.tree(board), max(height, 0))
        lines = [pen.line("[+] ", _going_on(board, now), style="bold"), *tree]
        if len(lines) <= height:
            return lines
    pen = _Pen(now=now, width=width, glyphs=glyphs, fold=2, tail=0)
    running = [pen.step(step) for step in board.steps if step.state == "running"]
    lines = [lines[0], *running]
    if len(lines) > height > 1:
        more = len(lines) - height + 1
        lines = [*lines[: height - 1], pen.line("  ", f"{glyphs.ellipsis} {more} more", style="dim")]
    return lines[: max(height, 0)]


def summary(board: Board, *, now: float, width: int, glyphs: Glyphs = UNICODE) -> list[Line]:
    """What was done, in full; nothing where nothing was reported."""
    if board.started is None:
        return []
    pen = _Pen(now=now, width=width, glyphs=glyphs, fold=0, tail=0)
    return [pen.line("[+] ", _done(board, now), style="bold"), *pen.tree(board)]


def _going_on(board: Board, now: float) -> str:
    cached = board.count("cached")
    counts = [
        f"{board.count('done') + cached} done" + (f" ({cached} cached)" if cached else ""),
        f"{board.count('running')} running",
    ]
    return f"building {_seconds(_since(board, now))}, {', '.join(counts)}"


def _done(board: Board, now: float) -> str:
    verb = "failed after" if board.count("failed") else "stopped after" if _stopped(board) else "built in"
    total, cached = len(board.steps), board.count("cached")
    steps = f"{total} step{'' if total == 1 else 's'}"
    return f"{verb} {_seconds(_since(board, now))}, {steps}" + (f", {cached} cached" if cached else "")


def _stopped(board: Board) -> bool:
    return bool(board.count("cancelled") or board.count("running"))


def _since(board: Board, now: float) -> float:
    return max(now - board.started, 0.0) if board.started is not None else 0.0


def _seconds(seconds: float) -> str:
    """`0.3s`, `12.4s`, `2m05s`."""
    if seconds < 99.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02}s"


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws with one set of glyphs, at one width, in one degree of detail."""

    now: float
    width: int
    glyphs: Glyphs
    fold: int
    tail: int

    def line(self, indent: str, text: str, *, right: str = "", style: Style = "") -> Line:
        """One line: what is too long on the left is cut; the right is left out where it would take over the line."""
        room = self.width - cells(indent)
        if right and room - cells(right) - 1 >= max(8, cells(right)):
            text = clip(text, room - cells(right) - 1, mark=self.glyphs.ellipsis)
            gap = " " * (room - cells(text) - cells(right))
            return ((indent, ""), (text, style), (gap + right, "dim"))
        return ((clip(indent, self.width, mark=""), ""), (clip(text, room, mark=self.glyphs.ellipsis), style))

    def tree(self, board: Board) -> Iterator[Line]:
        for stage, steps in board.stages.items():
            if stage:
                yield self.line(" ", stage, style="bold")
            yield from self._steps(steps)

    def _steps(self, steps: Sequence[Step]) -> Iterator[Line]:
        over = [step for step in steps if step.state in ("done", "cached")]
        folded = len(over) > 1 and (self.fold == 2 or (self.fold == 1 and len(over) == len(steps)))
        if folded:
            yield self._folded(over)
        for step in steps:
            if not (folded and step.state in ("done", "cached")):
                yield self.step(step)
                yield from self._inside(step)

    def step(self, step: Step) -> Line:
        """The line of a step: a mark, its title, and how long it took or takes."""
        mark, style = self.glyphs.marks[step.state], _STYLES[step.state]
        if step.state == "running":
            mark = self.glyphs.spinner[int(self.now * 10) % len(self.glyphs.spinner)]
        words: dict[State, str] = {"cached": "cached", "failed": "failed ", "cancelled": "canceled "}
        right = words.get(step.state, "")
        if step.state != "cached":
            right += _seconds(step.seconds(self.now))
        indent, *rest = self.line(f"  {mark} ", step.title, right=right, style="red" if step.state == "failed" else "")
        return ((indent[0], style), *rest)

    def _folded(self, steps: Sequence[Step]) -> Line:
        cached = sum(step.state == "cached" for step in steps)
        text = f"{len(steps)} steps" + (f", {cached} cached" if cached else "")
        took = _seconds(sum(step.seconds(self.now) for step in steps))
        indent, *rest = self.line(f"  {self.glyphs.marks['done']} ", text, right=took, style="dim")
        return ((indent[0], "green"), *rest)

    def _inside(self, step: Step) -> Iterator[Line]:
        """What a running step transfers, and the end of what it says."""
        if step.state != "running":
            return
        parts = list(step.parts.values())
        for part in parts[: self.tail]:
            yield self._part(part)
        if self.tail and len(parts) > self.tail:
            yield self.line("    ", f"{self.glyphs.ellipsis} {len(parts) - self.tail} more", style="dim")
        for text in step.tail(self.tail):
            yield self.line(f"    {self.glyphs.rule} ", text, style="dim")

    def _part(self, part: Part) -> Line:
        amounts = progress(part.current, part.total)
        if not part.total or self.width < _BAR_FROM:
            return self.line("    ", part.name, right=amounts, style="dim")
        length = min(max(self.width // 5, _SMALLEST_BAR), _LARGEST_BAR)
        full = min(length * part.current // part.total, length)
        bar = self.glyphs.full * full + self.glyphs.empty * (length - full)
        indent, *rest = self.line(f"    {bar} ", part.name, right=amounts, style="dim")
        return ((indent[0], "cyan"), *rest)


def as_text(lines: Iterable[Line], palette: Palette) -> str:
    """Lines as a terminal takes them."""
    return "".join("".join(palette.sgr(text, style) for text, style in line).rstrip() + "\n" for line in lines)
