"""How errors look: what failed, where it stands in the Dockerfile, what the process said last, what to do."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from typing import TextIO

import click

from stagemill.dockerfile.source import printable
from stagemill.errors import DockerfileError, StagemillError, StepError, TemplateError, masked


def show(error: StagemillError, *, stream: TextIO | None = None) -> None:
    """Writes an error for a person, in colour where the terminal has it."""
    out = stream or sys.stderr
    red, dim, reset = ("\x1b[1;31m", "\x1b[2m", "\x1b[0m") if coloured(out) else ("", "", "")
    lines: list[str] = []
    if isinstance(error, StepError) and error.tail:
        lines += [f"{dim}last lines of its output:{reset}", *(f"  {line}" for line in error.tail.split("\n"))]
    lines.append(f"{red}error:{reset} {_harmless(error.message)}")
    if isinstance(error, DockerfileError | TemplateError) and error.at:
        lines.append(_harmless(error.at.render()))
    if isinstance(error, StepError) and error.log:
        lines.append(f"{dim}full log:{reset} {error.log}")
    if error.hint:
        lines.append(f"hint: {_harmless(error.hint)}")
    with suppress(OSError):  # whoever was listening has gone
        out.write("\n".join(lines) + "\n")
        out.flush()


def _harmless(text: str) -> str:
    """What a terminal takes for an order came from a file or a server that is shown here."""
    return "\n".join(map(printable, text.split("\n")))


def report(error: BaseException) -> int:
    """Shows why a command ended, whatever it was. Returns the exit status."""
    match error:
        case StagemillError():
            show(error)
            return error.exit_code
        # What comes while a class is made is wrapped by Python.
        case KeyboardInterrupt() | click.Abort() | RuntimeError(__cause__=KeyboardInterrupt()):
            sys.stderr.write("\nstopped\n")
            return 130
        case BrokenPipeError():
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        case MemoryError():
            show(StagemillError("there is not enough memory", hint="free some, or build fewer steps at once"))
            return 1
        case OSError():
            where = f" {error.filename!r}" if error.filename else ""
            hint = (
                "free some space and try again; nothing that was finished is lost"
                if error.errno == errno.ENOSPC
                else None
            )
            show(StagemillError(f"the system refused{where}: {error.strerror or error}", hint=hint))
            return 1
        case _:
            return crashed(error)


def crashed(error: BaseException) -> int:
    """A bug of ours: the details go to a file, and the person is told where. Returns the exit status."""
    what = f"{type(error).__name__}: {error}"
    told = masked("".join(traceback.format_exception(error)))
    try:
        descriptor, path = tempfile.mkstemp(prefix="stagemill-crash-", suffix=".txt")
        with os.fdopen(descriptor, "w", errors="backslashreplace") as file:
            file.write(told)
        hint = f"this is a bug in stagemill; please report it with the file {path}"
    except OSError as no_file:
        where = traceback.extract_tb(error.__traceback__)[-1:]
        place = "".join(f" in {frame.filename}:{frame.lineno}" for frame in where)
        hint = f"this is a bug in stagemill{place}; the details could not be written: {no_file.strerror}"
    show(StagemillError(f"unexpected {what}", hint=hint))
    return 1


def coloured(stream: TextIO) -> bool:
    """Whether a person sees colours there and wants to."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
