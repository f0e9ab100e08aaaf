"""`stagemill lint`: mistakes in a Dockerfile, explained and mended. It opens no store and needs no rights."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterable
from dataclasses import field, replace
from pathlib import Path
from typing import TextIO

import click

from stagemill.cli.frame.failure import coloured
from stagemill.cli.given import flags
from stagemill.cli.making.source import located
from stagemill.cli.progress.out import writable
from stagemill.context import load
from stagemill.context.directory import DirectoryContext
from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse
from stagemill.errors import ContextError, StagemillError
from stagemill.lint.file import Known, LintFile
from stagemill.lint.formats import json, text
from stagemill.lint.mend import Mended, diff, mend
from stagemill.lint.rules import RULES, check, select
from stagemill.values import dataclass

_MOST_BYTES = 16 << 20
_STDIN = "-"


@click.command("lint", short_help="Find mistakes in a Dockerfile, explain and mend them.",
               epilog="Rules: " + ", ".join(rule.name for rule in RULES) + ". Exit status: 0 nothing found, 1 findings.")  # fmt: skip
@click.argument("path", default=".", metavar="[PATH]")
@click.option("-f", "--file", metavar="FILE", help="The Dockerfile: a path, or - for standard input. [PATH/Dockerfile]")
@click.option("--build-arg", "build_args", multiple=True, metavar="NAME[=VALUE]", help="Give an ARG a value.")
@click.option("--fix", is_flag=True, help="Mend what can be mended for certain; with -f - the text goes to stdout.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to show it. [text]")
@click.option("--rule", "only", multiple=True, metavar="RULE", help="Ask this rule only; several are possible.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave this rule out; several are possible.")
def command(
    *,
    path: str,
    file: str | None,
    build_args: tuple[str, ...],
    fix: bool,
    form: str,
    only: tuple[str, ...],
    ignore: tuple[str, ...],
) -> int:
    """Find mistakes in the Dockerfile of PATH. What a fix would change is shown as a diff.

    \b
    Examples:
      stagemill lint                            look at ./Dockerfile
      stagemill lint --fix .                    mend what can be mended for certain
      stagemill lint -f - --fix < in > out      the same for a pipe
      stagemill lint --format json .            for programs
    """
    rules = select(only=only, ignore=ignore)
    given = _Given.read(path, file, build_args=flags.build_args(build_args, os.environ))
    if only:
        given = given.asking(rule.name for rule in rules)
    out = sys.stderr if fix and given.is_piped else sys.stdout
    if fix:
        result = mend(given.file, rules)
        _show(_mended(given, result, form=form, colour=coloured(out)), out)
        given.write(result.text)
        return 1 if result.left else 0
    findings = check(given.file, rules)
    if form == "json":
        _show(json.render(findings, dockerfile=given.file.dockerfile), out)
    else:
        shown = text.render(findings, dockerfile=given.file.dockerfile, colour=coloured(out))
        _show(shown + "\n" * bool(shown) + text.summary(findings), out)
    return 1 if findings else 0


@dataclass(slots=True)
class _Stats:
    """Remembers nothing: a lint reads a file or two."""

    known: dict[tuple[int, ...], Digest] = field(default_factory=dict)

    def get(self, key: tuple[int, ...]) -> Digest | None:
        return self.known.get(key)

    def put(self, key: tuple[int, ...], digest: Digest) -> None:
        self.known[key] = digest


@dataclass(frozen=True, slots=True)
class _Given:
    """What is looked at; `place` is where it lies, None for standard input."""

    file: LintFile
    place: Path | None

    @classmethod
    def read(cls, path: str, file: str | None, *, build_args: dict[str, str]) -> _Given:
        """`-` for either is a Dockerfile on standard input, for PATH one without a context; PATH may name the file too.

        Raises StagemillError.
        """
        if file is None and path != _STDIN and Path(path).is_file():
            path, file = os.path.dirname(path) or ".", path
        place: Path | None = None
        if _STDIN in {path, file}:
            data, name = _piped(), "Dockerfile"
        else:
            found = load.dockerfile(Path(path), given=located(file, Path(path)))
            data, name, place = found.data, found.name, found.path
        dockerfile = parse(data, name)
        if path == _STDIN:
            return cls(LintFile.of(dockerfile, build_args=build_args), place)
        rules = load.ignore_rules(Path(path), dockerfile=place)
        ignore = rules.rules if rules else None
        view = DirectoryContext(Path(path), ignore=ignore, stats=_Stats(), started_ns=time.time_ns())
        known = Known(ignore=ignore)
        return cls(LintFile.of(dockerfile, build_args=build_args, context=view, known=known), place)

    def asking(self, names: Iterable[str]) -> _Given:
        """With rules that are asked only where somebody wants it."""
        return replace(self, file=replace(self.file, options=self.file.options.with_experimental(names)))

    @property
    def is_piped(self) -> bool:
        return self.place is None

    def write(self, new: str) -> None:
        """The new text, to where the old one came from; a file only if it changed, all of it or nothing."""
        data = new.encode("utf-8", "surrogateescape")
        if self.place is None:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        elif new != self.file.dockerfile.source.text:
            _replace(self.place, data)


def _piped() -> bytes:
    data = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ContextError(f"the Dockerfile on standard input is larger than {_MOST_BYTES >> 20} MiB")
    return data


def _replace(place: Path, data: bytes) -> None:
    """A file's new content, by rename, with its mode and owner; a symlink stays one."""
    target = Path(os.path.realpath(place))
    new = target.with_name(f".{target.name}.{os.urandom(6).hex()}")
    try:
        status = place.stat()
        if not stat.S_ISREG(status.st_mode):
            raise StagemillError(
                f"cannot mend {place}: it is no regular file", hint="pipe it: stagemill lint --fix -f -"
            )
        try:
            with new.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
                os.fchmod(stream.fileno(), stat.S_IMODE(status.st_mode))
                if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()) and os.geteuid() == 0:
                    os.fchown(stream.fileno(), status.st_uid, status.st_gid)
            new.replace(target)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        hint = f"nothing was changed; make {target.parent} writable, or pipe it: stagemill lint --fix -f - < {place}"
        raise StagemillError(f"cannot write {place}: {error.strerror}", hint=hint) from error


def _mended(given: _Given, result: Mended, *, form: str, colour: bool) -> str:
    """What --fix did, and what it left."""
    old = given.file.dockerfile
    changes = diff(old.source.text, result.text, name=old.source.name)
    if form == "json":
        return json.render(result.left, dockerfile=result.file.dockerfile, done=result.done, diff=changes)
    parts = [
        text.coloured_diff(changes, colour=colour) + text.mended(result.done),
        text.render(result.left, dockerfile=result.file.dockerfile, colour=colour),
        text.summary(result.left, done=len(result.done), fixing=True),
    ]
    return "\n".join(part for part in parts if part)


def _show(shown: str, out: TextIO) -> None:
    out.write(writable(shown, out))
    out.flush()
