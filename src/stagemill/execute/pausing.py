"""`Standing`: a RUN that stands still, since its process failed, or before it begins; `Pauser`: who looks at it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Protocol

from stagemill.digest import Digest
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import StepError
from stagemill.files.view import FileView
from stagemill.graph.vertex import Vertex
from stagemill.sandbox.process import Bind, Mount, Process, Rootfs
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.plan.planner import Plan
    from stagemill.sandbox.protocol import Sandbox

AGAIN = "/dev/stagemill/step"
"""Where a program finds what the RUN runs, as a script."""


class Pauser(Protocol):
    """Is asked from the threads of a build, of several steps at once."""

    def stops(self, dockerfile: Dockerfile, plans: Sequence[Plan]) -> frozenset[Digest]:
        """The RUNs that stand still before they begin; they are run though the cache has them. Raises StagemillError."""
        ...

    def begin(self, standing: Standing) -> bool:
        """Whether the RUN is to begin now; else the build is given up."""
        ...

    def again(self, standing: Standing, error: StepError) -> bool:
        """Whether a RUN that failed is to be run once more, from its beginning; else it has failed."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What it has, and has left. `view` has the files from before it; `cancelled` is set when nobody waits any more; `scratch` is a directory for what
    is thrown away.
    """

    vertex: Vertex
    view: FileView
    cancelled: Event
    process: Process
    rootfs: Rootfs
    scratch: Path
    sandbox: Sandbox

    def open(self, args: Sequence[str], mounts: Sequence[Mount] = (), *, before: bool = False) -> int:
        """Runs a program on the caller's terminal with all that the RUN has: mounts, variables, user, directory, limits.

        It is in the files as the RUN left them; with `before` in those from before it, in which changes are thrown away. Returns its
        exit code. Raises SandboxError, and CancelledError where it was stopped.
        """
        script = self.scratch / "again"
        script.write_bytes(f"#!/bin/sh\nexec {shlex.join(self.process.args)}\n".encode("utf-8", "surrogateescape"))
        script.chmod(0o755)
        names = {name for name, _ in self.process.env}
        process = replace(
            self.process,
            args=tuple(args),
            mounts=(*self.process.mounts, Bind(script, AGAIN), *mounts),
            env=(*self.process.env, *([] if "TERM" in names else [("TERM", "xterm")])),
        )
        rootfs = replace(self.rootfs, upper=None, work=None) if before else self.rootfs
        return self.sandbox.attach(rootfs, process, tty=True, cancelled=self.cancelled)
