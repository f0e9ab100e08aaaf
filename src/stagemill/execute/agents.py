"""A way from a sandbox to an SSH agent of this machine: a socket with a mode and an owner of its own, for one RUN."""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from stagemill.errors import StagemillError
from stagemill.values import dataclass

_CHUNK = 1 << 16
_LONGEST = 256 * 1024  # bytes of a message, as OpenSSH has it
_ALLOWED = frozenset({11, 13})  # SSH_AGENTC_REQUEST_IDENTITIES, SSH_AGENTC_SIGN_REQUEST
_FAILURE = b"\0\0\0\1\5"  # SSH_AGENT_FAILURE


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent of this machine, at a socket. Unless it is lent `raw`, it can be asked to sign, and not be changed."""

    socket: Path
    raw: bool = False


@contextmanager
def forwarding(agent: Agent, place: Path, *, mode: int, owner: tuple[int, int]) -> Iterator[None]:
    """While the block lasts, who connects to the socket at `place` talks to the agent. Raises StagemillError."""
    _check(agent.socket)
    # A socket's address has at most 107 bytes; that of a directory's descriptor is short.
    directory = os.open(place.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
            listener.bind(f"/proc/self/fd/{directory}/{place.name}")
            os.chmod(place, mode)
            os.chown(place, *owner)
            listener.listen()
            stop, stopped = socket.socketpair()
            worker = Thread(target=_Forwarder(agent, listener, stopped, selector).run, name="ssh", daemon=True)
            worker.start()
            try:
                yield
            finally:
                stop.close()
                worker.join()
                stopped.close()
    finally:
        os.close(directory)


def _check(agent: Path) -> None:
    try:
        _connect(agent).close()
    except OSError as error:
        hint = "is the agent running? `ssh-add -l` tells"
        raise StagemillError(f"cannot talk to the SSH agent at {agent}: {error.strerror}", hint=hint) from error


def _connect(agent: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(os.fspath(agent))
    except OSError:
        connection.close()
        raise
    return connection


class _Forwarder:
    """Passes bytes on between clients and the agent, in one thread, until `stopped` can be read."""

    def __init__(
        self, agent: Agent, listener: socket.socket, stopped: socket.socket, selector: selectors.BaseSelector
    ) -> None:
        self._agent = agent
        self._listener = listener
        self._stopped = stopped
        self._selector = selector
        self._peers: dict[socket.socket, socket.socket] = {}
        self._asked: dict[socket.socket, Requests] = {}

    def run(self) -> None:
        for waiting in (self._listener, self._stopped):
            self._selector.register(waiting, selectors.EVENT_READ)
        try:
            while self._turn():
                pass
        finally:
            for connection in list(self._peers):
                connection.close()

    def _turn(self) -> bool:
        for key, _ in self._selector.select():
            ready = key.fileobj
            assert isinstance(ready, socket.socket)
            if ready is self._stopped:
                return False
            if ready is self._listener:
                self._accept()
            elif ready in self._peers:
                self._pass_on(ready)
        return True

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            agent = _connect(self._agent.socket)
        except OSError:  # it ended meanwhile; the client sees its connection closed
            client.close()
            return
        self._peers |= {client: agent, agent: client}
        if not self._agent.raw:
            self._asked[client] = Requests()
        for connection in (client, agent):
            self._selector.register(connection, selectors.EVENT_READ)

    def _pass_on(self, ready: socket.socket) -> None:
        data = b""
        with suppress(OSError):
            data = ready.recv(_CHUNK)
            requests = self._asked.get(ready)
            if requests is None:
                self._peers[ready].sendall(data)
            elif not self._ask(ready, requests.take(data)):
                data = b""
        if not data:
            for connection in (ready, self._peers.pop(ready)):
                self._peers.pop(connection, None)
                self._asked.pop(connection, None)
                self._selector.unregister(connection)
                connection.close()

    def _ask(self, client: socket.socket, messages: Iterable[bytes | None]) -> bool:
        """Passes on what may be asked, and answers the rest; whether the client keeps to the protocol."""
        for message in messages:
            if message is None:
                return False
            if message[4] in _ALLOWED:
                self._peers[client].sendall(message)
            else:
                client.sendall(_FAILURE)
        return True


class Requests:
    """Takes the messages of a client out of its bytes. Source: RFC draft-miller-ssh-agent, section 3."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> Iterator[bytes | None]:
        """Those that end in the data, each with its length before it; None, and no more, for what is none."""
        self._rest += data
        while len(self._rest) >= 4:
            size = int.from_bytes(self._rest[:4])
            if not 0 < size <= _LONGEST:
                yield None
                return
            if len(self._rest) < 4 + size:
                return
            message, self._rest = self._rest[: 4 + size], self._rest[4 + size :]
            yield message
