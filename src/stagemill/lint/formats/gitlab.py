"""Findings as a report of GitLab's code quality, which is that of Code Climate."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256

from stagemill.dockerfile.tree import Dockerfile
from stagemill.lint.finding import Finding, Level

_SEVERITIES: Mapping[Level, str] = {"error": "critical", "warning": "major", "info": "minor", "style": "info"}


def render(findings: Iterable[Finding], *, dockerfile: Dockerfile) -> str:
    """The fingerprint of a finding stays the same when lines are put in above it."""
    seen: Counter[str] = Counter()
    entries = []
    for finding in findings:
        line = f"{dockerfile.source.name}\0{finding.rule}\0{' '.join(finding.at.text.split())}"
        seen[line] += 1
        entries.append(
            {
                "type": "issue",
                "check_name": finding.rule,
                "description": finding.message,
                "fingerprint": sha256(f"{line}\0{seen[line]}".encode("utf-8", "surrogateescape")).hexdigest(),
                "severity": _SEVERITIES[finding.level or "warning"],
                "location": {
                    "path": dockerfile.source.name,
                    "lines": {"begin": finding.span.line, "end": finding.span.end_line},
                },
            }
        )
    return json.dumps(entries, indent=2) + "\n"
