"""`UnneededFiles`: a build has shown that a step brings files to the image that nothing needs to run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagemill.dockerfile.source import printable
from stagemill.dockerfile.tree import Copy, InstructionNode
from stagemill.lint import reach, workshop
from stagemill.lint.evidence import Evidence, Unneeded
from stagemill.lint.file import LintFile, source_stage
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage

_LEAST = 1_000_000  # bytes of a step that are worth a word
_SHOWN = 3
_COMPILING = ("compiler or build tool", "header or static library")
_STAGE = "build in a stage of its own, and copy from it what runs"
_KINDS = {
    "package manager's cache": ("caches of package managers", "keep it out of the layer: RUN --mount=type=cache,target=DIRECTORY"),
    "temporary file": ("temporary files", "remove them in the step that makes them, or give it RUN --mount=type=tmpfs,target=/tmp"),
    "compiler or build tool": ("compilers and build tools", _STAGE),
    "header or static library": ("headers and static libraries", _STAGE),
    "source map": ("source maps", ""),
    "tests of a dependency": ("tests of dependencies", ""),
    "documentation": ("documentation", ""),
    "development dependency": ("packages for development", "install those for production only in the stage that the image has them from"),
}  # fmt: skip
"""What people call a kind, and what to do about it; the empty text is that it depends on the step."""


def check(file: LintFile) -> Iterator[Finding]:
    for stage in reach.shipped(file):
        for step in stage.steps:
            for evidence in file.surroundings.evidence:
                then = evidence.then(stage, step.node)
                brought = tuple(_kept(file, evidence.unneeded.get(then.span.line, ()))) if then else ()
                if _whole(brought) >= _LEAST and _is_source_as_it_was(file, stage, step.node, evidence):
                    yield _finding(file, step.node, brought, build=evidence.build)
                    break


def _kept(file: LintFile, brought: Iterable[Unneeded]) -> Iterator[Unneeded]:
    """Without what compiles, where the image is there to do that."""
    meant = _COMPILING if workshop.is_one(file) else ()
    return (one for one in brought if one.kind not in meant)


def _is_source_as_it_was(file: LintFile, stage: Stage, node: InstructionNode, evidence: Evidence) -> bool:
    """Whether the stage that a COPY reads, and those that it begins from, have not changed since."""
    source = source_stage(node.from_.text, stage, file.stages) if isinstance(node, Copy) and node.from_ else None
    return source is None or all(map(evidence.is_as_it_was, file.chain(source)))


def _finding(file: LintFile, node: InstructionNode, brought: tuple[Unneeded, ...], *, build: str) -> Finding:
    kinds = sorted(brought, key=lambda one: (-one.size, one.kind))
    told = ", ".join(f"{_megabytes(one.size)} of {_told(one.kind)[0]} ({_named(one)})" for one in kinds[:_SHOWN])
    more = f", and {_megabytes(_whole(tuple(kinds[_SHOWN:])))} more" if len(kinds) > _SHOWN else ""
    return file.finding(
        RULE.name,
        f"{_megabytes(_whole(brought))} of what this step brings nothing needs to run: {told}{more}; so it was in {build}",
        span=node.span,
        hint=_told(kinds[0].kind)[1] or _apart(node, kinds[0].kind),
    )


def _told(kind: str) -> tuple[str, str]:
    """What people call a kind, and what to do about it; one that nobody named here is called as it is."""
    return _KINDS.get(kind, (kind, ""))


def _apart(node: InstructionNode, kind: str) -> str:
    if not isinstance(node, Copy):
        return "remove them in this step, or leave them out where they are made"
    if kind == "source map":
        return "copy without them: COPY --exclude=**/*.map"
    return "leave them out where they are installed, or copy without them by --exclude"


def _named(one: Unneeded) -> str:
    return printable(f"/{one.largest}") + (f" and {one.files - 1} more" if one.files > 1 else "")


def _whole(brought: tuple[Unneeded, ...]) -> int:
    return sum(one.size for one in brought)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 9_950_000 else f"{size / 1e6:.1f} MB"


RULE = Rule(
    "UnneededFiles",
    "what a step brings to the image is not needed there, as a build has shown",
    check,
    level="info",
    by_evidence=True,
)
