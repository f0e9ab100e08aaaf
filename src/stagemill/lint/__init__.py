"""Rules that find mistakes in a Dockerfile, explain them, and mend those where the right text is certain."""

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.formats.short import short
from stagemill.lint.mend import Applied, Mended, apply, mend
from stagemill.lint.rule import Rule
from stagemill.lint.rules import CORE, check

__all__ = [
    "CORE",
    "Applied",
    "Edit",
    "Finding",
    "Fix",
    "LintFile",
    "Mended",
    "Rule",
    "apply",
    "check",
    "mend",
    "short",
]
