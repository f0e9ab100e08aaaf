"""`foreseen`: the picture of what a build would do."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.cli.reporting.sizes import Sizes
from stagemill.insight.outlook import Doing, OutlookReport, Role, StageOutlook, StepOutlook
from stagemill.insight.picture.picture import Arrow, Box, Picture, Row, Tone, Way

_TONES = {Doing.CACHED: Tone.CACHED, Doing.ALIKE: Tone.CACHED, Doing.RUN: Tone.RAN, Doing.OPEN: Tone.OPEN}


def foreseen(report: OutlookReport, sizes: Sizes) -> Picture:
    slow = {step.id for step in report.path}
    return Picture(
        f"what a build of {' '.join(report.targets)} would do",
        tuple(_box(stage, slow, sizes) for stage in report.stages),
        tuple(dict.fromkeys(arrow for stage in report.stages for arrow in _arrows(stage, report))),
        tuple((skipped.title, skipped.why) for skipped in report.skipped),
        future=True,
    )


def _box(stage: StageOutlook, slow: set[str], sizes: Sizes) -> Box:
    rows = tuple(_row(step, sizes, slow=step.id in slow) for step in stage.steps)
    return Box(stage.title, stage.base, rows, "" if stage.role is Role.NEEDED else str(stage.role))


def _row(step: StepOutlook, sizes: Sizes, *, slow: bool) -> Row:
    return Row(
        step.id, step.line, step.text, _TONES[step.doing], str(step.doing), step.seconds, sizes.of(step.id), slow
    )


def _arrows(stage: StageOutlook, report: OutlookReport) -> Iterator[Arrow]:
    """To the step that reads; what no step is known to read, such as a stage without any, ends at the last one."""
    titles = {other.title for other in report.stages}
    if stage.base in titles and not stage.digest:
        yield Arrow(stage.base, stage.title, -1, Way.FROM)
    reads = list(_reads(stage, report))
    yield from reads
    for title in stage.reads:
        if title not in {arrow.source for arrow in reads}:
            yield Arrow(title, stage.title, len(stage.steps) - 1, Way.READS)
    for title in stage.after:
        yield Arrow(title, stage.title, -1, Way.AFTER)


def _reads(stage: StageOutlook, report: OutlookReport) -> Iterator[Arrow]:
    """A step that several stages have is drawn in each, and read of the first that is read."""
    places: dict[str, tuple[str, int | None]] = {}
    for other in (other for other in report.stages if other.title in stage.reads):
        last = len(other.steps) - 1
        for row, step in enumerate(other.steps):
            places.setdefault(step.id, (other.title, row if row < last else None))
    for row, step in enumerate(stage.steps):
        own = {one.id for one in stage.steps[:row]}
        for title, begin in sorted({places[one] for one in step.reads if one in places and one not in own}, key=str):
            if not (row == 0 and title == stage.base):
                yield Arrow(title, stage.title, row, Way.READS, begin)
