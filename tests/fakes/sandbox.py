"""`FakeSandbox`: runs nothing. It notes what it was asked to run, and does instead what a test says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event, Lock
from typing import Literal, TypeAlias

from stagemill.errors import CancelledError, SandboxError
from stagemill.sandbox.process import Process, Rootfs

Output: TypeAlias = Callable[[Literal["stdout", "stderr"], bytes], None]


@dataclass(frozen=True)
class Call:
    """A process as the sandbox was asked for it, for an act to look at and to answer. `tty` is None for `run`."""

    rootfs: Rootfs
    process: Process
    output: Output
    cancelled: Event
    tty: bool | None = None

    @property
    def command(self) -> str:
        """The last argument: what a shell would do, or the program where it is alone."""
        return self.process.args[-1]

    def read(self, path: str) -> str | None:
        """A file of the tree as the process sees it, as far as it lies in one layer."""
        places = [*self.rootfs.lower, *([self.rootfs.upper] if self.rootfs.upper else [])]
        found = next((place / path for place in reversed(places) if os.path.lexists(place / path)), None)
        return found.read_text() if found else None

    def write(self, path: str, text: str) -> None:
        """Writes a file where the process would; without an upper directory it is lost."""
        if self.rootfs.upper:
            place = self.rootfs.upper / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    def say(self, text: str, *, stream: Literal["stdout", "stderr"] = "stdout") -> None:
        self.output(stream, text.encode())

    def wait(self) -> None:
        """Goes on until the build is stopped."""
        assert self.cancelled.wait(60), "nobody stopped it"
        raise CancelledError("the process was stopped")


Act: TypeAlias = Callable[[Call], int | None]


class FakeSandbox:
    """`acts` say what a process does, by its command; its exit status is what they return. Others do nothing, well.

    `calls` has every process, in the order in which they began.
    """

    def __init__(self, acts: Mapping[str, Act] | None = None) -> None:
        self.acts = dict(acts or {})
        self.calls: list[Call] = []
        self.most_at_once = 0
        self.is_ready = False
        self._now = 0
        self._lock = Lock()

    @property
    def commands(self) -> list[str]:
        return [call.command for call in self.calls]

    def get_ready(self) -> None:
        self.is_ready = True

    def run(self, rootfs: Rootfs, process: Process, *, output: Output, cancelled: Event) -> int:
        if cancelled.is_set():
            raise CancelledError("the process was stopped before it began")
        return self._do(Call(rootfs, process, output, cancelled))

    def attach(self, rootfs: Rootfs, process: Process, *, tty: bool, cancelled: Event | None = None) -> int:
        return self._do(Call(rootfs, process, unheard, Event(), tty))

    def _do(self, call: Call) -> int:
        if not call.process.args:
            raise SandboxError(
                "there is no program to run", hint="give a command, or set CMD or ENTRYPOINT in the image"
            )
        with self._lock:
            self.calls.append(call)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            act = self.acts.get(call.command)
            return (act(call) if act else None) or 0
        finally:
            with self._lock:
                self._now -= 1


def unheard(_stream: Literal["stdout", "stderr"], _data: bytes) -> None:
    """For output that goes to the caller's own streams."""


def writes(path: str, text: str) -> Act:
    """An act that leaves a file."""
    return lambda call: call.write(path, text)


def fails(code: int, *, saying: str = "") -> Act:
    """An act that ends with a status."""

    def act(call: Call) -> int:
        call.say(saying, stream="stderr")
        return code

    return act


def copies(source: str, target: str) -> Act:
    """An act that leaves a file with the text of another one."""

    def act(call: Call) -> None:
        text = call.read(source)
        assert text is not None, f"{source} is not in the tree"
        call.write(target, text)

    return act
