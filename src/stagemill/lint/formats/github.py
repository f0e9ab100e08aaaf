"""Findings as commands of a workflow of GitHub, which shows them at the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stagemill.dockerfile.tree import Dockerfile
from stagemill.lint.finding import Finding, Level

_COMMANDS: Mapping[Level, str] = {"error": "error", "warning": "warning", "info": "notice", "style": "notice"}


def render(findings: Iterable[Finding], *, dockerfile: Dockerfile) -> str:
    return "".join(_line(finding, dockerfile.source.name) for finding in findings)


def _line(finding: Finding, name: str) -> str:
    span = finding.span
    facts = {"file": name, "line": span.line, "endLine": span.end_line, "title": f"stagemill {finding.rule}"}
    if span.line == span.end_line:
        facts |= {"col": span.column, "endColumn": span.end_column}
    shown = ",".join(f"{key}={_property(str(value))}" for key, value in facts.items())
    text = finding.message + (f"\n{finding.hint}" if finding.hint else "")
    return f"::{_COMMANDS[finding.level or 'warning']} {shown}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
