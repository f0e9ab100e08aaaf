"""Where a lock lies, how it is read, and the command that writes it."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.errors import UsageError
from stagemill.events import Listener, Notice
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cli.frame.environment import Workplace
    from stagemill.cli.frame.values import Values
    from stagemill.cli.making.building import BuildFlags
    from stagemill.lock.entries import Lock
    from stagemill.lock.kept import Remedy

LOCK = "stagemill.lock"
_SUFFIX = ".lock"
_FLAGS = (
    ("file", "-f"), ("also", "--also"), ("build_arg", "--build-arg"),
    ("build_arg_file", "--build-arg-file"), ("build_context", "--build-context"), ("policy", "--policy"),
    ("ignorefile", "--ignorefile"), ("platform", "--platform"), ("secret", "--secret"), ("ssh", "--ssh"),
    ("authfile", "--authfile"), ("cert_dir", "--cert-dir"),
)  # fmt: skip
_SWITCHES = (("all_stages", "--all-stages"), ("all_platforms", "--all-platforms"))


@dataclass(frozen=True, slots=True)
class LockFlag:
    """`--locked`, or the lock of `stagemill lock`: the `file`, empty for the one beside the Dockerfile."""

    file: str
    remedy: Remedy

    @classmethod
    def of(cls, values: Values) -> LockFlag | None:
        """What a build was given; None where it is not held to a lock. Raises UsageError."""
        text = values.given.get("locked")
        if not isinstance(text, str) or text == "false":
            return None
        if not text:
            raise UsageError("--locked= names no file", hint="write --locked, or --locked=FILE")
        file = "" if text == "true" else text
        return cls(file, remedy(values, file=file))

    def hold(self, build: BuildFlags, place: Workplace, listener: Listener) -> None:
        """From now on nothing is had but what is in the lock, which must be there. Raises UsageError."""
        from stagemill.lock.kept import KeptLock

        path = self.place(build.context, build.file, flag="--locked")
        lock = read(path)
        if lock is None:
            raise UsageError(f"there is no lock {path}", hint=f"write it: {self.remedy.write}")
        place.pins = place.lock = KeptLock(lock, os.fspath(path), self.remedy)
        if build.pull:
            text = f"--pull has no effect: {path} says what each image is\nhint: stagemill lock --update asks again"
            listener(Notice(text, time.time()))

    def place(self, context: str, file: str | None, *, flag: str) -> Path:
        """`stagemill.lock` beside the Dockerfile, or NAME.lock beside one that is called NAME.

        Raises UsageError, and ContextError for a link in the context that leads out of it.
        """
        from stagemill.cli.making.source import located
        from stagemill.context import load

        if self.file:
            return Path(self.file)
        folder = Path(context)
        named = located(file, folder)
        here = folder.is_dir() if named is None or not named.is_absolute() else True
        path = load.place(folder, given=named) if here and "-" not in (context, file) else None
        if path is None and ("-" in (context, file) or "://" in f"{context} {file}" or not here):
            message = "the Dockerfile is not one of this machine, so no lock lies beside it"
            raise UsageError(message, hint=f"name a file: {flag}=FILE")
        beside = path or folder / load.DOCKERFILE
        lock = beside.with_name(LOCK if beside.name in load.NAMES else f"{beside.name}{_SUFFIX}")
        load.check_link(lock, folder, hint=f"put the file itself there, or name one: {flag}=FILE")
        return lock


def remedy(values: Values, *, file: str) -> Remedy:
    """How `stagemill lock` is called for a command line; `file` is the lock, if one was named."""
    from stagemill.lock.kept import Remedy

    flags = [*_given(values), *([f"--lock-file={shlex.quote(file)}"] if file else [])]
    return Remedy(" ".join(flags), shlex.quote(values.text("context") or "."))


def _given(values: Values) -> Iterator[str]:
    """The flags that say what is built. Of a target only the stage: a lock names no image."""
    for name, flag in _FLAGS:
        value = values.given.get(name)
        texts = value if isinstance(value, tuple) else () if value is None else (value,)
        yield from (f"{flag} {shlex.quote(str(text))}" for text in texts)
    targets = values.given.get("target")
    for target in targets if isinstance(targets, tuple) else (targets,):
        if target:
            yield f"--target {shlex.quote(str(target).partition('=')[0])}"
    yield from (flag for name, flag in _SWITCHES if values.given.get(name) is True)
    if (sbom := values.given.get("sbom")) and "generator=" in str(sbom):
        yield f"--sbom={shlex.quote(str(sbom))}"
    if verify := values.given.get("tls_verify"):
        yield f"--tls-verify={shlex.quote(str(verify))}"


def read(path: Path) -> Lock | None:
    """The lock in a file; None where there is no such file. Raises UsageError."""
    from stagemill.lock.document import parse

    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is no UTF-8"
        raise UsageError(
            f"cannot read the lock {path}: {why}", hint="name the file that stagemill lock writes"
        ) from error
    return parse(text, os.fspath(path))


def write(path: Path, text: str) -> None:
    """The file has the text afterwards, or what it had before. Raises UsageError."""
    real = Path(os.path.realpath(path))
    draft = real.with_name(f".{real.name}.{os.getpid()}")
    try:
        draft.write_text(text, "utf-8")
        os.replace(draft, real)
    except OSError as error:
        draft.unlink(missing_ok=True)
        why = (error.strerror or str(error)).lower()
        hint = "name a file in a directory that can be written: --lock-file FILE"
        raise UsageError(f"cannot write the lock {path}: {why}", hint=hint) from error
