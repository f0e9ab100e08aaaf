"""Packages that are installed after files were copied which the install does not read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stagemill.insight.why.advising.saving import Advice, cut, duration, saving
from stagemill.insight.why.causes import Kind
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.files import KEPT
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class _Install:
    """A command that installs by what some files say; one with a word of `unless` reads the whole project."""

    pattern: re.Pattern[str]
    reads: tuple[str, ...] = ()
    unless: re.Pattern[str] = re.compile(r"(?!)")
    only: re.Pattern[str] = re.compile("")


_NODE = (
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "yarn.lock",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
)
_PYTHON = ("requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock", "setup.py", "setup.cfg")
_LOCAL = re.compile(r"\s(?:-e|--editable|\.|\./\S*|\.\[\S*|/\S+)(?=\s|$)|\sfile:")
_INSTALLS = (
    _Install(re.compile(r"(?:npm|pnpm|yarn)\s+(?:ci|install|i|--frozen-lockfile|--immutable)\b|yarn\s*$"), _NODE, unless=_LOCAL),
    _Install(re.compile(r"(?:python3?\s+-m\s+)?pip3?\s+install\b|uv\s+pip\s+(?:install|sync)\b"), _PYTHON, unless=_LOCAL),
    _Install(re.compile(r"uv\s+sync\b"), _PYTHON, only=re.compile(r"--no-install-project\b")),
    _Install(re.compile(r"poetry\s+install\b"), _PYTHON, only=re.compile(r"--no-root\b")),
    _Install(re.compile(r"go\s+mod\s+download\b"), ("go.mod", "go.sum", "go.work", "go.work.sum")),
    _Install(re.compile(r"bundle\s+install\b"), ("Gemfile", "Gemfile.lock", ".ruby-version")),
    _Install(re.compile(r"apt(?:-get)?\s+(?:-\S+\s+)*install\b(?!.*\s\.?/)|apk\s+(?:-\S+\s+)*add\b(?!.*\s\.?/)|(?:micro)?(?:dnf|yum)\s+(?:-\S+\s+)*install\b(?!.*\s\.?/)")),
)  # fmt: skip
# What often stands beside an install and reads no file of a project either.
_BESIDE = re.compile(
    r"(?:apt-get|apt)\s+(?:-\S+\s+)*(?:update|clean|autoremove)\b|apk\s+update\b|(?:dnf|yum)\s+clean\b|rm\s+-rf?\s+/"
    r"|corepack\s|set\s|:|true$|npm\s+(?:cache|config|set)\b|yarn\s+(?:cache|config|set)\b|pip3?\s+cache\b|cd\s"
)
_MOUNT = re.compile(r"^RUN\s+(?:--\S+\s+)*", re.IGNORECASE)


def installs(explained: Sequence[Explained]) -> Iterator[Advice]:
    by_digest = {one.step.digest: one for one in explained}
    for one in explained:
        copied = by_digest.get(one.cause.root)
        if copied is None or copied.cause.kind is not Kind.FILE or copied.step.stage != one.step.stage:
            continue
        if one.also or copied.also or len(copied.cause.files) >= KEPT:
            continue
        commands = _commands(one.step.text)
        known = [(command, kind) for command in commands if (kind := _kind(command))]
        paths = {change.path.rpartition("/")[2] for change in copied.cause.files}
        reads = {name for _, kind in known for name in kind.reads}
        if known and paths and not paths & reads and not any(map(_is_read_by, commands, [paths] * len(commands))):
            others = [command for command in commands if not _kind(command) and not _BESIDE.match(command)]
            yield _told(one, copied, known, alone=not others)


def _commands(text: str) -> list[str]:
    """The commands of a RUN, roughly: as many as its shell runs after each other."""
    script = _MOUNT.sub("", text).replace("\\\n", " ")
    return [part for text in re.split(r"&&|\|\||;|\n", script) if (part := " ".join(text.split()))]


def _kind(command: str) -> _Install | None:
    bare = re.sub(r"^(?:[A-Za-z_]\w*=\S*\s+|sudo\s+)*", "", command)
    return next(
        (
            kind
            for kind in _INSTALLS
            if kind.pattern.match(bare) and kind.only.search(bare) and not kind.unless.search(bare)
        ),
        None,
    )


def _is_read_by(command: str, names: set[str]) -> bool:
    """Whether a command names one of the files itself, as `pip install -r dev.txt` does."""
    return any(word.rpartition("/")[2] in names for word in command.split())


def _told(one: Explained, copied: Explained, known: Sequence[tuple[str, _Install]], *, alone: bool) -> Advice:
    step, line = one.step, one.step.line
    reads = next((kind.reads for _, kind in known if kind.reads), ())
    below = f" (with a COPY of {reads[0]} and its like before it)" if reads else ""
    what = f"{cut(step.text)} at line {line} runs after {cut(copied.step.text)} of line {copied.step.line}"
    if alone:
        return saving(f"{what}: moved above it{below}", line, [one])
    part = f"{cut(known[0][0])} in a RUN of its own above it{below}"
    return Advice(f"{what}: with {part}, a part of {duration(one.outcome.seconds)} stays cached", line)
