"""`LoginFile`: a file of logins in Docker's form: `config.json`, or `auth.json` of the containers tools.

Source: docker/cli's config file; containers/image, docs/containers-auth.json.5.md.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json as standard
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.errors import RegistryError
from stagemill.oci import document as json
from stagemill.oci.reference import DEFAULT_REGISTRY
from stagemill.regex import regex
from stagemill.registry.credentials import HUB, Credentials, hidden, hidden_object, server_of

if TYPE_CHECKING:
    from stagemill.registry.helper_program import HelperProgram

_NAME = regex(r"[\w.-]+", re.ASCII)


class LoginFile:
    """One file, which may be missing; with `text` it is a variable's value instead, and `path` its name for messages.

    What fails is a RegistryError with a hint.
    """

    def __init__(self, path: Path, *, text: str | None = None) -> None:
        self.path = path
        self._text = text
        self._document: json.JsonObject | None = None

    def find(self, place: str) -> Credentials | None:
        """The credentials for a host, or for a repository behind it: those that are kept for the most of its name."""
        host = place.partition("/")[0]
        with self._told():
            document = self._load()
            auths = hidden_object(document, "auths")
            if found := _namespaced(auths, place):
                return found
            helper = _helper(document, host)
            found = helper.get(server_of(host)) if helper else None
            return found or _listed(auths, host=host)

    def keep(self, place: str, credentials: Credentials) -> HelperProgram | None:
        """The credentials are kept afterwards: by the helper program that is returned, else in the file itself."""
        host, slash, _ = place.partition("/")
        with self._told(), self._changing() as document:
            auths = dict(hidden_object(document, "auths"))
            helper = None if slash else _helper(document, host)
            if helper:
                helper.store(server_of(host), credentials)
            auths[place if slash else server_of(host)] = {} if helper else _entry(credentials)
            document["auths"] = auths
            return helper

    def forget(self, place: str) -> bool:
        """Neither the file nor a helper program has credentials for exactly this place; whether one had them."""
        host, slash, _ = place.partition("/")
        with self._told():
            helper = None if slash else _helper(self._load(), host)
            erased = helper is not None and helper.get(server_of(host)) is not None and helper.erase(server_of(host))
            if not any(_is_for(name, place) for name in hidden_object(self._load(), "auths")):
                return erased
            with self._changing() as document:
                auths = hidden_object(document, "auths")
                document["auths"] = {name: entry for name, entry in auths.items() if not _is_for(name, place)}
        return True

    def places(self) -> tuple[str, ...]:
        """What it has credentials for, those included that its helper programs have."""
        with self._told():
            document = self._load()
            helpers = json.string_map(document, "credHelpers")
            names = [*hidden_object(document, "auths"), *helpers]
            if store := json.text(document, "credsStore", ""):
                names += _program(store).servers()
        return tuple(dict.fromkeys(map(place_of, names)))

    def _load(self) -> json.JsonObject:
        if self._document is None:
            self._document = self._read()
        return self._document

    def _read(self) -> json.JsonObject:
        if self._text is not None:
            return json.parse_object(self._text, "the variable")
        try:
            data = self.path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise self._broken(error.strerror or str(error)) from error
        return json.parse_object(data, "the file") if data.strip() else {}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, json.Json]]:
        """What the block makes of the document is in the file afterwards, whole or not at all; others who do so wait."""
        target = Path(os.path.realpath(self.path))
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            document = dict(self._read())
            yield document
            self._document = None
            _replace(target, standard.dumps(document, indent="\t", ensure_ascii=False) + "\n")
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            os.close(folder)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except json.MalformedError as error:
            raise self._broken(str(error)) from error

    def _broken(self, why: str) -> RegistryError:
        if self._text is not None:
            message = f"cannot read the credentials in ${self.path}: {why}"
            return RegistryError(message, hint="correct the variable, or unset it and run stagemill login")
        hint = "correct the file, or remove it and run stagemill login (or docker login) again"
        return RegistryError(f"cannot read the credentials in {self.path}: {why}", hint=hint)

    def _unwritable(self, error: OSError) -> RegistryError:
        why = (error.strerror or str(error)).lower()
        hint = "name a file that can be written with --authfile, or with REGISTRY_AUTH_FILE"
        return RegistryError(f"cannot write the credentials to {self.path}: {why}", hint=hint)


def _replace(target: Path, text: str) -> None:
    """The file has the text, for its owner's eyes only; nobody ever sees half of it."""
    import tempfile  # noqa: PLC0415  builds only read logins

    file, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # its mode is 0600
    try:
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            with suppress(FileNotFoundError, PermissionError):  # root may change a user's file, which stays the user's
                before = target.stat()
                os.fchown(stream.fileno(), before.st_uid, before.st_gid)
            os.fsync(stream.fileno())
        os.rename(name, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise


def place_of(name: str) -> str:
    """The host, or the repository behind it, that a name in a file of logins stands for."""
    bare = name.partition("://")[2] or name
    host, _, path = bare.partition("/")
    path = path.strip("/")
    if bare.lower() == HUB.partition("://")[2] or host.lower() in {"index.docker.io", "registry-1.docker.io"}:
        host = DEFAULT_REGISTRY
    return host.lower() if path in {"", "v1", "v2"} else f"{host.lower()}/{path}"


def _is_for(name: str, place: str) -> bool:
    return place_of(name) == place


def _helper(document: json.JsonObject, host: str) -> HelperProgram | None:
    helpers = json.string_map(document, "credHelpers")
    name = helpers.get(host) or helpers.get(server_of(host)) or json.text(document, "credsStore", "")
    return _program(name) if name else None


def _program(name: str) -> HelperProgram:
    if not _NAME.fullmatch(name):
        raise json.MalformedError(f"{name!r} is no name of a helper program")
    from stagemill.registry.helper_program import HelperProgram  # noqa: PLC0415  few logins are kept by one

    return HelperProgram(name)


def _namespaced(auths: json.JsonObject, place: str) -> Credentials | None:
    """The entry for a repository, or for what it lies in; the longest name counts."""
    while "/" in place:
        for name in auths:
            if "://" not in name and _is_for(name, place) and (found := _from_entry(hidden_object(auths, name), name)):
                return found
        place = place.rpartition("/")[0]
    return None


def _listed(auths: json.JsonObject, *, host: str) -> Credentials | None:
    """The entry of a host: under its own name first, then under one that Docker would take for it."""
    names = [name for name in (server_of(host), host) if name in auths]
    names += [name for name in auths if name not in names and _is_for(name, host)]
    return next((found for name in names if (found := _from_entry(hidden_object(auths, name), name))), None)


def _from_entry(entry: json.JsonObject, name: str) -> Credentials | None:
    username, password = hidden(entry, "username"), hidden(entry, "password")
    if packed := hidden(entry, "auth"):
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
        identity_token=hidden(entry, "identitytoken"),
        registry_token=hidden(entry, "registrytoken"),
    )
    return found if found != Credentials() else None


def _entry(credentials: Credentials) -> dict[str, json.Json]:
    """As docker login writes it."""
    pair = f"{credentials.username}:{credentials.password}"
    entry: dict[str, json.Json] = {"auth": base64.b64encode(pair.encode()).decode()} if pair != ":" else {}
    if credentials.identity_token:
        entry["identitytoken"] = credentials.identity_token
    return entry
