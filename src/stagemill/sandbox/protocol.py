"""`Sandbox`: runs processes in trees. The default is namespaces; tests have one that runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Literal, Protocol

from stagemill.sandbox.process import Process, Rootfs


class Sandbox(Protocol):
    """Several processes may run at once, from several threads."""

    def get_ready(self) -> None:
        """Somebody will run something soon."""
        ...

    def run(
        self,
        rootfs: Rootfs,
        process: Process,
        *,
        output: Callable[[Literal["stdout", "stderr"], bytes], None],
        cancelled: Event,
    ) -> int:
        """The exit status; 128 and the number of a signal that ended the process. Raises SandboxError."""
        ...

    def attach(self, rootfs: Rootfs, process: Process, *, tty: bool, cancelled: Event | None = None) -> int:
        """The same with the caller's standard streams, or a terminal of its own in between."""
        ...
