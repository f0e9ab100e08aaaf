"""`deprecated-npm-flag`: npm is told in its old spelling to leave out packages for development."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Run
from stagemill.lint import packages
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.node_version import omit
from stagemill.lint.packages import Call
from stagemill.lint.shell import ShellWord
from stagemill.lint.stages import Stage

NAME = "deprecated-npm-flag"
SUMMARY = "npm is told --only=production or --production"

_OLD = frozenset({"--only=production", "--only=prod", "--production", "--production=true", "--prod"})
_NEW = "--omit=dev"


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.stages:
        if omit(file, stage) == "--production":
            continue  # it is the only spelling there
        for step in stage.steps:
            if isinstance(step.node, Run):
                for call in packages.of_step(step, step.node, escape=file.escape):
                    if isinstance(call, Call) and call.manager == "npm" and call.verb in {"install", "prune"}:
                        yield from _flags(file, stage, call)


def _flags(file: LintFile, stage: Stage, call: Call) -> Iterator[Finding]:
    words = call.command.words
    for index, word in enumerate(words[1:], 1):
        following = words[index + 1] if index + 1 < len(words) else None
        if word.text in _OLD:
            yield _finding(file, stage, call, old=(word,))
        elif word.text == "--only" and following and following.text in {"prod", "production"}:
            yield _finding(file, stage, call, old=(word, following))


def _finding(file: LintFile, stage: Stage, call: Call, *, old: tuple[ShellWord, ...]) -> Finding:
    text = " ".join(word.text for word in old)
    span = old[0].span.to(old[-1].span)
    verb = call.command.texts[1]
    hint = f"write {_NEW}; npm 7 and later warn about the old spelling"
    certain = omit(file, stage) == _NEW
    if not certain:
        hint += "; npm 6 and earlier know only the old one, and which npm this is cannot be told from the base image"
    fix = Fix((Edit(span, _NEW),), f"write {_NEW} for {text}") if certain and _is_exact(old, span) else None
    return file.finding(NAME, f"npm {verb} {text} is a deprecated spelling", span=span, hint=hint, fix=fix)


def _is_exact(old: tuple[ShellWord, ...], span: Span) -> bool:
    return all(word.exact for word in old) and (len(old) == 1 or span.line == span.end_line)
