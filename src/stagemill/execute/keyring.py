"""An SSH agent of our own that holds keys out of files, for as long as somebody needs it; by OpenSSH's programs."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from stagemill.errors import StagemillError
from stagemill.store.store import Store

_LONGEST = 30  # seconds that one key may take
_LONGEST_ADDRESS = 100  # bytes; unix(7) says 107
# The agent watches the process that it starts, and ends a moment after that. This one ends when we do, however we do.
_WATCHED = 'echo "$SSH_AGENT_PID" && exec cat'


@contextmanager
def keyring(keys: Sequence[Path], store: Store, *, environment: Mapping[str, str]) -> Iterator[Path]:
    """The socket of an agent with these keys; `environment` has the PATH. Raises StagemillError."""
    clean = {"PATH": environment.get("PATH", os.defpath), "LC_ALL": "C"}
    with _directory(store) as directory:
        socket = Path(directory, "agent")
        with _started(socket, clean) as agent:
            try:
                for key in keys:
                    _add(key, {**clean, "SSH_AUTH_SOCK": str(socket), "SSH_ASKPASS_REQUIRE": "never"})
                yield socket
            finally:
                with suppress(ProcessLookupError):
                    os.kill(agent, signal.SIGTERM)


def _directory(store: Store) -> AbstractContextManager[Path | str]:
    """In the store, where what nobody removed is found, unless that lies too deep for a socket."""
    if len(os.fsencode(store.temporary.new())) > _LONGEST_ADDRESS - len("/agent"):
        return tempfile.TemporaryDirectory(prefix="stagemill-")
    return store.scratch()


@contextmanager
def _started(socket: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """The process id of an agent."""
    try:
        process = subprocess.Popen(
            ["ssh-agent", "-a", str(socket), "sh", "-c", _WATCHED],
            env=environment,
            process_group=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        hint = "install openssh-client, or add the key to an agent and build with --ssh default"
        raise StagemillError("a key file needs the program ssh-agent, which is not here", hint=hint) from error
    with process:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        if not said.isdigit():
            raise StagemillError("ssh-agent did not start", hint="does it start by itself? `ssh-agent true` tells")
        yield int(said)


def _add(key: Path, environment: Mapping[str, str]) -> None:
    """The key comes by a pipe, so that nobody minds who else may read the file."""
    try:
        data = key.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StagemillError(f"cannot read the SSH key {key}: {why}", hint="name the file of a private key") from error
    done = subprocess.run(
        ["ssh-add", "-q", "-"],
        input=data,
        env=environment,
        start_new_session=True,  # without a terminal it asks nobody for a passphrase
        capture_output=True,
        timeout=_LONGEST,
        check=False,
    )
    if done.returncode:
        hint = "is it a private key without a passphrase? Others go to your agent: `ssh-add FILE`, and --ssh default"
        raise StagemillError(f"ssh-add does not take the key {key}", hint=hint)
