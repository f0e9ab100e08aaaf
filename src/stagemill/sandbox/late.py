"""`LateSandbox`: a `NamespaceSandbox` that is loaded when the first process runs, since a build from the cache runs none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from stagemill.errors import StagemillError

if TYPE_CHECKING:
    from stagemill.sandbox.namespaces import NamespaceSandbox
    from stagemill.sandbox.process import Process, Rootfs


class LateSandbox:
    """Thread-safe. `state` is the `NamespaceSandbox`'s, which ends with the block if there is one. `meanwhile` is called while a
    process runs whose end somebody waits for.
    """

    def __init__(self, *, state: Path) -> None:
        self.meanwhile: Callable[[], None] | None = None
        self._state = state
        self._lock = Lock()
        self._stack = ExitStack()
        self._made: NamespaceSandbox | None = None
        self._getting_ready: Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._getting_ready:
            self._getting_ready.join()
        self._stack.__exit__(kind, error, trace)

    def get_ready(self) -> None:
        """Begins with what the first process would wait for, in a thread: starting the helper takes longer than a process."""
        if self._getting_ready is None:
            self._getting_ready = Thread(target=self._get_ready, name="sandbox", daemon=True)
            self._getting_ready.start()

    def _get_ready(self) -> None:
        with suppress(StagemillError):  # whoever runs a process meets it again
            self._sandbox().get_ready()

    def run(
        self,
        rootfs: Rootfs,
        process: Process,
        *,
        output: Callable[[Literal["stdout", "stderr"], bytes], None],
        cancelled: Event,
    ) -> int:
        """As `NamespaceSandbox.run`."""
        return self._sandbox().run(rootfs, process, output=output, cancelled=cancelled)

    def attach(self, rootfs: Rootfs, process: Process, *, tty: bool, cancelled: Event | None = None) -> int:
        """As `NamespaceSandbox.attach`."""
        return self._sandbox().attach(rootfs, process, tty=tty, cancelled=cancelled)

    def _idle(self) -> None:
        if self.meanwhile:
            self.meanwhile()

    def _sandbox(self) -> NamespaceSandbox:
        from stagemill.sandbox.namespaces import NamespaceSandbox  # noqa: PLC0415 - see above

        with self._lock:
            if self._made is None:
                self._made = self._stack.enter_context(NamespaceSandbox(state=self._state, meanwhile=self._idle))
            return self._made
