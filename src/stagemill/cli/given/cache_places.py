"""Where caches are kept that are neither in a registry nor in a directory: what the keys of a flag say, and the environment."""

from __future__ import annotations

import os
from typing import Protocol
from urllib.parse import urlsplit

from stagemill.cache.actions import Service
from stagemill.cache.azure import Container
from stagemill.cache.s3 import Bucket, RetryMode
from stagemill.errors import UsageError


class Keys(Protocol):
    """What stands between the commas of one flag; all of it raises UsageError."""

    def get(self, key: str, default: str = "") -> str: ...
    def truth(self, key: str, *, default: bool) -> bool: ...
    def seconds(self, key: str, *, default: float) -> float: ...
    def count(self, key: str) -> int | None: ...
    def retry_mode(self) -> RetryMode: ...
    def wrong(self, what: str, hint: str) -> UsageError: ...


def bucket(values: Keys) -> Bucket:
    """The keys are BuildKit's. What is not said is the environment's, or what boto3 finds."""
    names = tuple(name for name in values.get("name", "stagemill").split(";") if name)
    name = values.get("bucket") or os.environ.get("AWS_BUCKET", "")
    if not name:
        raise values.wrong("it has no bucket", "name one: bucket=NAME, or AWS_BUCKET in the environment")
    return Bucket(
        name,
        names or ("stagemill",),
        region=values.get("region") or os.environ.get("AWS_REGION", ""),
        prefix=values.get("prefix"),
        blobs=values.get("blobs_prefix", "blobs/"),
        manifests=values.get("manifests_prefix", "manifests/"),
        endpoint=values.get("endpoint_url"),
        path_style=values.truth("use_path_style", default=False),
        access_key=values.get("access_key_id"),
        secret_key=values.get("secret_access_key"),
        session_token=values.get("session_token"),
        touch=values.seconds("touch_refresh", default=24 * 3600.0),
        attempts=values.count("retry_max_attempts"),
        retry_mode=values.retry_mode(),
    )


def service(values: Keys) -> Service:
    """Within a job of Actions the environment knows where it is; docs/cache.md says how a step comes to see that."""
    if values.get("version", "2") != "2":
        raise values.wrong("there is only version=2 any more", "leave version out")
    url = values.get("url_v2") or os.environ.get("ACTIONS_RESULTS_URL", "")
    token = values.get("token") or os.environ.get("ACTIONS_RUNTIME_TOKEN", "")
    if not url or not token:
        hint = (
            "an action such as crazy-max/ghaction-github-runtime shows a step ACTIONS_RESULTS_URL and ACTIONS_RUNTIME_TOKEN; "
            "or use type=local with actions/cache"
        )
        raise values.wrong(f"it has no {'token' if url else 'url_v2'}", hint)
    return Service(url, token, values.get("scope", "stagemill"))


def container(values: Keys) -> Container:
    """The keys and the variables are BuildKit's. Who one is on Azure is not found out: there is a key, or a signature."""
    url = values.get("account_url") or os.environ.get("BUILDKIT_AZURE_STORAGE_ACCOUNT_URL", "")
    if not url:
        raise values.wrong("it has no account_url", "write account_url=https://NAME.blob.core.windows.net")
    parts = urlsplit(url)
    key = values.get("secret_access_key")
    if not key and "sig=" not in parts.query:
        hint = "give the account's key, or an account_url with a shared access signature"
        raise values.wrong("it has no secret_access_key", hint)
    host = (parts.hostname or "").partition(".")[0]
    names = tuple(name for name in values.get("name", "stagemill").split(";") if name)
    return Container(
        url,
        values.get("account_name") or os.environ.get("BUILDKIT_AZURE_STORAGE_ACCOUNT_NAME") or host,
        key,
        values.get("container") or os.environ.get("BUILDKIT_AZURE_STORAGE_CONTAINER") or "stagemill-cache",
        names or ("stagemill",),
        values.get("prefix") or os.environ.get("BUILDKIT_AZURE_STORAGE_PREFIX", ""),
        values.get("blobs_prefix", "blobs"),
        values.get("manifests_prefix", "manifests"),
    )
