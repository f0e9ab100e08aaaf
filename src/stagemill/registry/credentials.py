"""`Credentials`, and where Docker keeps them: `config.json` and the programs named docker-credential-*.

Source: docker/cli's config file and docker/docker-credential-helpers' README. Nothing is ever written.
"""

from __future__ import annotations

import base64
import binascii
import subprocess
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from threading import Lock
from typing import Self

from stagemill.errors import RegistryError
from stagemill.oci import document as json
from stagemill.oci.reference import DEFAULT_REGISTRY
from stagemill.values import dataclass

# The name under which Docker's tools keep the credentials of docker.io.
_DEFAULT_KEY = "https://index.docker.io/v1/"
_HELPER_TIMEOUT = 60.0


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


def anonymous(_host: str) -> Credentials | None:
    """Nobody's credentials."""
    return None


class DockerCredentials:
    """The credentials in a `config.json`, called with a host. A helper program is asked once per host, by whoever
    needs it first; the file may be missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._document: json.JsonObject | None = None
        self._found: dict[str, Credentials | None] = {}

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """From where Docker looks: `$DOCKER_CONFIG`, else .docker in the home directory."""
        folder = environment.get("DOCKER_CONFIG") or f"{environment.get('HOME', '')}/.docker"
        return cls(Path(folder) / "config.json")

    def __call__(self, host: str) -> Credentials | None:
        """Raises RegistryError where the file or a helper program is broken."""
        with self._lock:
            if host not in self._found:
                self._found[host] = self._find(host)
            return self._found[host]

    def _find(self, host: str) -> Credentials | None:
        try:
            document = self._load()
            key = _DEFAULT_KEY if host == DEFAULT_REGISTRY else host
            helpers = json.string_map(document, "credHelpers")
            helper = helpers.get(host) or helpers.get(key) or json.text(document, "credsStore", "")
            found = _ask(helper, key) if helper else None
            return found or _listed(json.obj(document, "auths"), host=host, key=key)
        except json.MalformedError as error:
            raise self._broken(str(error)) from error

    def _load(self) -> json.JsonObject:
        if self._document is None:
            try:
                data = self._path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                data = b"{}"
            except OSError as error:
                raise self._broken(error.strerror or str(error)) from error
            self._document = json.parse_object(data, "the file")
        return self._document

    def _broken(self, why: str) -> RegistryError:
        return RegistryError(
            f"cannot read the credentials in {self._path}: {why}",
            hint="correct the file, or remove it and run docker login (or skopeo login --compat-auth-file) again",
        )


def _listed(auths: json.JsonObject, *, host: str, key: str) -> Credentials | None:
    """The entry of a host: under its own name first, then under one that Docker would take for it."""
    names = [name for name in (key, host) if name in auths]
    names += [name for name in auths if name not in names and _host_of(name) in {host, _host_of(key)}]
    for name in names:
        entry = json.obj(auths, name)
        found = _from_entry(entry, name)
        if found:
            return found
    return None


def _host_of(name: str) -> str:
    bare = name.partition("://")[2] or name
    host, _, path = bare.partition("/")
    return host.lower() if path.strip("/") in {"", "v1", "v2"} else ""


def _from_entry(entry: json.JsonObject, name: str) -> Credentials | None:
    username, password = json.text(entry, "username", ""), json.text(entry, "password", "")
    if packed := json.text(entry, "auth", ""):
        try:
            decoded = base64.b64decode(packed, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise json.MalformedError(f"'auth' of {name!r} is no base64") from error
        username, colon, password = decoded.partition(":")
        if not colon:
            raise json.MalformedError(f"'auth' of {name!r} is no name and password")
    found = Credentials(
        username,
        password.strip("\0"),
        identity_token=json.text(entry, "identitytoken", ""),
        registry_token=json.text(entry, "registrytoken", ""),
    )
    return found if found != Credentials() else None


def _ask(helper: str, server: str) -> Credentials | None:
    """What a helper program knows of a server; None where it knows nothing."""
    program = f"docker-credential-{helper}"
    hint = f"install {program}, or remove it from docker's config.json"
    try:
        done = subprocess.run([program, "get"], input=server.encode(), capture_output=True, timeout=_HELPER_TIMEOUT)  # noqa: PLW1510  # its status is looked at below
    except FileNotFoundError as error:
        raise RegistryError(f"docker's config.json names {program}, which is not there", hint=hint) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RegistryError(f"{program} did not give the credentials of {server}: {error}", hint=hint) from error
    said = (done.stdout or done.stderr).decode(errors="replace").strip()
    if done.returncode:
        if "not found" in said:
            return None
        raise RegistryError(
            f"{program} did not give the credentials of {server}: {said or 'no reason given'}", hint=hint
        )
    document = json.parse_object(done.stdout, f"the answer of {program}")
    username, secret = json.text(document, "Username", ""), json.text(document, "Secret", "")
    return Credentials(identity_token=secret) if username == "<token>" else Credentials(username, secret)
