"""The registry that all builders pull from: Debian's docker-registry on a free port, filled by scripts/bases."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import SystemRandom

_BASES = Path(__file__).parent.parent / "scripts" / "bases"
_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  cache: {{blobdescriptor: inmemory}}
  filesystem: {{rootdirectory: "{folder}"}}
http: {{addr: "{address}"}}
"""
_PATIENCE = 60.0


@contextlib.contextmanager
def serving(workdir: Path) -> Iterator[str]:
    """Yields HOST:PORT. Its images stay in the work directory for the next run; the process ends with the block."""
    address = f"127.0.0.1:{_free_port()}"
    config = workdir / "registry.yml"
    config.write_text(_CONFIG.format(folder=workdir / "registry", address=address))
    with (workdir / "registry.log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=log, stderr=log)
        try:
            _wait(address, process)
            yield address
        finally:
            process.terminate()
            process.wait()


def fill(address: str, bases: Sequence[str], *, stagemill: str, workdir: Path) -> None:
    """The registry has these base images afterwards."""
    env = {**os.environ, "STAGEMILL": stagemill, "STAGEMILL_ROOT": str(workdir / "bases")}
    subprocess.run([str(_BASES), "--registry", address, *bases], env=env, check=True)


def has_blob(workdir: Path, digest: str) -> bool:
    """Whether a base image in the registry has this blob."""
    algorithm, _, name = digest.partition(":")
    return (workdir / "registry/docker/registry/v2/blobs" / algorithm / name[:2] / name / "data").exists()


def _free_port() -> int:
    """One of loopback that nobody listens at. It is none of those that the system gives to clients: one of them could have it before
    the server does, and who tries whether it answers could be connected to himself.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = SystemRandom().randrange(first // 2, first)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    host, _, port = address.partition(":")
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((host, int(port))):
            return
        time.sleep(0.05)
    raise SystemExit("docker-registry does not start; see registry.log in the work directory")
