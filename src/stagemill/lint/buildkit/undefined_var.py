"""`UndefinedVar`: an instruction reads a variable that neither the stage nor its base image sets."""

from __future__ import annotations

from collections.abc import Container, Iterator

from stagemill.dockerfile.expansion import variables
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import (
    Add,
    Arg,
    Copy,
    Env,
    InstructionNode,
    Label,
    Run,
    StopSignal,
    User,
    Volume,
    Word,
    Workdir,
)
from stagemill.lint.file import LintFile, mount_options
from stagemill.lint.finding import Finding
from stagemill.lint.near import did_you_mean
from stagemill.lint.stages import Step

NAME = "UndefinedVar"
SUMMARY = "Variables should be defined before their use"

_NEVER_SET = {"BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"}


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps if stage.certain else ():
            yield from _step(file, step)


def _step(file: LintFile, step: Step) -> Iterator[Finding]:
    for text, span, quotes in _texts(step.node, file.build_args):
        for name in dict.fromkeys(name for name, _ in variables(text, escape=file.escape, quotes=quotes)):
            if name not in step.before.env and name not in _NEVER_SET:
                yield file.finding(
                    NAME,
                    f"Usage of undefined variable '${name}'{did_you_mean(name, step.before.env, sign='$')}",
                    span=span,
                    hint=f"it is blank here: write ARG {name} or ENV {name}=… above, or write the value itself",
                    about=step.node.span,
                )


def _texts(node: InstructionNode, given: Container[str]) -> Iterator[tuple[str, Span, bool]]:
    """The texts in which an instruction replaces variables, where they stand, and whether quotes mean something there."""
    yield from ((word.text, word.span, True) for word in _words(node))
    match node:
        case Copy() | Add():
            yield from ((doc.content, doc.span, False) for doc in node.heredocs if doc.expand)
        case Env() | Label():
            for pair in node.items:
                yield pair.key, pair.span, True
                yield pair.value or "", pair.span, True
        case Arg():
            yield from ((pair.value or "", pair.span, True) for pair in node.items if pair.key not in given)
        case Run():
            for mount in node.mounts:
                yield from ((value, mount.value_span, True) for value in mount_options(mount).values())
        case _:
            pass


def _words(node: InstructionNode) -> tuple[Word, ...]:
    match node:
        case Copy() | Add():
            checksum = node.checksum if isinstance(node, Add) else None
            flags = tuple(flag for flag in (node.chown, node.chmod, checksum) if flag)
            return (*flags, *node.sources, node.destination)
        case Workdir():
            return (node.path,)
        case User():
            return (node.user,)
        case StopSignal():
            return (node.signal,)
        case Volume():
            return node.paths
        case _:
            return ()
