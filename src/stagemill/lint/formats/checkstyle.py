"""Findings as XML of Checkstyle, which most servers of continuous integration read."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.dockerfile.tree import Dockerfile
from stagemill.lint.finding import Finding
from stagemill.lint.formats.xml import attribute


def render(findings: Iterable[Finding], *, dockerfile: Dockerfile) -> str:
    errors = "".join(
        f'    <error line="{finding.span.line}" column="{finding.span.column}" severity="{_severity(finding)}"'
        f" message={attribute(finding.message)} source={attribute(finding.rule)}/>\n"
        for finding in findings
    )
    file = f"  <file name={attribute(dockerfile.source.name)}>\n{errors}  </file>\n"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<checkstyle version="4.3">\n{file}</checkstyle>\n'


def _severity(finding: Finding) -> str:
    """Checkstyle knows no `style`."""
    return "info" if finding.level == "style" else finding.level or "warning"
