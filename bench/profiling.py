"""`Profile`: where the time of one build goes, instant by instant, so that the parts add up to the whole.

`stagemill build --trace` says what each thread was in the middle of. An instant belongs to what the main thread was at; while
that waits for steps, to what the other threads were at, in equal shares. Parts below a millisecond are no spans of their own and
stay with the part around them; what nobody measured is `rest`.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from report import columns

REST = "rest"
_WAITS = {"wait", REST}
_IMPORT = re.compile(r"import time: +(\d+) \| +(\d+) \| +(\S+)")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a thread's work, in seconds since the program began."""

    name: str
    thread: int
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Profile:
    """`parts` are seconds by name, whose sum is `whole`: what a clock on the wall saw from the start of the command to its end."""

    whole: float
    parts: Mapping[str, float]

    @classmethod
    def of(cls, spans: Iterable[Span], whole: float) -> Profile:
        """Of a build that took `whole` seconds; what is in no span is rest."""
        parts: defaultdict[str, float] = defaultdict(float)
        for name, seconds in _instants(list(spans), whole):
            parts[name] += seconds
        return cls(whole, {**parts, REST: whole - sum(parts.values()) + parts[REST]})

    def table(self, meanings: Mapping[str, str]) -> str:
        """A line for each part, the longest first, and their sum."""
        ordered = sorted(self.parts.items(), key=lambda item: (item[0] == REST, -item[1]))
        rows = [["part", "seconds", "share", "what"]]
        rows += [[name, f"{seconds:.3f}", self._share(seconds), meanings.get(name, "")] for name, seconds in ordered]
        rows.append(["all", f"{self.whole:.3f}", self._share(self.whole), ""])
        left, right = [row[:3] for row in rows], [row[3] for row in rows]
        lines = columns(left, left=1).splitlines()
        return "\n".join(f"{line}  {text}".rstrip() for line, text in zip(lines, right, strict=True))

    def _share(self, seconds: float) -> str:
        return f"{100 * seconds / self.whole:.1f} %"


def spans_of(trace: str) -> list[Span]:
    """Those of a file that `--trace` wrote."""
    events = json.loads(trace)["traceEvents"]
    return [
        Span(each["cat"], each["tid"], each["ts"] / 1e6, (each["ts"] + each["dur"]) / 1e6)
        for each in events
        if each["ph"] == "X"
    ]


def _instants(spans: list[Span], whole: float) -> Iterator[tuple[str, float]]:
    """Who has how much of the time between each two moments at which something began or ended."""
    if not spans:
        return
    main = min(spans, key=lambda span: span.begin).thread
    marks: defaultdict[float, list[tuple[bool, Span]]] = defaultdict(list)
    for span in spans:
        marks[span.begin].append((True, span))
        marks[min(span.end, whole)].append((False, span))
    opened: defaultdict[int, list[Span]] = defaultdict(list)
    before = 0.0
    for moment in sorted(marks):
        owners = _owners(opened, main)
        for name in owners:
            yield name, (moment - before) / len(owners)
        for begins, span in sorted(marks[moment], key=lambda mark: (mark[0], mark[1].begin, -mark[1].end)):
            if begins:
                opened[span.thread].append(span)
            else:
                opened[span.thread].remove(span)
        before = moment


def _owners(opened: Mapping[int, list[Span]], main: int) -> list[str]:
    """What an instant belongs to: the innermost part of the main thread, or of all others where that one waits."""
    mine = opened.get(main)
    if mine and mine[-1].name not in _WAITS:
        return [mine[-1].name]
    others = [line[-1].name for thread, line in opened.items() if thread != main and line]
    return others or ([mine[-1].name] if mine else [])


def slowest_imports(text: str, count: int) -> str:
    """A table of what `python -X importtime` wrote: the modules that take longest by themselves, and all of them together."""
    found = [(int(own), module) for own, _, module in _IMPORT.findall(text)]
    rows = [["module", "ms"], *([module, f"{own / 1000:.2f}"] for own, module in sorted(found, reverse=True)[:count])]
    rows.append([f"all {len(found)} modules", f"{sum(own for own, _ in found) / 1000:.2f}"])
    return columns(rows, left=1)
