"""`RegistryConfig`: mirrors, certificates and credentials per registry, as `config.toml` says.

[registry."docker.io"]
mirrors = ["127.0.0.1:5000", "http://mirror.example/prefix"]   # asked in this order, then the registry itself
fallback = false                                               # ... or not
insecure = true                                                # certificates are not checked, http is tried too
http = true                                                    # it speaks plain http, and nothing else
ca = "company.pem"                                             # relative to the file
cert = "me.cert"                                               # what to show to it, with its key
key = "me.key"

[download]
limit = "2g"                                                   # of a file that ADD fetches from a URL

[cache]
max = "20g"                                                    # of what the store takes, after every build
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from stagemill.errors import StagemillError
from stagemill.oci.reference import DEFAULT_REGISTRY
from stagemill.regex import regex
from stagemill.registry.certificates import Certificates, KeyPair, no_certificates
from stagemill.registry.credentials import Find, anonymous
from stagemill.registry.proxies import Proxies
from stagemill.values import dataclass

_ALIASES = frozenset({"index.docker.io", "registry-1.docker.io"})
_KEYS = ("mirrors", "fallback", "insecure", "http", "ca", "cert", "key")
_SIZE = regex(r"([0-9]{1,12})([kmgt]?)(?:i?b)?")
_UNITS = ("", "k", "m", "g", "t")
_NO_CERTIFICATES = Certificates()
_Table: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where else a registry's images are: `host` with its port, a path before the repository's name, and how to ask."""

    host: str
    prefix: str = ""
    scheme: str = ""

    @classmethod
    def parse(cls, text: str) -> Mirror:
        """`host[:port][/prefix]` or the same as an http(s) URL. Raises ValueError."""
        parts = urlsplit(text if "://" in text else f"//{text}")
        if parts.scheme not in {"", "http", "https"} or not parts.hostname or parts.query or "@" in parts.netloc:
            raise ValueError(f"{text!r} is no mirror: want host[:port][/path] or an http(s) URL")
        _ = parts.port  # raises ValueError where it is no number
        return cls(parts.netloc.lower(), parts.path.strip("/"), parts.scheme)


@dataclass(frozen=True, slots=True)
class HostSettings:
    """How one registry is asked. With `fallback` the registry itself is asked where its mirrors have no answer.

    `schemes` are tried in this order; where there are none, it is the usual one. `more` is beside `ca` and `pair`.
    """

    mirrors: tuple[Mirror, ...] = ()
    fallback: bool = True
    insecure: bool = False
    ca: Path | None = None
    schemes: tuple[str, ...] = ()
    pair: KeyPair | None = None
    more: Certificates = _NO_CERTIFICATES

    @property
    def certificates(self) -> Certificates:
        """All that count."""
        return Certificates((self.ca,) if self.ca else (), (self.pair,) if self.pair else ()) + self.more


_DEFAULT = HostSettings()
_DIRECT = Proxies()


@dataclass(frozen=True, slots=True)
class RegistryConfig:
    """What the client has to know; `credentials` finds who asks, `certificates` more of them for a host.

    `verify` is for every host, whatever its settings say: only https with certificates that are checked, or neither.
    """

    hosts: Mapping[str, HostSettings] = field(default_factory=dict, hash=False)
    credentials: Find = anonymous
    proxies: Proxies = _DIRECT
    certificates: Callable[[str], Certificates] = no_certificates
    verify: bool | None = None

    def settings(self, host: str) -> HostSettings:
        """Raises StagemillError where a directory of certificates cannot be used."""
        name = canonical_host(host)
        found = self.hosts.get(name, _DEFAULT)
        if more := self.certificates(name):
            found = replace(found, more=more)
        if self.verify is None:
            return found
        return replace(found, insecure=not self.verify, schemes=("https",) if self.verify else ("https", "http"))


def canonical_host(host: str) -> str:
    """One name for a registry that has several."""
    return DEFAULT_REGISTRY if host.lower() in _ALIASES else host.lower()


