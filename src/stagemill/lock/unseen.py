"""What a lock cannot see: steps that bring something from a network which nothing names by a digest.

A RUN may ask anybody for anything, and only its text is known. These are the ways that are told by their names; a RUN of
which nothing is said here may still do so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from stagemill.errors import Excerpt
from stagemill.files.view import FileView
from stagemill.graph import operations
from stagemill.lock import packages, reading, snapshots
from stagemill.plan.planner import Plan
from stagemill.regex import regex
from stagemill.values import dataclass

_WORD = r"[^\s;&|]+"
_PINNED = "--require-hashes"


@dataclass(frozen=True, slots=True)
class Unseen:
    """`what` brings something; `remedy` is how to have that named."""

    what: str
    remedy: str
    at: Excerpt | None


@dataclass(frozen=True, slots=True)
class _Way:
    """A program that brings something: how its call is written, and what would name it."""

    name: str
    call: re.Pattern[str]
    remedy: str


def _way(name: str, verbs: str, remedy: str, *, program: str) -> _Way:
    """Between the program and its verb are options, each with a value or without."""
    end = r"(?![\w-])"
    options = rf"(?:[ \t]+-{_WORD}(?:[ \t]+(?!-|(?:{verbs}){end}){_WORD})?)*"
    return _Way(name, re.compile(rf"(?<![\w./-])(?:{program}){options}[ \t]+(?:{verbs}){end}"), remedy)


_INSTALL = (
    _way("apt-get install", "install", "give a snapshot: apt-get --snapshot 20240501T000000Z", program="apt|apt-get"),
    _way("apk add", "add", "write NAME=VERSION for each package", program="apk"),
    _way("dnf install", "install", "write NAME-VERSION for each package", program="dnf|microdnf|yum"),
    _way("npm install", "install|i|add", "copy package-lock.json and write npm ci", program="npm"),
    _way("pip install", "install", f"copy requirements.txt with hashes and write {_PINNED}", program="pip3?|uv[ ]pip"),
    _way("cargo install", "install", "write --locked and --version", program="cargo"),
    _way("go install", "install", "write @VERSION, and copy go.sum", program="go"),
)
_DOWNLOAD = regex(r"(?<![\w./-])(?P<program>curl|wget)[ \t][^;&|\n]*?\w+://")


def unseen(plans: Sequence[Plan], views: Mapping[str, FileView]) -> Iterator[Unseen]:
    """In the order of the file; each way once for an instruction."""
    days = any(True for _ in snapshots.named(plans, views))
    runs = [vertex for vertex in reading.vertices(plans) if isinstance(vertex.op, operations.Run)]
    found: dict[tuple[str, str], Unseen] = {}
    for vertex in runs:
        assert isinstance(vertex.op, operations.Run)
        for one in _of(vertex.op, vertex.label.at, days=days):
            found.setdefault((str(one.at), one.what), one)
    for file in packages.without_hashes(plans, views):
        remedy = "let pip-compile --generate-hashes or uv export write it"
        found.setdefault((str(file.at), file.path), Unseen(f"{file.path} without hashes", remedy, file.at))
    return iter(sorted(found.values(), key=lambda one: (one.at.file, one.at.line) if one.at else ("", 0)))


def _of(run: operations.Run, at: Excerpt | None, *, days: bool) -> Iterator[Unseen]:
    """With `days` some snapshot is named: apt is taken to install from it."""
    if run.network == "none":
        return
    text = " ".join([*run.args, *(run.script or ())]).replace("\\\n", " ")
    for way in _INSTALL:
        settled = (way.name.startswith("apt") and days) or (way.name.startswith("pip") and _PINNED in text)
        if way.call.search(text) and not settled:
            yield Unseen(way.name, way.remedy, at)
    if download := _DOWNLOAD.search(text):
        yield Unseen(download["program"], "write ADD --checksum=sha256:… URL", at)
