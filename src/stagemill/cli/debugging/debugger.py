"""`Debugger`: what `--invoke` and `--break` do: a shell in the files of a RUN, and a question what is to become of it."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from threading import Event, Lock

from stagemill.cli.container import shells
from stagemill.cli.frame.failure import show
from stagemill.digest import Digest
from stagemill.dockerfile.source import printable
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import CancelledError, DockerfileError, StagemillError, StepError
from stagemill.execute.container import has_program
from stagemill.execute.pausing import AGAIN, Standing
from stagemill.graph.operations import Run
from stagemill.plan import rerun
from stagemill.plan.planner import Plan

_GLANCE = 0.1  # seconds between two looks at whether the build was stopped
_MOST = 4096  # bytes of an answer
_FAILED = "[s]hell again, a shell [b]efore the step, [r]un the step again, build [a]new, or [q]uit the build?"
_BEFORE = "[s]hell again, [g]o on, build [a]new, or [q]uit the build?"


class Debugger:
    """A `Pauser` with a person at the terminal, who looks at one step at a time. Who has given up is not asked again; `anew` says
    that they did so for another build of what the files are by now.
    """

    def __init__(
        self, command: str, held: Callable[[], AbstractContextManager[None]], *, breaks: Sequence[str] = ()
    ) -> None:
        """`command` is run by the shell; where it is empty, the person types. `held` keeps others from the terminal, `breaks` are
        lines and stages to stop at.
        """
        self._command = command
        self._breaks = breaks
        self._stops: frozenset[Digest] = frozenset()
        self._held = held
        self._turn = Lock()
        self._given_up = False
        self.anew = False

    def stops(self, dockerfile: Dockerfile, plans: Sequence[Plan]) -> frozenset[Digest]:
        found = list(rerun.steps(self._breaks, dockerfile, plans, flag="--break"))
        for step in found:
            if not isinstance(step.vertex.op, Run):
                hint = (
                    "break at a RUN, before or after it; stagemill shell --target STAGE opens a shell in a whole stage"
                )
                raise DockerfileError("--break is for steps that run something", at=step.at, hint=hint)
        self._stops = frozenset(step.vertex.digest for step in found)
        return self._stops

    def begin(self, standing: Standing) -> bool:
        return standing.vertex.digest not in self._stops or self._in_turn(standing, None)

    def again(self, standing: Standing, error: StepError) -> bool:
        return self._in_turn(standing, error)

    def _in_turn(self, standing: Standing, error: StepError | None) -> bool:
        with self._turn:
            if self._given_up or standing.cancelled.is_set():
                return False
            with self._held():
                if error:
                    show(error)
                elif at := standing.vertex.label.at:
                    _say(f"stopped before this step\n{at.render()}")
                goes_on = self._talk(standing, failed=error is not None)
            self._given_up = not goes_on
            return goes_on

    def _talk(self, standing: Standing, *, failed: bool) -> bool:
        """Whether the step is run."""
        self._open(standing, before=not failed)
        while True:
            match _ask(_FAILED if failed else _BEFORE, standing.cancelled):
                case "s" | "shell":
                    self._open(standing, before=not failed)
                case "b" | "before" if failed:
                    self._open(standing, before=True)
                case "r" | "run" | "retry" if failed:
                    return True
                case "g" | "go" | "go on" | "continue" if not failed:
                    return True
                case "a" | "anew":
                    self.anew = True
                    return False
                case "q" | "quit" | None:
                    return False
                case "":
                    pass
                case other:
                    _say(f"there is no {printable(other)}: answer {'s, b, r, a or q' if failed else 's, g, a or q'}")

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
            _say(f"a shell in the files {state}{more}")
            _say("nothing of what is done here gets into the image; a question follows when you leave it with exit")
        try:
            status = standing.open(args, mounts, before=before)
        except CancelledError:
            raise
        except StagemillError as error:
            show(error)
            return
        _say(f"the shell ended with status {status}")


def _ask(question: str, stopped: Event) -> str | None:
    """The next line that is typed, in lower case; None where there is none any more. Raises CancelledError."""
    sys.stderr.write(f"debug: {question} ")
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
