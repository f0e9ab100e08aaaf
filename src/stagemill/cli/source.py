"""What a build reads: the Dockerfile and the context, from a directory, a file or standard input."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stagemill.context import load
from stagemill.context.directory import DirectoryContext
from stagemill.context.ignore import IgnoreRules
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import ContextError, StagemillError, UsageError
from stagemill.plan.request import MainContext
from stagemill.store.store import Store

_REMOTE = re.compile(r"(?:https?|git|ssh)://|git@[\w.-]+:|github\.com/", re.IGNORECASE)
_MOST_BYTES = 16 << 20
_HEAD = 512  # bytes: a tar's magic number ends at 262


@dataclass(frozen=True, slots=True)
class Inputs:
    """A parsed Dockerfile with the context it is built in, if there is one."""

    dockerfile: Dockerfile
    context: MainContext | None


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The rules of an ignore file, and what it is called."""

    rules: IgnoreRules
    name: str

    def explain(self, path: str, /) -> str | None:
        """The rule that hides a path, or the directory that the path lies in."""
        parts = path.split("/")
        for depth in range(len(parts), 0, -1):
            if found := self.rules.rule_for("/".join(parts[:depth])):
                return f'line {found[0]} of {self.name} ("{found[1]}")'
        return None


@contextmanager
def open_inputs(context: str, file: str | None, *, store: Store, ignore_file: str | None = None) -> Iterator[Inputs]:
    """Reads the Dockerfile and opens the context; `-` is standard input. Raises StagemillError.

    `ignore_file` takes the place of those that a build would find.
    """
    for place in (context, file or ""):
        if _REMOTE.match(place):
            raise StagemillError(
                f"a remote context or Dockerfile is not supported yet: {place}", hint="clone or download it first"
            )
    if context == "-":
        if ignore_file is not None:
            raise UsageError(
                "--ignorefile is for a directory", hint="leave it out, or leave the files out of the archive"
            )
        if file == "-":
            raise UsageError("standard input cannot be both the context and the Dockerfile")
        with _piped(sys.stdin.buffer, file, store=store) as inputs:
            yield inputs
        return
    folder = Path(context)
    if not folder.is_dir():
        found = f"is no directory: {context}" if folder.exists() else f"does not exist: {context}"
        hint = "name the directory that holds the files; -f names the Dockerfile"
        raise ContextError(f"the build context {found}", hint=hint)
    if file == "-":
        text = load.DockerfileText(_read(sys.stdin.buffer), "Dockerfile", folder / "Dockerfile")
    else:
        text = load.dockerfile(folder, given=located(file, folder))
    dockerfile = parse(text.data, text.name)
    if ignore_file is None:
        rules = load.ignore_rules(folder, dockerfile=None if file == "-" else text.path)
    else:
        rules = load.rules_of(Path(ignore_file))
    with _opened(folder, rules, store=store) as main:
        yield Inputs(dockerfile, main)


def located(file: str | None, folder: Path) -> Path | None:
    """The Dockerfile that was named: from the working directory, or, where it is not there, from the context."""
    if file is None:
        return None
    path = Path(file)
    return path if path.exists() or not (folder / path).exists() else folder / path


@contextmanager
def _opened(folder: Path, rules: load.FoundRules | None, *, store: Store) -> Iterator[MainContext]:
    stats = store.stat_cache(str(folder.absolute()))
    ignore = IgnoreFile(rules.rules, rules.name) if rules else None
    view = DirectoryContext(folder, ignore=rules.rules if rules else None, stats=stats, started_ns=time.time_ns())
    yield MainContext(view, ignored=ignore)
    stats.save()


@contextmanager
def _piped(stream: BinaryIO, file: str | None, *, store: Store) -> Iterator[Inputs]:
    """A tar with everything, or a Dockerfile alone."""
    from stagemill.context.archive import is_archive, unpack_context

    if stream.isatty():
        raise UsageError("no context: standard input is a terminal", hint="stagemill build . builds this directory")
    head = stream.read(_HEAD)
    if not is_archive(head):
        data = head + _read(stream)
        if not data.strip():
            raise ContextError("standard input is empty", hint="pipe a Dockerfile or a tar into it")
        yield Inputs(parse(data, "Dockerfile"), None)
        return
    with store.scratch() as scratch:
        unpack_context(_Joined(head, stream), scratch)
        text = load.dockerfile(scratch, given=scratch / file if file else None)
        with _opened(scratch, None, store=store) as main:
            yield Inputs(parse(text.data, file or text.name), main)


@dataclass(slots=True)
class _Joined:
    """A stream whose beginning has been read already."""

    head: bytes
    rest: BinaryIO

    def read(self, size: int, /) -> bytes:
        if self.head:
            data, self.head = self.head[:size], self.head[size:]
            return data
        return self.rest.read(size)


def _read(stream: BinaryIO) -> bytes:
    data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ContextError(f"the Dockerfile on standard input is larger than {_MOST_BYTES >> 20} MiB")
    return data
