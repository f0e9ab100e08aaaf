"""`LegacyKeyValueFormat`: ENV or LABEL without `=`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Env, Label, Pair
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import keyword, written
from stagemill.regex import regex

NAME = "LegacyKeyValueFormat"
SUMMARY = "Legacy key/value format with whitespace separator should not be used"

_KEY = regex(r"[^\s'\"\\`$=]+")
_BARE = regex(r"[\w./:@%+,$(){}|&;~^*?!<>#-]+", re.ASCII)


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            if isinstance(node, Env | Label) and node.legacy:
                name = keyword(node)
                yield file.finding(
                    NAME,
                    f'"{name} key=value" should be used instead of legacy "{name} key value" format',
                    span=node.items[0].span,
                    hint=f"write {name} {node.items[0].key}=… with the value in double quotes where it has blanks",
                    fix=_fix(file, node.items[0]),
                    about=node.span,
                )


def _fix(file: LintFile, pair: Pair) -> Fix | None:
    """Where the value is sure to stay the same: it has no quotes and no escapes, and stands in one line."""
    value, span = pair.value or "", pair.span
    certain = _KEY.fullmatch(pair.key) and not set(value) & {"'", '"', "\\", "`"}
    text = written(file.dockerfile, span)
    if not certain or "\n" in text or not text.endswith(value):
        return None
    new = f"{pair.key}={value}" if _BARE.fullmatch(value) else f'{pair.key}="{value}"'
    return Fix((Edit(Span(span.line, span.column, span.end_line, span.end_column), new),), f"write {new}")
