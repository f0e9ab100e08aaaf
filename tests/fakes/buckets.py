"""`Buckets`: servers of S3's protocol on loopback, none of them ours: moto's, and OpenStack's Swift.

moto's answers as S3 does, and believes whoever asks; Swift checks every signature, and is what many clouds give.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fakes.distribution import free_port, wait_for

PYTHON = "/usr/bin/python3"


@dataclass(frozen=True, slots=True)
class Buckets:
    """A server that runs, and who may use it."""

    url: str
    access_key: str
    secret_key: str

    def client(self, secret_key: str = "") -> Any:
        """boto3's own client of the server."""
        boto3 = pytest.importorskip("boto3")
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
        )

    def keys(self, bucket: str) -> list[str]:
        """What lies in a bucket."""
        return sorted(item["Key"] for item in self.client().list_objects_v2(Bucket=bucket).get("Contents", ()))


@contextmanager
def moto() -> Iterator[Buckets]:
    server = pytest.importorskip("moto.server")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    made = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    try:
        host, port = made.get_host_and_port()
        yield Buckets(f"http://{host}:{port}", "key", "secret")
    finally:
        made.stop()


@contextmanager
def swift(folder: Path) -> Iterator[Buckets]:
    """Debian's Swift, whose files are in a folder."""
    if shutil.which("swift-proxy-server") is None:
        pytest.skip("needs swift-proxy")
    folder.mkdir()
    port = free_port()
    program = Path(__file__).with_name("swift_server.py")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PYTHON, str(program), str(folder), str(port)], stdout=log, stderr=log)
    try:
        wait_for(port, process, folder / "log")
        yield Buckets(f"http://127.0.0.1:{port}", "test:tester", "testing")
    finally:
        process.kill()
        process.wait(60)
