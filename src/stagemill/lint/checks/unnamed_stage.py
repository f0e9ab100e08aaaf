"""`unnamed-stage`: a stage among several has no name, so nobody can tell what it is for, nor build it alone."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import names
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding, Fix

NAME = "unnamed-stage"
SUMMARY = "a stage of several has no name"


def check(file: LintFile) -> Iterator[Finding]:
    if len(file.stages) < 2:
        return
    proposed = names.proposals(file)
    for stage in file.stages:
        if stage.name:
            continue
        name = proposed.get(stage.index)
        fix = Fix((names.naming(stage, name),), f"name stage {stage.index} `{name}`") if name else None
        hint = f"write AS {name} after the image" if name else "write AS and a name that nothing else has"
        yield file.finding(
            NAME,
            f"stage {stage.index} of {len(file.stages)} has no name",
            span=stage.start.span,
            hint=f"{hint}; then --target and COPY --from can say which stage they mean",
            fix=fix,
        )
