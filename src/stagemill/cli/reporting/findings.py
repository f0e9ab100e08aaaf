"""What lint finds in the Dockerfile that a build was of, as far as its text alone tells."""

from __future__ import annotations

from stagemill.dockerfile.parser import parse
from stagemill.errors import StagemillError
from stagemill.insight.why.past import Graph
from stagemill.lint.choice import select
from stagemill.lint.file import LintFile
from stagemill.lint.rules import check
from stagemill.oci.document import JsonObject, whole


def findings(graph: Graph) -> list[JsonObject]:
    """The heaviest first, then by line."""
    try:
        dockerfile = parse(graph.source.encode("utf-8", "surrogateescape"), graph.file or "Dockerfile")
        found = check(LintFile.of(dockerfile), select())
    except StagemillError:
        return []
    weights = ["error", "warning", "info", "style"]
    ordered = sorted(found, key=lambda one: (weights.index(one.level or "warning"), one.span.line))
    return [
        {
            "rule": one.rule,
            "level": one.level or "warning",
            "line": one.span.line,
            "message": whole(one.message),
            "hint": whole(one.hint or ""),
        }
        for one in ordered
    ]