def parse(text: str, *, path: Path) -> Mapping[str, HostSettings]:
    """The registries in a `config.toml`; `path` is where it lies. Raises StagemillError that names what is wrong."""
    document = _document(text, path=path)
    tables = document.get("registry", {})
    if not isinstance(tables, dict):
        raise _wrong(path, "registry", 'a table for each registry, such as [registry."docker.io"]')
    return {canonical_host(host): _settings(host, table, path=path) for host, table in tables.items()}


def largest_download(text: str, *, path: Path) -> int | None:
    """The bytes that `[download] limit` allows a file of ADD, None for any number. Raises StagemillError."""
    return _bytes(text, "download", "limit", path=path)


def largest_cache(text: str, *, path: Path) -> int | None:
    """The bytes that `[cache] max` leaves a store after a build, None for any number. Raises StagemillError."""
    return _bytes(text, "cache", "max", path=path)


def _bytes(text: str, name: str, key: str, *, path: Path) -> int | None:
    table = _document(text, path=path).get(name, {})
    if not isinstance(table, dict):
        raise _wrong(path, name, f"a table: [{name}]")
    _refuse_unknown(table, (key,), where=f"{path}: {name}")
    limit = table.get(key)
    if limit is None:
        return None
    match = _SIZE.fullmatch(str(limit).lower())
    if not match or isinstance(limit, bool):
        raise _wrong(path, f"{name}.{key}", 'a number of bytes, or such as "500m" or "2g"')
    return int(match[1]) << (10 * _UNITS.index(match[2]))


def _document(text: str, *, path: Path) -> _Table:
    try:
        document: _Table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StagemillError(f"{path} is no TOML: {error}", hint=f"correct {path}") from error
    _refuse_unknown(document, ("registry", "download", "cache"), where=f"{path}")
    return document


def _settings(host: str, table: object, *, path: Path) -> HostSettings:
    name = f'registry."{host}"'
    if not isinstance(table, dict):
        raise _wrong(path, name, f"a table: [{name}]")
    if "/" in host or not host:
        raise _wrong(path, name, "named by its host alone, without scheme and path")
    _refuse_unknown(table, _KEYS, where=f"{path}: {name}")
    cert, key = _file(table, "cert", name=name, path=path), _file(table, "key", name=name, path=path)
    if (cert is None) != (key is None):
        raise _wrong(path, name, "complete: cert and key, a client's certificate, belong together")
    http = _flag(table, "http", name=name, path=path, default=False)
    return HostSettings(
        mirrors=_mirrors(table.get("mirrors", []), name=f"{name}.mirrors", path=path),
        fallback=_flag(table, "fallback", name=name, path=path, default=True),
        insecure=_flag(table, "insecure", name=name, path=path, default=False),
        ca=_file(table, "ca", name=name, path=path),
        schemes=("http",) if http else (),
        pair=KeyPair(cert, key) if cert and key else None,
    )


def _file(table: _Table, key: str, *, name: str, path: Path) -> Path | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise _wrong(path, f"{name}.{key}", "the path of a file with certificates")
    return path.parent / value


def _mirrors(value: object, *, name: str, path: Path) -> tuple[Mirror, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(path, name, 'a list of hosts, such as ["127.0.0.1:5000"]')
    try:
        return tuple(Mirror.parse(item) for item in value)
    except ValueError as error:
        raise StagemillError(f"{path}: {name}: {error}", hint=f"correct {path}") from error


def _flag(table: _Table, key: str, *, name: str, path: Path, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise _wrong(path, f"{name}.{key}", "true or false")
    return value


def _refuse_unknown(table: _Table, known: Collection[str], *, where: str) -> None:
    for key in table:
        if key not in known:
            import difflib  # noqa: PLC0415  only a mistake needs it

            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
            raise StagemillError(f"{where}: unknown key {key!r}", hint=hint)


def _wrong(path: Path, name: str, wanted: str) -> StagemillError:
    return StagemillError(f"{path}: {name} is not {wanted}", hint=f"correct {path}")
