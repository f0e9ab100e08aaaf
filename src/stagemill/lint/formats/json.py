"""Findings for programs: one JSON document; docs/lint.md says what is in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Dockerfile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.mend import preview

Value: TypeAlias = "str | int | bool | Mapping[str, Value] | list[Value] | None"


def render(findings: Iterable[Finding], *, dockerfile: Dockerfile, done: Iterable[Finding] = (), diff: str = "") -> str:
    """`findings` with their fixes; `done` and `diff` say what was mended before."""
    document: dict[str, Value] = {
        "file": dockerfile.source.name,
        "findings": [_finding(finding, dockerfile) for finding in findings],
        "mended": [{**_facts(finding), "summary": finding.fix.summary if finding.fix else None} for finding in done],
        "diff": diff or None,
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(finding: Finding, dockerfile: Dockerfile) -> Value:
    return {**_facts(finding), "hint": finding.hint, "fix": _fix(finding.fix, dockerfile) if finding.fix else None}


def _facts(finding: Finding) -> dict[str, Value]:
    return {
        "rule": finding.rule,
        "level": finding.level or "warning",
        "hadolint": finding.alias or None,
        "message": finding.message,
        **_place(finding.span),
    }


def _fix(fix: Fix, dockerfile: Dockerfile) -> Value:
    return {
        "summary": fix.summary,
        "safe": fix.safe,
        "edits": [_edit(edit) for edit in fix.edits],
        "diff": preview(dockerfile, fix),
    }


def _edit(edit: Edit) -> Value:
    return {**_place(edit.span), "text": edit.text}


def _place(span: Span) -> dict[str, Value]:
    return {"line": span.line, "column": span.column, "end_line": span.end_line, "end_column": span.end_column}
