"""`NoInstallRecommends`: apt-get brings recommended packages into the image."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding, Fix
from stagemill.lint.managers import Install, installs
from stagemill.lint.rule import Rule

_OFF = ("--no-install-recommends", "--without-recommends", "--no-install-suggests")
_SETTING = "APT::Install-Recommends"


def check(file: LintFile) -> Iterator[Finding]:
    stages = reach.shipped(file)
    settled = any(_SETTING in step.node.raw for stage in stages for step in stage.steps)
    for found in installs(file, stages, of=("apt",)) if not settled else ():
        if found.packages and not found.ran.has(*_OFF) and not any(text[:1] == "$" for text in found.ran.texts):
            yield file.finding(
                RULE.name,
                f"`{found.ran.program} install` brings all recommended packages into the image",
                span=found.verb.span,
                hint="add --no-install-recommends, and name what of them you need",
                fix=_fix(found),
            )


def _fix(found: Install) -> Fix | None:
    edit = found.ran.insertion(found.verb, "--no-install-recommends")
    return Fix((edit,), "add --no-install-recommends", safe=False) if edit else None


RULE = Rule("NoInstallRecommends", "recommended packages come into the image", check, level="info", aliases=("DL3015",))
