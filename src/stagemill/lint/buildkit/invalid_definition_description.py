"""`InvalidDefinitionDescription`: a comment above a stage or an ARG does not begin with its name, so it describes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagemill.dockerfile.tree import Arg, From
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding

NAME = "InvalidDefinitionDescription"
SUMMARY = (
    "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. "
    "If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment."
)


def check(file: LintFile) -> Iterator[Finding]:
    for node in file.dockerfile.instructions:
        names = _names(node) if isinstance(node, From | Arg) else ()
        if not names or not node.comments or node.comments[-1].split(" ")[0] in names:
            continue
        example = names[0] if len(names) == 1 else "<arg_key>"
        yield file.finding(
            NAME,
            f"Comment for {node.keyword} should follow the format: `# {example} <description>`",
            span=node.span,
            hint="--call=outline and --call=targets show such comments; put a line with only # below one that is for readers",
            about=node.span,
        )


def _names(node: From | Arg) -> Sequence[str]:
    if isinstance(node, Arg):
        return [pair.key for pair in node.items]
    return [node.name.text.lower()] if node.name else []
