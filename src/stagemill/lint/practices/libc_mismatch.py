"""`LibcMismatch`: packages compiled for one C library go into an image with the other."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Copy
from stagemill.lint.file import LintFile, source_stage
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage, repository, tag_of

_COMPILED = ("node_modules", "site-packages", "/venv", "/.venv", "dist-packages", "/vendor/bundle", "/usr/local/bundle")
_FAMILIES = frozenset({"node", "python", "ruby", "php", "golang", "rust", "debian", "ubuntu", "elixir", "erlang"})


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        own = _library(file, stage)
        for step in stage.steps:
            node = step.node
            source = (
                source_stage(node.from_.text, stage, file.stages) if isinstance(node, Copy) and node.from_ else None
            )
            other = _library(file, source) if source else None
            if not isinstance(node, Copy) or source is None or not own or not other or own == other:
                continue
            for word in node.sources:
                if any(word.text.rstrip("/").endswith(name) for name in _COMPILED):
                    yield file.finding(
                        RULE.name,
                        f"{source.title} has {other}, and what it compiled does not run with the {own} of this stage",
                        span=word.span,
                        hint="begin both stages from the same kind of image",
                    )


def _library(file: LintFile, stage: Stage) -> str | None:
    """The C library of a stage, as far as the name of its image tells."""
    base = file.chain(stage)[0].base or ""
    name = repository(base).rpartition("/")[2]
    tag = tag_of(base)
    if name == "alpine" or "alpine" in tag:
        return "musl"
    return "glibc" if name in _FAMILIES and tag and "$" not in tag else None


RULE = Rule("LibcMismatch", "compiled packages go into an image with another C library", check)
