"""`Given`, the Dockerfile that is looked at, with its surroundings, and where its new text goes."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterable
from dataclasses import field, replace
from pathlib import Path

from stagemill.cli.frame import roots
from stagemill.cli.making.source import located
from stagemill.context import load
from stagemill.context.directory import DirectoryContext
from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse
from stagemill.errors import ContextError, StagemillError, StoreError
from stagemill.lint import reach
from stagemill.lint.evidence import Evidence
from stagemill.lint.file import Known, LintFile
from stagemill.values import dataclass

_MOST_BYTES = 16 << 20
STDIN = "-"


@dataclass(slots=True)
class Stats:
    """Remembers nothing: a lint reads a file or two."""

    known: dict[tuple[int, ...], Digest] = field(default_factory=dict)

    def get(self, key: tuple[int, ...]) -> Digest | None:
        return self.known.get(key)

    def put(self, key: tuple[int, ...], digest: Digest) -> None:
        self.known[key] = digest


@dataclass(frozen=True, slots=True)
class Given:
    """What is looked at; `place` is where it lies, None for standard input, and `context` its context, None without one."""

    file: LintFile
    place: Path | None
    context: str | None = None

    @classmethod
    def read(cls, path: str, file: str | None, *, build_args: dict[str, str], known: Known) -> Given:
        """`-` for either is a Dockerfile on standard input, for PATH one without a context; PATH may name the file too.

        Raises StagemillError.
        """
        if file is None and path != STDIN and Path(path).is_file():
            path, file = os.path.dirname(path) or ".", path
        place: Path | None = None
        if STDIN in {path, file}:
            data, name = _piped(), "Dockerfile"
        else:
            found = load.dockerfile(Path(path), given=located(file, Path(path)))
            data, name, place = found.data, found.name, found.path
        dockerfile = parse(data, name)
        if path == STDIN:
            return cls(LintFile.of(dockerfile, build_args=build_args, known=known), place)
        rules = load.ignore_rules(Path(path), dockerfile=place)
        ignore = rules.rules if rules else None
        view = DirectoryContext(Path(path), ignore=ignore, stats=Stats(), started_ns=time.time_ns())
        file_known = replace(known, ignore=ignore)
        return cls(LintFile.of(dockerfile, build_args=build_args, context=view, known=file_known), place, path)

    def asking(self, names: Iterable[str], *, without: Iterable[str] = ()) -> Given:
        """With rules that are asked only where somebody wants it, and without others."""
        options = self.file.options.with_experimental(names, skip=without)
        return replace(self, file=replace(self.file, options=options))

    def aiming(self, target: str) -> Given:
        """Looking only at what that stage needs. Raises StagemillError where there is no such stage."""
        from stagemill.plan.outline import find_stage

        stage = find_stage(self.file.stages, target, "target stage")
        around = replace(self.file.surroundings, target=stage.index, needed=reach.needed(self.file, stage))
        return replace(self, file=replace(self.file, surroundings=around))

    def knowing(self, *, demanded: bool) -> Given:
        """With what builds have shown. Raises StagemillError where it is `demanded` and nothing is known."""
        shown: tuple[Evidence, ...] = ()
        root = roots.store_root(os.environ, root=os.geteuid() == 0)
        try:
            if self.context is not None and os.path.exists(os.path.join(root, "state.sqlite")):
                from stagemill.cli.linting import evidence

                shown = evidence.found(self.context, self.file, Path(root))
        except StoreError:
            if demanded:
                raise
        if demanded and not shown:
            hint = "stagemill build . builds this directory; stagemill builds lists what was built"
            raise StagemillError("no build of this file is known here", hint=hint)
        return replace(self, file=replace(self.file, surroundings=replace(self.file.surroundings, evidence=shown)))

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
