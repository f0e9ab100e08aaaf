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
    """What a stage reads is not told by its steps: the arrow ends at the last one, which waits for all."""
    titles = {other.title for other in report.stages}
    if stage.base in titles and not stage.digest:
        yield Arrow(stage.base, stage.title, -1, Way.FROM)
    for title in stage.reads:
        yield Arrow(title, stage.title, len(stage.steps) - 1, Way.READS)
    for title in stage.after:
        yield Arrow(title, stage.title, -1, Way.AFTER)
