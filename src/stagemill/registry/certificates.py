"""`Certificates`: whom to trust for a host, and what to show it, as directories named by hosts have them.

Source: docker/docs, "Verify repository client with certificates"; containers/image, docs/containers-certs.d.5.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Self

from stagemill.errors import StagemillError
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A client's certificate, and the key that belongs to it; files in PEM form."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """`cas` are files of authorities, beside those that this machine trusts anyway."""

    cas: tuple[Path, ...] = ()
    pairs: tuple[KeyPair, ...] = ()

    def __add__(self, other: Certificates) -> Certificates:
        return Certificates((*self.cas, *other.cas), (*self.pairs, *other.pairs))

    def __bool__(self) -> bool:
        return bool(self.cas or self.pairs)


NONE = Certificates()


def no_certificates(_host: str) -> Certificates:
    """Nothing beside what the machine has."""
    return NONE


class CertificateDirectories:
    """Called with a host and its port; each directory is looked into once. `own` is one for every host."""

    def __init__(self, directories: Sequence[Path], own: Path | None = None) -> None:
        self._directories = tuple(directories)
        self._own = own
        self._lock = Lock()
        self._found: dict[str, Certificates] = {}

    @classmethod
    def of(cls, environment: Mapping[str, str], own: str = "") -> Self:
        """Where Docker, Podman and Buildah look, for the machine first; `own` is `--cert-dir`, and then the only one."""
        if own:
            return cls([], Path(own))
        home = Path(environment.get("HOME", "") or "/")
        config = Path(environment.get("XDG_CONFIG_HOME", "") or home / ".config")
        docker = Path(environment.get("DOCKER_CONFIG", "") or home / ".docker")
        system = [Path("/etc/docker/certs.d"), Path("/etc/containers/certs.d")]
        return cls([*system, config / "containers/certs.d", docker / "certs.d"])

    def __call__(self, host: str) -> Certificates:
        """Raises StagemillError where a file has no partner, or a directory cannot be read."""
        with self._lock:
            if host not in self._found:
                named = bool(self._own)
                self._found[host] = sum((_in(place, named=named) for place in self.places(host)), NONE)
            return self._found[host]

    def places(self, host: str) -> list[Path]:
        """The directories that a host's certificates may be in."""
        return [self._own] if self._own else [directory / host for directory in self._directories]


def _in(directory: Path, *, named: bool) -> Certificates:
    """What a directory has; one that is not there, or not for everybody, has nothing unless somebody named it."""
    try:
        names = sorted(path.name for path in directory.iterdir())
    except (FileNotFoundError, NotADirectoryError) as error:
        if named:
            raise StagemillError(f"there is no directory {directory}", hint="correct --cert-dir") from error
        return NONE
    except OSError as error:
        if isinstance(error, PermissionError) and not named:
            return NONE  # it is for others: those tools pass over it, too
        why = (error.strerror or str(error)).lower()
        hint = "make the directory readable, or name another one with --cert-dir"
        raise StagemillError(f"cannot read the certificates in {directory}: {why}", hint=hint) from error
    for one, other in ((".cert", ".key"), (".key", ".cert")):
        for name in names:
            if name.endswith(one) and name.removesuffix(one) + other not in names:
                raise StagemillError(
                    f"{directory / name} has no {name.removesuffix(one)}{other} beside it",
                    hint="a client's certificate is NAME.cert with NAME.key; authorities are in files NAME.crt",
                )
    return Certificates(
        tuple(directory / name for name in names if name.endswith(".crt")),
        tuple(
            KeyPair(directory / name, directory / f"{name.removesuffix('.cert')}.key")
            for name in names
            if name.endswith(".cert")
        ),
    )
