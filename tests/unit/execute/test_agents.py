"""The way to an SSH agent: bytes go both ways, for as long as the block lasts, and only for whom it is meant."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stagemill.errors import StagemillError
from stagemill.execute.agents import Agent, Requests, forwarding

OWNER = (os.geteuid(), os.getegid())


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    """Answers whatever it is told in upper case, to several clients at once."""
    path = tmp_path / "agent"
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))
        listener.listen()
        threads: list[threading.Thread] = []

        def answer(connection: socket.socket) -> None:
            with connection:
                while data := connection.recv(1 << 16):
                    connection.sendall(data.upper())

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=answer, args=(connection,), daemon=True))
                threads[-1].start()

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        yield path
        listener.shutdown(socket.SHUT_RDWR)
        for thread in (server, *threads):
            thread.join(60)


def connected(place: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(str(place))
    return client


def asked(client: socket.socket, text: bytes) -> bytes:
    client.sendall(text)
    answer = b""
    while len(answer) < len(text):
        answer += client.recv(1 << 16)
    return answer


def test_what_is_asked_is_answered_to_several_at_once(agent: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"

    with (
        forwarding(Agent(agent, raw=True), place, mode=0o600, owner=OWNER),
        connected(place) as one,
        connected(place) as other,
    ):
        answers = [asked(other, b"b"), asked(one, b"a" * 100_000), asked(other, b"c")]

    assert answers == [b"B", b"A" * 100_000, b"C"]


def test_a_client_that_goes_disturbs_nobody(agent: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"

    with forwarding(Agent(agent, raw=True), place, mode=0o600, owner=OWNER), connected(place) as other:
        with connected(place) as one:
            asked(one, b"a")
        assert asked(other, b"b") == b"B"


def test_the_socket_has_a_mode_and_an_owner(agent: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    owner = (1000, 29) if os.geteuid() == 0 else OWNER

    with forwarding(Agent(agent, raw=True), place, mode=0o620, owner=owner):
        status = place.stat()

    assert (stat.S_ISSOCK(status.st_mode), stat.S_IMODE(status.st_mode)) == (True, 0o620)
    assert (status.st_uid, status.st_gid) == owner


def test_after_the_block_nobody_is_connected(agent: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"

    with forwarding(Agent(agent, raw=True), place, mode=0o600, owner=OWNER):
        client = connected(place)
        asked(client, b"a")

    with client:
        assert client.recv(1) == b""
    with socket.socket(socket.AF_UNIX) as late, pytest.raises(ConnectionRefusedError):
        late.connect(str(place))


def test_a_place_with_a_long_path_is_no_trouble(agent: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()

    with forwarding(Agent(agent, raw=True), folder / "agent", mode=0o600, owner=OWNER):
        assert (folder / "agent").is_socket()


def test_an_agent_that_is_gone_is_an_error_with_a_hint(tmp_path: Path) -> None:
    place = tmp_path / "place"

    with pytest.raises(StagemillError) as caught, forwarding(Agent(tmp_path / "none"), place, mode=0o600, owner=OWNER):
        pass

    assert caught.value.message == f"cannot talk to the SSH agent at {tmp_path / 'none'}: No such file or directory"
    assert caught.value.hint == "is the agent running? `ssh-add -l` tells"


def message(kind: int, content: bytes = b"") -> bytes:
    return (1 + len(content)).to_bytes(4) + bytes([kind]) + content


class TestRequests:
    IDENTITIES, SIGN, REMOVE_ALL = 11, 13, 19
    FAILURE = b"\0\0\0\1\5"

    def test_it_can_be_asked_to_list_and_to_sign_and_not_be_changed(self, agent: Path, tmp_path: Path) -> None:
        place = tmp_path / "place"

        with forwarding(Agent(agent), place, mode=0o600, owner=OWNER), connected(place) as client:
            allowed = [asked(client, message(kind, b"key")) for kind in (self.IDENTITIES, self.SIGN)]
            refused = [asked(client, message(kind)) for kind in (self.REMOVE_ALL, 17, 18, 22, 27)]

        assert allowed == [message(self.IDENTITIES, b"KEY"), message(self.SIGN, b"KEY")]
        assert refused == [self.FAILURE] * 5

    def test_who_does_not_keep_to_the_protocol_is_hung_up_on(self, agent: Path, tmp_path: Path) -> None:
        place = tmp_path / "place"

        with forwarding(Agent(agent), place, mode=0o600, owner=OWNER):
            for wrong in (b"\0\0\0\0", b"GET / HTTP/1.1\r\n"):
                with connected(place) as client:
                    client.sendall(wrong)
                    assert client.recv(1) == b""

    def test_messages_come_in_any_pieces(self) -> None:
        data = message(1, b"a") + message(2) + message(3, b"bcd")
        for size in (1, 2, 5, len(data)):
            requests = Requests()
            found = [one for at in range(0, len(data), size) for one in requests.take(data[at : at + size])]
            assert found == [message(1, b"a"), message(2), message(3, b"bcd")]
