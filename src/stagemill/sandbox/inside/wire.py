"""The language between the caller and the helper: JSON lines over a stream socket, with file descriptors beside them."""

from __future__ import annotations

import array
import json
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stagemill.sandbox.inside import failure
from stagemill.sandbox.inside.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal, TypeAlias, TypedDict

    from stagemill.sandbox.inside.tree import Facts

    class BindRequest(TypedDict):
        """A file or directory of this machine; `inside` it, where that is not empty."""

        kind: Literal["bind"]
        target: str
        directory: bool
        read_only: bool
        source: str
        inside: str

    class StackRequest(TypedDict):
        """What lies at a path in the tree of some layers, bottom first."""

        kind: Literal["stack"]
        target: str
        directory: bool
        read_only: bool
        path: str
        lower: list[str]
        upper: str | None
        work: str | None

    class TmpfsRequest(TypedDict):
        """A directory in memory; a `size` of 0 is the kernel's."""

        kind: Literal["tmpfs"]
        target: str
        directory: bool
        read_only: bool
        size: int
        mode: int
        uid: int
        gid: int
        executable: bool

    class DataRequest(TypedDict):
        """A file in memory; `content` is in base64."""

        kind: Literal["data"]
        target: str
        directory: bool
        read_only: bool
        content: str
        mode: int
        uid: int
        gid: int

    MountRequest: TypeAlias = BindRequest | StackRequest | TmpfsRequest | DataRequest

    class Request(TypedDict):
        """All that one sandbox needs to know. `tree` is what there is of its layers on the way to where something is mounted,
        by path, and empty where nobody looked. `terminal` is (rows, columns) where the process gets a terminal.

        It writes itself into the files `members`; `cgroups` are directories to show, by name. `ulimits` are
        name, soft and hard limit. `foreign` says that it
        is of another platform, `emulators` are lines for the kernel's binfmt_misc.
        """

        mountpoint: str
        lower: list[str]
        upper: str | None
        work: str | None
        tree: dict[str, Facts]
        mounts: list[MountRequest]
        args: list[str]
        env: list[tuple[str, str]]
        cwd: str
        uid: int
        gid: int
        groups: list[int]
        home: str
        hostname: str
        network: str
        hosts: str
        resolv_conf: str
        umask: int
        insecure: bool
        shm_size: int
        ulimits: list[tuple[str, int, int]]
        members: list[str]
        cgroups: list[tuple[str, str]]
        cpus: list[int]
        added: list[int]
        dropped: list[int]
        read_only: bool
        no_new_privileges: bool
        filtered: bool
        terminal: tuple[int, int] | None
        foreign: bool
        emulators: list[str]

    class Order(TypedDict, total=False):
        """What the caller may send later: a signal for the process, or to end it within so many milliseconds."""

        signal: int
        cancel: int

    class Report(TypedDict, total=False):
        """What comes back: why there is no sandbox, a pidfd of its process 1 or a terminal (each a descriptor beside
        the line), or, always last, the exit code.
        """

        error: str
        hint: str | None
        process: bool
        terminal: bool
        exit: int

    Message: TypeAlias = Request | Order | Report

CHUNK = 1 << 16

_MOST_DESCRIPTORS = 4

USUAL = b"u"
"""What the helper is told with the descriptors of a sandbox on the usual ground: one that is half made serves."""
SPECIAL = b"s"
"""The same of any other."""


def receive(stream: socket.socket, size: int) -> tuple[bytes, list[int]]:
    """What one read brings; its descriptors are closed by exec (those of socket.recv_fds are not, whatever the flags)."""
    space = socket.CMSG_SPACE(_MOST_DESCRIPTORS * 4)
    data, beside, _, _ = stream.recvmsg(size, space, socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for _level, _kind, content in beside:
        descriptors.frombytes(content)
    return data, descriptors.tolist()


class Channel:
    """One end of the conversation about one sandbox."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._rest = b""
        self._descriptors: list[int] = []

    def fileno(self) -> int:
        return self._stream.fileno()

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        self.send_line(json.dumps(message).encode(), descriptors)

    def send_line(self, line: bytes, descriptors: Sequence[int] = ()) -> None:
        """Sends a message that is one already."""
        data = line + b"\n"
        sent = socket.send_fds(self._stream, [data], list(descriptors)) if descriptors else 0
        self._stream.sendall(data[sent:])

    def receive(self) -> list[bytes] | None:
        """The lines that are complete after one read, perhaps none; None when the other end is gone."""
        try:
            data, descriptors = receive(self._stream, CHUNK)
        except ConnectionResetError:
            return None
        self._descriptors += descriptors
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def first_lines(self) -> list[bytes]:
        """Waits for the first line and what comes with it; nothing where the other end is gone before that."""
        lines: list[bytes] | None = []
        while lines == []:
            lines = self.receive()
        return lines or []

    @contextmanager
    def reporting(self, what: str) -> Iterator[None]:
        """Sends the failure that ends the block, if one does. Ours is the last code of its process, so that is all."""
        try:
            yield
        except Failure as error:
            self.send({"error": error.message, "hint": error.hint})
        except OSError as error:
            explained = failure.of(what, error)
            self.send({"error": explained.message, "hint": explained.hint})
        except Exception as error:  # noqa: BLE001 - a traceback would have nowhere to go
            self.send({"error": f"{what}: {error!r}", "hint": "this is a bug in stagemill; please report it"})

    def take_descriptor(self) -> int:
        """The oldest descriptor that came and was not taken yet."""
        return self._descriptors.pop(0)

    def close(self) -> None:
        self._stream.close()

    def finish(self) -> None:
        """Says that nothing more will be sent; what the other end still sends can be received."""
        self._stream.shutdown(socket.SHUT_WR)


def request(line: bytes) -> Request:
    value: Request = json.loads(line)
    return value


def order(line: bytes) -> Order:
    value: Order = json.loads(line)
    return value


def report(line: bytes) -> Report:
    value: Report = json.loads(line)
    return value
