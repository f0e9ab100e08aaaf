"""`AddInsteadOfCopy`: ADD for plain files, which COPY brings without surprises."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Add
from stagemill.files import glob
from stagemill.lint import archives
from stagemill.lint.archives import is_archive
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import keyword
from stagemill.lint.rule import Rule

_REMOTE = ("http://", "https://", "git@", "git://", "ssh://", "oci-layout://")


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            if isinstance(node, Add) and _is_plain(node):
                yield file.finding(
                    RULE.name,
                    "ADD unpacks archives and loads addresses; for plain files COPY is enough",
                    span=Span(node.span.line, node.span.column, node.span.line, node.span.column + len(node.keyword)),
                    hint="write COPY",
                    fix=_fix(file, node),
                )


def _is_plain(node: Add) -> bool:
    """Whether no source may be an archive or lies elsewhere, as far as names tell."""
    texts = [word.text.strip("\"'") for word in node.sources]
    return (
        node.unpack is None
        and node.checksum is None
        and not any("$" in text or text.lower().startswith(_REMOTE) or text.endswith(".git") for text in texts)
        and not any(is_archive(text) for text in texts)
        and not any(glob.is_pattern(text) and text.rpartition("/")[2] in {"*", "*.*"} for text in texts)
    )


def _fix(file: LintFile, node: Add) -> Fix:
    """Safe where the context shows that there is nothing to unpack."""
    view = file.context
    safe = view is not None and all(archives.holds_none(view, word.text) for word in node.sources)
    start = node.span
    new = "copy" if keyword(node).islower() else "COPY"
    return Fix((Edit(Span(start.line, start.column, start.line, start.column + 3), new),), f"write {new}", safe=safe)


RULE = Rule("AddInsteadOfCopy", "ADD brings plain files", check, aliases=("DL3020",))
