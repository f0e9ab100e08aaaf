"""`SecretsUsedInArgOrEnv`: an ARG or ENV whose name is that of a secret; its value stays in the image and its history."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagemill.dockerfile.tree import Arg, Env
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding

NAME = "SecretsUsedInArgOrEnv"
SUMMARY = "Sensitive data should not be used in the ARG or ENV commands"


def _one_of(*words: str) -> re.Pattern[str]:
    """A name that has one of these between underscores, or is one."""
    return re.compile(rf"(?:_|^)(?:{'|'.join(words)})(?:_|$)", re.IGNORECASE)


_SECRET = _one_of(
    "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"
)  # fmt: skip
_HARMLESS = _one_of("public", "file", "version")
_HARMLESS_VALUE = re.compile(r"(?:/[\w.@-]+)+/?|true|false", re.IGNORECASE)
"""A path or a switch, which tells nobody a secret; BuildKit looks at names only."""


def is_secret(name: str) -> bool:
    """Whether the name of a variable is that of a secret."""
    return bool(_SECRET.search(name)) and not _HARMLESS.search(name)


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            for pair in node.items if isinstance(node, Arg | Env) else ():
                if is_secret(pair.key) and not _HARMLESS_VALUE.fullmatch((pair.value or "").strip("\"'")):
                    yield file.finding(
                        NAME,
                        f'Do not use ARG or ENV instructions for sensitive data ({node.keyword} "{pair.key}")',
                        span=pair.span,
                        hint="it stays in the image: give it to a step with RUN --mount=type=secret and --secret instead",
                        about=node.span,
                    )
