"""The report for people: a table by stage, what is skipped and why, what arguments choose, the critical path."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.cli.frame import table
from stagemill.cli.progress.text import harmless
from stagemill.insight.outlook import Doing, OutlookReport, Role, SkippedStage, StageOutlook
from stagemill.oci.reference import Reference

_TEXT = 46  # characters of an instruction
_STEP = 60  # and of one in the critical path
_HEAD = ("STAGE / STEP", "LINE", "WOULD", "TOOK", "WHY")
_WOULD = {
    Doing.CACHED: "be cached",
    Doing.ALIKE: "be cached (same content)",
    Doing.RUN: "run",
    Doing.OPEN: "run, or be found by content",
}


def text(report: OutlookReport) -> str:
    rows = [row for stage in report.stages for row in _rows(stage)]
    parts = [table.render(_HEAD, rows, right=(1, 3))]
    if report.choices:
        parts.append("\n".join(_choices(report)))
    if report.skipped:
        parts.append("\n".join(map(_skipped, report.skipped)))
    parts.append("\n".join(_sum(report)))
    return "\n\n".join(parts)


def _rows(stage: StageOutlook) -> Iterator[tuple[str, ...]]:
    names = f", {', '.join(Reference.parse(name).familiar for name in stage.names)}" if stage.names else ""
    role = "" if stage.role is Role.NEEDED else f"{stage.role}{names}"
    yield (stage.title, str(stage.line), "", "", role)
    waits = f"after {', '.join(stage.after)}" if stage.after else ""
    digest = f"@{stage.digest[:19]}" if stage.digest else ""
    yield (f"  FROM {_cut(stage.base + digest, _TEXT)}", "", "", "", waits)
    for step in stage.steps:
        took = "" if step.seconds is None else seconds(step.seconds)
        yield (f"  {_cut(step.text, _TEXT)}", str(step.line), _WOULD[step.doing], took, harmless(step.cause))


def _choices(report: OutlookReport) -> Iterator[str]:
    for choice in report.choices:
        values = ", ".join(f"{name}={value}" for name, value in choice.arguments)
        yield f"line {choice.line}: FROM {choice.written} is {choice.chosen}, by {values}"


def _skipped(stage: SkippedStage) -> str:
    others = [f"--build-arg {one.argument}={one.value} selects it in line {one.line}" for one in stage.selected_by]
    return f"skipped stage {stage.title} (line {stage.line}): {'; '.join([stage.why, *others])}"


def _sum(report: OutlookReport) -> Iterator[str]:
    run, perhaps = report.count(Doing.RUN), report.count(Doing.OPEN)
    cached = report.count(Doing.CACHED, Doing.ALIKE)
    open_ = f", {perhaps} would run or be found by content" if perhaps else ""
    yield f"{_steps(cached)} cached, {run} would run{open_}"
    if not report.path:
        return
    yield f"critical path, {_time(report)}:"
    for step in report.path:
        took = "?" if step.seconds is None else seconds(step.seconds)
        yield f"  {took:>7}  {_cut(step.name, _STEP)}"


def _time(report: OutlookReport) -> str:
    if report.untimed == len(report.path):
        return "none of whose steps ran here before"
    unknown = f", and {_steps(report.untimed)} that never ran here" if report.untimed else ""
    return f"about {seconds(report.seconds)} by earlier runs{unknown}"


def _steps(count: int) -> str:
    return f"{count} step{'' if count == 1 else 's'}"


def seconds(value: float) -> str:
    """`0.3 s`, `34 s`, `2 min 5 s`."""
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


def _cut(words: str, width: int) -> str:
    line = " ".join(words.split())
    line = harmless(line)
    return line if len(line) <= width else f"{line[: width - 1]}…"
