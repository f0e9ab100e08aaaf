"""An SSH agent that holds keys out of files: OpenSSH's own, for as long as the block lasts."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagemill.errors import StagemillError
from stagemill.execute.keyring import keyring
from stagemill.store.store import Store

ENVIRONMENT = {"PATH": os.environ["PATH"]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


def make_key(path: Path, passphrase: str = "") -> str:
    """Its fingerprint."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    listed = subprocess.run(["ssh-keygen", "-l", "-f", str(path)], check=True, capture_output=True, text=True)
    return listed.stdout.split()[1]


def held(socket: Path) -> list[str]:
    """The fingerprints of an agent's keys."""
    environment = {**ENVIRONMENT, "SSH_AUTH_SOCK": str(socket)}
    done = subprocess.run(["ssh-add", "-l"], env=environment, capture_output=True, text=True, check=True)
    return [line.split()[1] for line in done.stdout.splitlines()]


def test_it_has_the_keys_even_where_others_may_read_the_files(store: Store, tmp_path: Path) -> None:
    prints = [make_key(tmp_path / name) for name in ("one", "two")]
    (tmp_path / "one").chmod(0o644)

    with keyring([tmp_path / "one", tmp_path / "two"], store, environment=ENVIRONMENT) as socket:
        assert sorted(held(socket)) == sorted(prints)


def test_nothing_is_left_of_it(store: Store, tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    with keyring([tmp_path / "key"], store, environment=ENVIRONMENT) as socket:
        assert len(_agents(socket)) == 1

    deadline = time.monotonic() + 60
    while _agents(socket):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    store.temporary.finish_discarding()
    assert not socket.parent.exists()


def _agents(socket: Path) -> list[str]:
    pids = [entry for entry in os.listdir("/proc") if entry.isdigit()]
    return [pid for pid in pids if os.fsencode(f"ssh-agent\0-a\0{socket}\0") in _command(pid)]


def _command(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("kind", ["passphrase", "text", "missing"])
def test_a_key_that_it_does_not_take_is_an_error_with_a_hint(store: Store, tmp_path: Path, kind: str) -> None:
    key = tmp_path / "key"
    if kind == "passphrase":
        make_key(key, "secret words")
    elif kind == "text":
        key.write_text("no key\n")

    with pytest.raises(StagemillError) as caught, keyring([key], store, environment=ENVIRONMENT):
        pass

    assert str(key) in caught.value.message
    assert caught.value.hint
    assert "private key" in caught.value.hint


def test_without_openssh_the_error_says_what_to_install(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StagemillError) as caught, keyring([], store, environment={"PATH": str(tmp_path)}):
        pass

    assert caught.value.hint
    assert caught.value.hint.startswith("install openssh-client")


def test_a_store_with_a_long_path_is_no_trouble(tmp_path: Path) -> None:
    with (
        Store.open(tmp_path / ("long" * 30)) as store,
        keyring([], store, environment=ENVIRONMENT) as socket,
    ):
        assert socket.is_socket()
