"""`Buckets`: moto's server, which speaks like S3, on loopback. Not ours, and real enough to check signatures' form."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def running() -> Iterator[str]:
    """The server's URL. Skips the test where moto is not there."""
    server = pytest.importorskip("moto.server")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    made = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    try:
        host, port = made.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        made.stop()


def client(url: str) -> Any:
    """boto3's own client of the server."""
    boto3 = pytest.importorskip("boto3")
    return boto3.session.Session().client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )


def keys(url: str, bucket: str) -> list[str]:
    """What lies in a bucket."""
    return sorted(item["Key"] for item in client(url).list_objects_v2(Bucket=bucket).get("Contents", ()))
