"""`ImageConfig`, what an image says about itself, and its history.

Source: OCI image-spec config.md; Healthcheck, OnBuild and Shell are Docker's additions to it.
Keys that we do not know are kept as they are.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Mapping
from dataclasses import field
from typing import Self

from stagemill.digest import Digest
from stagemill.oci import document as json
from stagemill.oci.platform import Platform
from stagemill.values import dataclass

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class History:
    """One entry per instruction; `created` is an RFC 3339 time or empty."""

    created_by: str = ""
    created: str = ""
    comment: str = ""
    author: str = ""
    empty_layer: bool = False

    @classmethod
    def from_json(cls, document: json.JsonObject) -> Self:
        return cls(
            created_by=json.text(document, "created_by", ""),
            created=json.text(document, "created", ""),
            comment=json.text(document, "comment", ""),
            author=json.text(document, "author", ""),
            empty_layer=document.get("empty_layer") is True,
        )

    def to_json(self) -> json.JsonObject:
        fields: dict[str, json.Json] = {
            "created": self.created,
            "created_by": self.created_by,
            "author": self.author,
            "comment": self.comment,
        }
        document = {key: value for key, value in fields.items() if value}
        if self.empty_layer:
            document["empty_layer"] = True
        return document


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """`test` is ("NONE",), ("CMD", …) or ("CMD-SHELL", command); times are in nanoseconds, 0 where not given."""

    test: tuple[str, ...] = ()
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0

    @classmethod
    def from_json(cls, document: json.JsonObject) -> Self:
        return cls(
            test=json.texts(document, "Test"),
            interval=json.integer(document, "Interval", 0),
            timeout=json.integer(document, "Timeout", 0),
            start_period=json.integer(document, "StartPeriod", 0),
            start_interval=json.integer(document, "StartInterval", 0),
            retries=json.integer(document, "Retries", 0),
        )

    def to_json(self) -> json.JsonObject:
        fields: dict[str, json.Json] = {
            "Test": list(self.test),
            "Interval": self.interval,
            "Timeout": self.timeout,
            "StartPeriod": self.start_period,
            "StartInterval": self.start_interval,
            "Retries": self.retries,
        }
        return {key: value for key, value in fields.items() if value}


@dataclass(frozen=True, slots=True)
class RunConfig:
    """The part named `config`: how a container of the image is started. None means "not set" where [] means "empty"."""

    user: str = ""
    env: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    working_dir: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    stop_signal: str = ""
    shell: tuple[str, ...] | None = None
    healthcheck: Healthcheck | None = None
    on_build: tuple[str, ...] = ()
    other: json.JsonObject = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, document: json.JsonObject) -> Self:
        known = {
            "User", "Env", "Entrypoint", "Cmd", "WorkingDir", "Labels", "ExposedPorts", "Volumes", "StopSignal",
            "Shell", "Healthcheck", "OnBuild",
        }  # fmt: skip
        return cls(
            user=json.text(document, "User", ""),
            env=tuple(_split_env(item) for item in json.texts(document, "Env")),
            entrypoint=_optional(document, "Entrypoint"),
            cmd=_optional(document, "Cmd"),
            working_dir=json.text(document, "WorkingDir", ""),
            labels=json.string_map(document, "Labels"),
            exposed_ports=tuple(sorted(json.obj(document, "ExposedPorts"))),
            volumes=tuple(sorted(json.obj(document, "Volumes"))),
            stop_signal=json.text(document, "StopSignal", ""),
            shell=_optional(document, "Shell"),
            healthcheck=_healthcheck(document),
            on_build=json.texts(document, "OnBuild"),
            other={key: value for key, value in document.items() if key not in known},
        )

    def to_json(self) -> json.JsonObject:
        document: dict[str, json.Json] = {
            "User": self.user,
            "ExposedPorts": {port: {} for port in sorted(self.exposed_ports)},
            "Env": [f"{name}={value}" for name, value in self.env],
            "Volumes": {path: {} for path in sorted(self.volumes)},
            "WorkingDir": self.working_dir,
            "Labels": dict(sorted(self.labels.items())),
            "StopSignal": self.stop_signal,
            "OnBuild": list(self.on_build),
        }
        document = {key: value for key, value in document.items() if value}
        optional = {"Entrypoint": self.entrypoint, "Cmd": self.cmd, "Shell": self.shell}
        document |= {key: list(value) for key, value in optional.items() if value is not None}
        if self.healthcheck:
            document["Healthcheck"] = self.healthcheck.to_json()
        return document | dict(self.other)


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """The config document of an image; `created` is an RFC 3339 time or empty."""

    platform: Platform
    config: RunConfig = field(default_factory=RunConfig)
    diff_ids: tuple[Digest, ...] = ()
    history: tuple[History, ...] = ()
    created: str = ""
    author: str = ""
    other: json.JsonObject = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises MalformedError (a ValueError) for what is no image config."""
        document = json.parse_object(data, "image config")
        known = {
            "architecture", "os", "variant", "os.version", "os.features", "config", "rootfs", "history", "created", "author",
        }  # fmt: skip
        try:
            diff_ids = tuple(Digest(text) for text in json.texts(json.obj(document, "rootfs"), "diff_ids"))
        except json.MalformedError:
            raise
        except ValueError as error:
            raise json.MalformedError(str(error)) from error
        return cls(
            platform=Platform.from_json(document),
            config=RunConfig.from_json(json.obj(document, "config")),
            diff_ids=diff_ids,
            history=tuple(History.from_json(item) for item in json.objects(document, "history")),
            created=json.text(document, "created", ""),
            author=json.text(document, "author", ""),
            other={key: value for key, value in document.items() if key not in known},
        )

    def serialize(self) -> bytes:
        """Compact JSON, keys sorted: the same bytes for the same value. What is no UTF-8 becomes U+FFFD, as in Go."""
        document: dict[str, json.Json] = dict(self.other)
        document |= self.platform.to_json()
        document["config"] = self.config.to_json()
        document["rootfs"] = {"type": "layers", "diff_ids": list(self.diff_ids)}
        document["history"] = [entry.to_json() for entry in self.history]
        document |= {key: value for key, value in {"created": self.created, "author": self.author}.items() if value}
        text = json_module.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return json.whole(text).encode()


def _split_env(item: str) -> tuple[str, str]:
    name, _, value = item.partition("=")
    return name, value


def _optional(document: json.JsonObject, key: str) -> tuple[str, ...] | None:
    return None if document.get(key) is None else json.texts(document, key)


def _healthcheck(document: json.JsonObject) -> Healthcheck | None:
    found = json.obj(document, "Healthcheck")
    return Healthcheck.from_json(found) if found else None
