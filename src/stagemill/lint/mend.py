"""Mending: the edits of fixes carried out on a Dockerfile's text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import BOM, printable
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import DockerfileError, masked
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix, Level
from stagemill.lint.place import lines_around, offsets
from stagemill.lint.rule import Rule
from stagemill.lint.rules import CORE, check
from stagemill.regex import regex
from stagemill.values import dataclass

_MOST_ROUNDS = 8
"""How many rounds may pass until there is less to find."""
_AROUND = 4  # lines, one more than a diff shows
_RANGE = regex(r"( [-+])([0-9]+)")


@dataclass(frozen=True, slots=True)
class Applied:
    """A new text, the findings whose fixes are in it, and the others: without a fix, or in conflict with one before."""

    text: str
    done: tuple[Finding, ...]
    left: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of a file: `done` was mended, `left` is what is found in it now."""

    file: LintFile
    done: tuple[Finding, ...]
    left: tuple[Finding, ...]

    @property
    def text(self) -> str:
        return self.file.dockerfile.source.text


def apply(dockerfile: Dockerfile, findings: Iterable[Finding], *, unsafe: bool = False) -> Applied:
    """Carries out the fixes in their order, those that are safe or all. Where two overlap, the first wins.

    The result can be parsed.
    """
    given = tuple(findings)
    applied = _apply(dockerfile, given, careful=False, unsafe=unsafe)
    return applied if _can_be_parsed(applied.text) else _apply(dockerfile, given, careful=True, unsafe=unsafe)


def _apply(dockerfile: Dockerfile, findings: Iterable[Finding], *, careful: bool, unsafe: bool) -> Applied:
    """`careful` leaves out each fix after which the text cannot be parsed."""
    text = dockerfile.source.text
    done: list[Finding] = []
    left: list[Finding] = []
    edits: dict[Edit, tuple[int, int]] = {}
    for finding in findings:
        fix = finding.fix if finding.fix and (unsafe or finding.fix.safe) else None
        new = {e: offsets(text, e.span) for e in fix.edits if e not in edits} if fix else {}
        good = fix is not None and not _overlap(edits.values(), new.values())
        if good and careful:
            good = _can_be_parsed(_edited(text, {**edits, **new}))
        if good:
            edits |= new
        (done if good else left).append(finding)
    return Applied(_edited(text, edits), tuple(done), tuple(left))


def mend(
    file: LintFile,
    rules: Sequence[Rule] = CORE,
    *,
    unsafe: bool = False,
    levels: Mapping[str, Level] = MappingProxyType({}),
) -> Mended:
    """Applies fixes as long as there is less to find afterwards; what one makes possible for the next is done as well.

    Some only clear the way for the next one (an ARG that moves down with one that reads it), so a few rounds may pass
    without a gain. `unsafe` takes those as well that change what the image holds.
    """
    best = Mended(file, (), tuple(check(file, rules, levels=levels)))
    now, rounds = best, 0
    while now.left and rounds < _MOST_ROUNDS:
        applied = apply(now.file.dockerfile, now.left, unsafe=unsafe)
        if not applied.done:
            break
        changed = file.again(parse(applied.text, file.dockerfile.source.name))
        found = tuple(check(changed, rules, levels=levels))
        if len(found) > len(now.left):
            break
        now = Mended(changed, (*now.done, *applied.done), found)
        rounds += 1
        if len(found) < len(best.left):
            best, rounds = now, 0
    return best


def preview(dockerfile: Dockerfile, fix: Fix) -> str:
    """What a fix changes, as a unified diff."""
    text = dockerfile.source.text
    places = {edit: offsets(text, edit.span) for edit in fix.edits}
    first, start, end = lines_around(text, places.values(), count=_AROUND)
    inside = {edit: (begin - start, stop - start) for edit, (begin, stop) in places.items()}
    old = text[start:end]
    return diff(old, _edited(old, inside), name=dockerfile.source.name, first=first)


def diff(old: str, new: str, *, name: str, first: int = 1) -> str:
    """A unified diff of two texts of one file, or of the lines from `first` on, for people: without logins of URLs.

    Empty where they are equal.
    """
    from difflib import unified_diff  # noqa: PLC0415  only shown fixes need it

    def numbered(match: re.Match[str]) -> str:
        return f"{match[1]}{int(match[2]) + first - 1}"

    before, after = (text.removeprefix(BOM).split("\n") for text in (old, new))
    shown = unified_diff(list(_lines(before)), list(_lines(after)), name, name, lineterm="")
    return "".join(f"{_RANGE.sub(numbered, line) if line.startswith('@@ ') else line}\n" for line in shown)


def _lines(lines: Sequence[str]) -> Iterator[str]:
    yield from (printable(masked(line.rstrip("\r"))) for line in lines[:-1])
    if lines[-1]:
        yield f"{printable(masked(lines[-1]))}\n\\ No newline at end of file"


def _overlap(ranges: Iterable[tuple[int, int]], others: Iterable[tuple[int, int]]) -> bool:
    """Whether two edits touch the same text, or put different texts in at one place."""
    return any(
        (start < other_end and other_start < end) or (start, end) == (other_start, other_end)
        for start, end in others
        for other_start, other_end in ranges
    )


def _can_be_parsed(text: str) -> bool:
    try:
        parse(text)
    except DockerfileError:
        return False
    return True


def _edited(text: str, edits: Mapping[Edit, tuple[int, int]]) -> str:
    for (start, end), new in sorted(((place, edit.text) for edit, place in edits.items()), reverse=True):
        text = text[:start] + new + text[end:]
    return text
