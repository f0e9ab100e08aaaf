"""Debian's docker-registry, for as long as a test needs it. Not a fake: the real one, on a free port of loopback."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import Any

import pytest

# The user alice with the password "secret", as `htpasswd -B` writes it.
HTPASSWD = "alice:$2b$04$uySAGapmFuBHo8Y6fD5lNO9jnaYPJV4KXtAWyRi4/ZME.xNYABlma\n"


@contextmanager
def running(
    folder: Path,
    *,
    auth: bool = False,
    tls: bool = False,
    token: Mapping[str, Any] | None = None,
    deletes: bool = True,
    clients: Path | None = None,
    accesslog: bool = False,
) -> Iterator[str]:
    """A registry on a free port of loopback, whose files are in `folder`; `token` is who gives its tokens.

    With `tls` its certificate is `cert.pem`; who has none of the authority in `clients` is not let in then. With
    `accesslog` the file `log` has a line for each request.
    """
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("needs docker-registry")
    folder.mkdir()
    port = free_port()
    config: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": not accesslog}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": deletes}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    if auth:
        (folder / "htpasswd").write_text(HTPASSWD)
        config["auth"] = {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}}
    if token:
        config["auth"] = token
    if tls:
        certificate(folder)
        keys: dict[str, Any] = {"certificate": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
        if clients:
            keys["clientcas"] = [str(clients)]
        config["http"] = {"addr": f"127.0.0.1:{port}", "tls": keys}
    (folder / "config.yml").write_text(json.dumps(config))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        wait_for(port, process, folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def free_port() -> int:
    """One of loopback that nobody listens at. It is none of those that the system gives to clients: one of them could have it before
    the server does, and who tries whether it answers could be connected to himself.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = SystemRandom().randrange(first // 2, first)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the server does not answer: {log.read_text()}")


def certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True,
        capture_output=True,
    )  # fmt: skip
