"""Findings in one line each, for the output of a build."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.lint.finding import Finding


def short(findings: Iterable[Finding]) -> list[str]:
    """`Dockerfile:12: index-from: …`, in the order given."""
    return [f"{finding.at.file}:{finding.span.line}: {finding.rule}: {finding.message}" for finding in findings]
