"""`Debugger`: what `--invoke` does where a RUN fails: a shell in what the process left, and a question what is to become of it."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Lock

from stagemill.cli.container import shells
from stagemill.cli.frame.failure import show
from stagemill.dockerfile.source import printable
from stagemill.errors import CancelledError, StagemillError, UsageError
from stagemill.execute.container import has_program
from stagemill.execute.pausing import AGAIN, Standing

_GLANCE = 0.1  # seconds between two looks at whether the build was stopped
_MOST = 4096  # bytes of an answer
_QUESTION = "debug: [s]hell again, a shell [b]efore the step, [r]un the step again, or [q]uit the build? "


class Debugger:
    """A `Pauser` with a person at the terminal, who looks at one step at a time. Who has given up is not asked again."""

    def __init__(self, command: str, held: Callable[[], AbstractContextManager[None]]) -> None:
        """`command` is run by the shell; where it is empty, the person types. `held` keeps others from the terminal."""
        self._command = command
        self._held = held
        self._turn = Lock()
        self._given_up = False

    def again(self, standing: Standing) -> bool:
        with self._turn:
            if self._given_up or standing.cancelled.is_set():
                return False
            with self._held():
                again = self._talk(standing)
            self._given_up = not again
            return again

    def _talk(self, standing: Standing) -> bool:
        show(standing.error)
        self._open(standing, before=False)
        while True:
            match _ask(standing.cancelled):
                case "s" | "shell":
                    self._open(standing, before=False)
                case "b" | "before":
                    self._open(standing, before=True)
                case "r" | "run":
                    return True
                case "q" | "quit" | None:
                    return False
                case "":
                    pass
                case other:
                    _say(f"there is no {printable(other)}: answer s, b, r or q")

    def _open(self, standing: Standing, *, before: bool) -> None:
        own = has_program(standing.view, "/bin/sh")
        found = (("/bin/sh",), ()) if own else shells.busybox()
        if found is None:
            _say(f"the files of this step have no /bin/sh; {shells.INSTALL} brings one along")
            return
        args, mounts = found
        if self._command:
            args = (*args, "-c", self._command)
        else:
            state = "before the step" if before else "as the failed process left them"
            more = f"; {AGAIN} runs the step" if own else ""
            _say(f"a shell in the files {state}{more}; leave it with exit")
        try:
            status = standing.open(args, mounts, before=before)
        except CancelledError:
            raise
        except StagemillError as error:
            show(error)
            return
        _say(f"the shell ended with status {status}")


def check() -> None:
    """Raises UsageError where nobody could be asked."""
    for stream, name in (
        (sys.stdin, "standard input"),
        (sys.stdout, "standard output"),
        (sys.stderr, "standard error"),
    ):
        if not stream.isatty():
            hint = "leave it out; stagemill log prints all that a step wrote"
            raise UsageError(f"--invoke needs a terminal, and {name} is none", hint=hint)


def _ask(stopped: Event) -> str | None:
    """The next line that is typed, in lower case; None where there is none any more. Raises CancelledError."""
    sys.stderr.write(_QUESTION)
    sys.stderr.flush()
    while not select.select([0], [], [], _GLANCE)[0]:
        if stopped.is_set():
            raise CancelledError("the build was stopped")
    data = os.read(0, _MOST)
    if not data:
        _say("nothing more is typed: the build ends")
        return None
    return data.decode(errors="replace").strip().lower()


def _say(text: str) -> None:
    sys.stderr.write(f"debug: {text}\n")
    sys.stderr.flush()
