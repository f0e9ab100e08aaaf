"""`deprecated-npm-flag`: npm is told in its old spelling to leave out packages for development."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Run
from stagemill.lint import packages
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.packages import Call
from stagemill.lint.shell import ShellWord
from stagemill.lint.stages import Stage

NAME = "deprecated-npm-flag"
SUMMARY = "npm is told --only=production or --production"

_OLD = frozenset({"--only=production", "--only=prod", "--production", "--production=true", "--prod"})
_NEW = "--omit=dev"
_NODE = re.compile(r"(?:.*/)?node(?::([^@]*))?(?:@.*)?")
_FIRST_WITH_OMIT = 15  # it came with npm 7
_CURRENT = re.compile(r"(?:latest|lts|current|slim|alpine|bookworm|trixie)(?:-.*)?")


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.stages:
        old = major(file, stage)
        if old is not None and old < _FIRST_WITH_OMIT:
            continue
        for step in stage.steps:
            if isinstance(step.node, Run):
                for call in packages.of_step(step, step.node, escape=file.escape):
                    if isinstance(call, Call) and call.manager == "npm" and call.verb in {"install", "prune"}:
                        yield from _flags(file, stage, call)


def major(file: LintFile, stage: Stage) -> int | None:
    """The major version of the node image that a stage begins from, a high one for tags that move; None if not known."""
    base = file.chain(stage)[0].base
    match = _NODE.fullmatch(base or "")
    if match is None:
        return None
    tag = match[1] or "latest"
    number = re.match(r"[0-9]+", tag)
    if number:
        return int(number.group()[:6])
    moving = _CURRENT.fullmatch(tag) and not re.match(r"lts-(?:argon|boron|carbon|dubnium|erbium|fermium)", tag)
    return 1000 if moving else None


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
    certain = major(file, stage) is not None
    if not certain:
        hint += "; npm 6 and earlier know only the old one, and which npm this is cannot be told from the base image"
    fix = Fix((Edit(span, _NEW),), f"write {_NEW} for {text}") if certain and _is_exact(old, span) else None
    return file.finding(NAME, f"npm {verb} {text} is a deprecated spelling", span=span, hint=hint, fix=fix)


def _is_exact(old: tuple[ShellWord, ...], span: Span) -> bool:
    return all(word.exact for word in old) and (len(old) == 1 or span.line == span.end_line)
