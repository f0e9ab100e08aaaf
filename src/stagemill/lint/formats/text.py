"""Findings for people: the place, the line with a caret, the hint, and what a fix would change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stagemill.dockerfile.tree import Dockerfile
from stagemill.lint.finding import Finding
from stagemill.lint.mend import preview

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"


def render(findings: Iterable[Finding], *, dockerfile: Dockerfile, colour: bool = False) -> str:
    """One paragraph for each finding; empty where there is none."""
    return "\n".join(_finding(finding, dockerfile, colour=colour) for finding in findings)


def mended(findings: Iterable[Finding]) -> str:
    """One line for each finding that was mended."""
    return "".join(
        f"mended: {finding.at.file}:{finding.span.line}: {finding.rule}: {finding.fix.summary}\n"
        for finding in findings
        if finding.fix
    )


def summary(findings: Sequence[Finding], *, done: int = 0, fixing: bool = False) -> str:
    """The last line: how many there are, and what can be done."""
    if not findings:
        return f"{_count(done)} mended, nothing left\n" if done else "no findings\n"
    if fixing:
        left = f"{len(findings)} left" if done else f"{_count(len(findings))} left"
        return f"{_count(done)} mended, {left}\n" if done else f"nothing mended, {left}\n"
    safe = sum(finding.fix is not None and finding.fix.safe for finding in findings)
    unsafe = sum(finding.fix is not None and not finding.fix.safe for finding in findings)
    parts = [_count(len(findings))]
    parts += [f"{safe} of them mended by --fix"] if safe else []
    parts += [f"{unsafe} {'more' if safe else 'of them'} by --fix --unsafe"] if unsafe else []
    return ", ".join(parts) + "\n"


def coloured_diff(diff: str, *, colour: bool) -> str:
    """A unified diff, in colour where that is wanted."""
    if not colour:
        return diff
    marks = {"+": _GREEN, "-": _RED, "@": _DIM}
    lines = (_paint(line, marks.get(line[:1], ""), colour=True) for line in diff.splitlines())
    return "".join(f"{line}\n" for line in lines)


def _finding(finding: Finding, dockerfile: Dockerfile, *, colour: bool) -> str:
    where = f"{finding.at.file}:{finding.span.line}:{finding.span.column}"
    mark = {"error": _RED, "info": _DIM, "style": _DIM}.get(finding.level or "", _YELLOW)
    level = "" if finding.level in {None, "warning"} else f"{finding.level}: "
    rule = _paint(f"{level}{finding.rule}", mark, colour=colour)
    lines = [f"{_paint(where, _BOLD, colour=colour)}: {rule}: {finding.message}"]
    lines += finding.at.render().split("\n")[1:]
    if finding.hint:
        lines.append("hint: " + finding.hint.replace("\n", "\n      "))
    if finding.fix:
        lines.append(f"fix{'' if finding.fix.safe else ' (--unsafe)'}: {finding.fix.summary}")
        lines += coloured_diff(preview(dockerfile, finding.fix), colour=colour).splitlines()
    return "".join(f"{line}\n" for line in lines)


def _paint(text: str, code: str, *, colour: bool) -> str:
    return f"{code}{text}{_RESET}" if colour and code else text


def _count(number: int) -> str:
    return f"{number} finding" if number == 1 else f"{number} findings"
