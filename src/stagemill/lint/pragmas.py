"""Comments that tell hadolint what to leave alone, which count here as well.

`# hadolint ignore=DL3008,AptInsteadOfAptGet` stands above an instruction, `# hadolint global ignore=…` anywhere,
`# hadolint stage ignore=…` in a stage or above its FROM, and `# hadolint shell=/bin/bash` says what runs the RUN below it.
`# shellcheck disable=SC2086` above a RUN counts as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from stagemill.dockerfile.tree import Dockerfile, From
from stagemill.regex import regex

_IGNORE = regex(r"\s*(?:hadolint\s+ignore|shellcheck\s+disable)\s*=\s*([^#]+)", re.IGNORECASE)
_COMMENT = regex(
    r"^\s*#\s*hadolint\s+(?P<scope>global|stage)\s+ignore\s*=\s*(?P<names>[^#\n]+)", re.IGNORECASE | re.MULTILINE
)
_SHELL = regex(r"^\s*#\s*hadolint\s+shell\s*=\s*(?P<shell>\S+)", re.IGNORECASE | re.MULTILINE)


def above(comments: Iterable[str]) -> frozenset[str]:
    """What the comments above an instruction leave out there."""
    return frozenset(
        name for comment in comments for match in [_IGNORE.match(comment)] if match for name in _names(match[1])
    )


def everywhere(dockerfile: Dockerfile) -> frozenset[str]:
    """What a file leaves out altogether."""
    texts = [*(node.leading + node.raw for node in dockerfile.instructions), dockerfile.trailing]
    return frozenset(name for text in texts for name in _scoped(text, "global"))


def of_stages(dockerfile: Dockerfile) -> list[tuple[int, frozenset[str]]]:
    """The line that each stage begins in, and what it leaves out."""
    found: list[tuple[int, frozenset[str]]] = []
    for node in dockerfile.instructions:
        names = frozenset(_scoped(node.leading, "stage"))
        if isinstance(node, From):
            found.append((node.span.line, names))
        elif found and names:
            line, before = found[-1]
            found[-1] = (line, before | names)
    return found


def shell(text: str) -> str | None:
    """The shell that a comment names."""
    found = _SHELL.search(text)
    return found["shell"] if found else None


def _scoped(text: str, scope: str) -> Iterator[str]:
    if "hadolint" not in text.lower():
        return
    for match in _COMMENT.finditer(text):
        if match["scope"].lower() == scope:
            yield from _names(match["names"])


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
