"""The host's CA bundle in the place of the image's, for the length of one RUN.

A file on top of the tree and not a mount, so that a package that installs a bundle of its own can still put it there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stagemill.files.paths import resolve
from stagemill.files.view import FileView

_PLACES = (
    "etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "etc/ssl/ca-bundle.pem",  # SUSE
    "etc/ssl/cert.pem",
)
_VARIABLES = (
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "NIX_SSL_CERT_FILE",
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Layers to put on top of a tree, and the paths in them that are the host's and not the image's."""

    layers: tuple[Path, ...]
    paths: tuple[str, ...]

    def take_back(self, upper: Path) -> None:
        """Removes from the written layer what is still the host's bundle, copied up by a chmod or the like."""
        for path in self.paths:
            written = upper / path
            if written.is_file() and not written.is_symlink() and _sum(written) == _sum(self.layers[0] / path):
                written.unlink()


def trusting(
    bundle: Path | None, view: FileView, *, into: Path, env: Sequence[tuple[str, str]]
) -> tuple[Bundle, dict[str, str]]:
    """The layer that has the host's bundle wherever the tree has one, and the variables that name it.

    A variable that the image sets itself is left alone. Without a bundle nothing is added.
    """
    if bundle is None:
        return Bundle((), ()), {}
    existing = [resolve(view, place) for place in _PLACES]
    paths = tuple(dict.fromkeys(path for path in existing if (entry := view.lstat(path)) and entry.kind == "file"))
    paths = paths or (resolve(view, _PLACES[0]),)
    into.mkdir(mode=0o755)
    for path in paths:
        _parents(into, path)
        shutil.copyfile(bundle, into / path)
        os.chmod(into / path, 0o644)
    for directory in sorted(into.rglob("*"), reverse=True):
        _dress(view, into, directory)
    _dress(view, into, into)
    given = {name for name, _ in env}
    return Bundle((into,), paths), {name: f"/{paths[0]}" for name in _VARIABLES if name not in given}


def _parents(into: Path, path: str) -> None:
    folder = into
    for name in path.split("/")[:-1]:
        folder /= name
        folder.mkdir(mode=0o755, exist_ok=True)


def _dress(view: FileView, into: Path, directory: Path) -> None:
    """Gives a directory what the tree's has, since it will cover it."""
    path = "" if directory == into else str(directory.relative_to(into))
    entry = view.lstat(path)
    if entry is None or entry.kind != "dir" or not directory.is_dir():
        return
    os.chown(directory, entry.uid, entry.gid)
    os.chmod(directory, entry.mode)
    os.utime(directory, ns=(entry.mtime_ns, entry.mtime_ns))


def _sum(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
