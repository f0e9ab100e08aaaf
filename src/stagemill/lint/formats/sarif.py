"""Findings as SARIF 2.1.0, which code scanning of GitHub and many editors read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TypeAlias

from stagemill import __version__
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Dockerfile
from stagemill.lint.choice import RULES
from stagemill.lint.finding import Finding, Level

Value: TypeAlias = "str | int | bool | Mapping[str, Value] | list[Value] | None"

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Mapping[Level, str] = {"error": "error", "warning": "warning", "info": "note", "style": "note"}


def render(findings: Iterable[Finding], *, dockerfile: Dockerfile) -> str:
    found = list(findings)
    names = sorted({finding.rule for finding in found})
    summaries = {rule.name: rule.summary for rule in RULES}
    rules: list[Value] = [
        {"id": name, "shortDescription": {"text": summaries.get(name, "what ShellCheck says of the commands of RUN")}}
        for name in names
    ]
    driver: dict[str, Value] = {"name": "stagemill", "version": __version__, "rules": rules}
    results: list[Value] = [_result(finding, dockerfile, names.index(finding.rule)) for finding in found]
    run: dict[str, Value] = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document: dict[str, Value] = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2) + "\n"


def _result(finding: Finding, dockerfile: Dockerfile, index: int) -> Value:
    text = finding.message + (f"\n{finding.hint}" if finding.hint else "")
    place = sha256(f"{finding.rule}\0{' '.join(finding.at.text.split())}".encode("utf-8", "surrogateescape"))
    result: dict[str, Value] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.level or "warning"],
        "message": {"text": text},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": dockerfile.source.name}, "region": _region(finding.span)}}
        ],
        "partialFingerprints": {"stagemillLine/v1": place.hexdigest()},
    }
    if finding.fix:
        replacements: list[Value] = [
            {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in finding.fix.edits
        ]
        change: Value = {"artifactLocation": {"uri": dockerfile.source.name}, "replacements": replacements}
        result["fixes"] = [{"description": {"text": finding.fix.summary}, "artifactChanges": [change]}]
    return result


def _region(span: Span) -> Value:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
