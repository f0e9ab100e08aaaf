"""What BuildKit's checks find in a Dockerfile, and what a build of it would fail with. Source: BuildKit, subrequests/lint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagemill.dockerfile.source import Source, Span, printable
from stagemill.errors import DockerfileError, StagemillError, masked
from stagemill.lint import rules
from stagemill.lint.file import Alien, Ignore, Known, LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rules import CHECKS
from stagemill.plan.planner import Plan
from stagemill.subrequests import form
from stagemill.subrequests.form import Value
from stagemill.values import dataclass

URL = "https://docs.docker.com/go/dockerfile/rule/{page}/"
_WITHOUT_PAGE = {"InvalidBaseImagePlatform"}
_WHILE_READING = {
    "FromAsCasing", "InvalidDefinitionDescription", "MaintainerDeprecated", "NoEmptyContinuation", "StageNameCasing",
}  # fmt: skip
_BY_NAME = {rule.name: rule for rule in CHECKS}
_RULER = "--------------------\n"


@dataclass(frozen=True, slots=True)
class Checked:
    """`error` is what a build would fail with, None where it would not."""

    source: Source
    warnings: tuple[Finding, ...]
    error: StagemillError | None = None

    @property
    def status(self) -> int:
        return 1 if self.warnings or self.error else 0


def known(plans: Iterable[Plan], *, ignore: Ignore | None) -> Known:
    """What plans know beside the file: the images that their stages begin from, and which stages there are in them."""
    stages = [stage for plan in plans for stage in plan.stages]
    begun = [(stage, stage.base.config) for stage in reversed(stages) if stage.base and stage.parent is None]
    alien = [
        Alien(stage.index, stage.wanted, found.platform)
        for stage, found in reversed(begun)
        if found.platform.architecture
        and (found.platform.os, found.platform.architecture) != (stage.wanted.os, stage.wanted.architecture)
    ]
    bases = {stage.index: found for stage, found in begun}
    return Known(ignore, bases, tuple(dict.fromkeys(alien)), frozenset(stage.index for stage in stages))


def check(file: LintFile, error: StagemillError | None, *, whole: bool = True) -> Checked:
    """All that is found. Where the file could not be read as a `whole`, only what is found while it is read."""
    asked = CHECKS if whole else tuple(rule for rule in CHECKS if rule.name in _WHILE_READING)
    warnings = tuple(rules.check(file, asked))
    return Checked(file.dockerfile.source, warnings, error or violation(file, warnings))


def violation(file: LintFile, warnings: Iterable[Finding]) -> DockerfileError | None:
    """The error of a build whose Dockerfile says `# check=error=true`, and that the checks find something in."""
    found = tuple(warnings)
    if not file.options.error or not found:
        return None
    names = ", ".join(dict.fromkeys(finding.rule for finding in found))
    hint = "stagemill build --check shows them all; without error=true they are only warnings"
    return DockerfileError(f"lint violation found for rules: {names}", at=found[0].at, hint=hint)


def text(checked: Checked) -> str:
    """For people: how many there are, and each with the lines that it is about."""
    count = len(checked.warnings)
    if not count:
        return "" if checked.error else "Check complete, no warnings found.\n"
    counted = "1 warning has been found!" if count == 1 else f"{count} warnings have been found!"
    lines = checked.source.lines()
    shown = "".join(_shown(finding, lines, name=checked.source.name) for finding in checked.warnings)
    return f"Check complete, {counted}\n{shown}" + ("\n" if checked.error else "")


def json(checked: Checked) -> str:
    """For programs; `warnings` is null where there are none, as BuildKit has it."""
    listed: list[Value] = [_facts(finding) for finding in checked.warnings]
    source = {"filename": checked.source.name, "data": form.data(checked.source), "language": "Dockerfile"}
    document: dict[str, Value] = {"warnings": listed or None, "sources": [form.present(source)]}
    if checked.error:
        document["buildError"] = {"message": checked.error.message, "location": _place(checked.error, checked.source)}
    return form.document(document)


def _facts(finding: Finding) -> Value:
    return form.present(
        {
            "ruleName": finding.rule,
            "description": _BY_NAME[finding.rule].summary,
            "url": _url(finding.rule),
            "detail": finding.message,
            "location": form.location(finding.about),
        }
    )


def _place(error: StagemillError, source: Source) -> Value:
    """Where an error is; nowhere if it is in another file, such as the triggers of an image."""
    at = error.at if isinstance(error, DockerfileError) else None
    if at is None or at.file != source.name:
        return {}
    return form.location(Span(at.line, at.column, at.line, at.column + at.length))


def _url(rule: str) -> str:
    return "" if rule in _WITHOUT_PAGE else URL.format(page=_BY_NAME[rule].page)


def _shown(finding: Finding, lines: list[str], *, name: str) -> str:
    url = _url(finding.rule)
    title = f"{finding.rule} - {url}" if url else finding.rule
    about = finding.about or finding.span
    place = "".join(_excerpt(lines, about.line, max(about.line, about.end_line)))
    return f"\nWARNING: {title}\n{finding.message}\n{name}:{about.line}\n{_RULER}{place}{_RULER}"


def _excerpt(lines: list[str], first: int, last: int) -> Iterator[str]:
    """The lines with some around them: four in all around a single one, two around several."""
    start, end = first, last
    missing = 4 if first == last else 2
    while missing > 0:
        before, after = start > 1, end < len(lines)
        start, end = start - before, end + after
        missing -= before + after + 1
    for number in range(start, end + 1):
        mark = ">>>" if first <= number <= last else "   "
        yield f" {number:3} | {mark} {printable(masked(lines[number - 1].rstrip(chr(13))))}\n"
