"""`Baseline`, the findings that a house knows of already: they are left out until their line changes.

A finding is known by its rule and the text of its line, not by its number, so lines may be put in above it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from stagemill.errors import UsageError
from stagemill.lint.finding import Finding
from stagemill.values import dataclass

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """How often each rule has found something in lines of each text."""

    known: Counter[tuple[str, str, str]]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Baseline:
        return cls(Counter(_key(finding) for finding in findings))

    @classmethod
    def parse(cls, text: str, *, name: str) -> Baseline:
        """Raises UsageError where the text is no baseline."""
        known: Counter[tuple[str, str, str]] = Counter()
        try:
            document: object = json.loads(text)
            for entry in _entries(document):
                known[str(entry["file"]), str(entry["rule"]), str(entry["text"])] += int(str(entry["count"]))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            hint = "write it anew with --write-baseline"
            raise UsageError(f"{name} is no baseline of stagemill lint: {error}", hint=hint) from error
        return cls(known)

    def render(self) -> str:
        entries = [
            {"file": file, "rule": rule, "text": text, "count": count}
            for (file, rule, text), count in sorted(self.known.items())
        ]
        return json.dumps({"version": _VERSION, "findings": entries}, indent=2, ensure_ascii=False) + "\n"

    def new(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that are not known, in their order; of several that are alike the later ones."""
        left = self.known.copy()
        found: list[Finding] = []
        for finding in findings:
            key = _key(finding)
            if left[key] > 0:
                left[key] -= 1
            else:
                found.append(finding)
        return found


def _entries(document: object) -> Iterable[Mapping[str, object]]:
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise ValueError("it has not version 1")
    return [entry for entry in document["findings"] if isinstance(entry, dict)]


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.at.file, finding.rule, " ".join(finding.at.text.split())
