"""`PipeToShell`: a script is loaded from the web and run unseen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from stagemill.dockerfile.tree import Run
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule

_LOADERS = frozenset({"curl", "wget"})
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "python", "python3", "perl", "ruby", "node", "php"})


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            for first, second in pairwise(file.commands(step, node) if isinstance(node, Run) else ()):
                if first.program in _LOADERS and first.ending == "|" and second.program in _SHELLS:
                    yield file.finding(
                        RULE.name,
                        f"whatever {first.program} loads is run, today's script or another one",
                        span=first.words[0].span.to(second.words[-1].span),
                        hint="load it with ADD --checksum=sha256:… and run the file, or copy it into the project",
                    )


RULE = Rule("PipeToShell", "a script of the web is run unseen", check, level="info")
