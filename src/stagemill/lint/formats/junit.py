"""Findings as a report of JUnit: each is a test that failed, and a file without any is one that passed."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.dockerfile.tree import Dockerfile
from stagemill.lint.finding import Finding
from stagemill.lint.formats.xml import attribute, body


def render(findings: Iterable[Finding], *, dockerfile: Dockerfile) -> str:
    found = list(findings)
    name = attribute(dockerfile.source.name)
    cases = (
        "".join(_case(finding, name) for finding in found) or f'    <testcase classname={name} name="no findings"/>\n'
    )
    count = max(len(found), 1)
    suite = f'  <testsuite name="stagemill lint" tests="{count}" failures="{len(found)}" errors="0">\n{cases}  </testsuite>\n'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suite}</testsuites>\n'


def _case(finding: Finding, name: str) -> str:
    where = f"{finding.rule} in line {finding.span.line}"
    text = f"{finding.at.file}:{finding.span.line}:{finding.span.column}: {finding.message}\n{finding.hint or ''}"
    failure = f"      <failure type={attribute(finding.level or 'warning')} message={attribute(finding.message)}>"
    return (
        f"    <testcase classname={name} name={attribute(where)}>\n{failure}{body(text)}</failure>\n    </testcase>\n"
    )
