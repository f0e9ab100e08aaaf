"""`Credentials`: who asks a registry. Where they are kept is the affair of `logins`."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import field
from typing import TypeAlias

from stagemill.oci import document as json
from stagemill.oci.reference import DEFAULT_REGISTRY
from stagemill.values import dataclass

HUB = "https://index.docker.io/v1/"
"""The name under which Docker's tools keep the credentials of docker.io."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name with its password, or one of Docker's two kinds of tokens; nothing of it is ever printed."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of an `Authorization` header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


Find: TypeAlias = Callable[[str], Credentials | None]
"""Finds the credentials for a place: a registry's host, or a repository of it behind a slash."""


def anonymous(_place: str) -> Credentials | None:
    """Nobody's credentials."""
    return None


def server_of(host: str) -> str:
    """The name that Docker's files and programs have for a registry."""
    return HUB if host == DEFAULT_REGISTRY else host


def hidden(document: json.JsonObject, key: str) -> str:
    """A string, "" where there is none; unlike other errors about a document, this one does not say what was found."""
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise json.MalformedError(f"{key!r} is no string")
    return value or ""


def hidden_object(document: json.JsonObject, key: str) -> json.JsonObject:
    """The same for an object, {} where there is none."""
    try:
        return json.obj(document, key)
    except json.MalformedError as error:
        raise json.MalformedError(f"{key!r} is no object") from error
