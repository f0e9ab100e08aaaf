"""Which npm a stage has, as far as its base image tells: `--omit=dev` came with npm 7, and npm 6 passes over it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from stagemill.lint.file import LintFile
from stagemill.lint.stages import Stage
from stagemill.regex import regex

Omit: TypeAlias = Literal["--omit=dev", "--production"]

_NODE = regex(r"(?:.*/)?node(?::([^@]*))?(?:@.*)?")
_NUMBER = regex(r"[0-9]{1,6}")
_FIRST_WITH_NPM_7 = 15
_MOVING = regex(r"(?:latest|lts|current)(?:-(?:slim|alpine|bookworm|trixie).*)?|(?:slim|alpine|bookworm|trixie).*")


def omit(file: LintFile, stage: Stage) -> Omit | None:
    """How npm is told in this stage to leave out packages for development; None where the base is no node image."""
    match = _NODE.fullmatch(file.chain(stage)[0].base or "")
    if match is None:
        return None
    tag = match[1] or "latest"
    number = _NUMBER.match(tag)
    if number:
        return "--omit=dev" if int(number.group()) >= _FIRST_WITH_NPM_7 else "--production"
    return "--omit=dev" if _MOVING.fullmatch(tag) else None
