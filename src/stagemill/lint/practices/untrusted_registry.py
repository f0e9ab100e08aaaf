"""`UntrustedRegistry`: an image from a registry that the house does not trust."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.images import bases, registry
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    trusted = file.surroundings.policy.registries
    for base in bases(file) if trusted else ():
        host = registry(base.image)
        if not any(fnmatchcase(host, pattern) for pattern in trusted):
            yield file.finding(
                RULE.name,
                f"`{base.image}` comes from {host}, which is not among the trusted registries",
                span=base.word.span,
                hint=f"take it from {' or '.join(trusted)}, or add {host} to lint.trusted-registries of stagemill.toml",
            )


RULE = Rule(
    "UntrustedRegistry", "an image comes from a registry that is not trusted", check, level="error", aliases=("DL3026",)
)
