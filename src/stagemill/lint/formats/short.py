"""Findings in one line each, for the output of a build."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.lint.finding import Finding


def short(findings: Iterable[Finding]) -> list[str]:
    """` - index-from: … (line 12)`, in the order given, as BuildKit writes its warnings."""
    return [f" - {finding.rule}: {finding.message} (line {_line(finding)})" for finding in findings]


def _line(finding: Finding) -> int:
    return (finding.about or finding.span).line
