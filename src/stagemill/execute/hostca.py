"""The host's CA bundle in the place of the image's, for the length of one RUN.

A file on top of the tree and not a mount, so that a package that installs a bundle of its own can still put it there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stagemill.files.paths import resolve
from stagemill.files.view import Entry, FileView
from stagemill.values import dataclass

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
# No image's own bundle ends so, even where it has the same certificates.
_MARK = b"\n# The CA certificates of the machine that builds. Not a part of the image.\n"
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Bundle:
    """Layers to put on top of a tree, and the paths in them that are the host's and not the image's.

    `directories` are those that the tree lacks, the innermost first.
    """

    layers: tuple[Path, ...]
    paths: tuple[str, ...]
    directories: tuple[str, ...] = ()

    def take_back(self, upper: Path, view: FileView) -> None:
        """Removes the host's bundle from the written layer, where a chmod or an append copied it up.

        What a process appended stays, behind what `view`, the tree below, has at the path.
        """
        removed = [path for path in self.paths if _take_back(upper, path, of=self.layers[0], view=view)]
        for directory in self.directories if removed else ():
            if _is_inside(upper, directory):
                with suppress(OSError):  # it is gone, or something else is in it
                    (upper / directory).rmdir()


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
    directories = sorted({path[:end] for path in paths for end, sign in enumerate(path) if sign == "/"})
    for directory in ("", *directories):
        (into / directory).mkdir()
    for path in paths:
        (into / path).write_bytes(bundle.read_bytes() + _MARK)
        os.chmod(into / path, 0o644)
    for directory in reversed(("", *directories)):
        _dress(into / directory, view.lstat(directory))
    missing = tuple(directory for directory in reversed(directories) if view.lstat(directory) is None)
    given = {name for name, _ in env}
    return Bundle((into,), paths, missing), {name: f"/{paths[0]}" for name in _VARIABLES if name not in given}


def _dress(directory: Path, entry: Entry | None) -> None:
    """Gives a directory what the tree's has, since it will cover it."""
    if entry is None or entry.kind != "dir":
        os.chmod(directory, 0o755)  # whatever the umask
        return
    os.chown(directory, entry.uid, entry.gid)
    os.chmod(directory, entry.mode)
    os.utime(directory, ns=(entry.mtime_ns, entry.mtime_ns))


def _take_back(upper: Path, path: str, *, of: Path, view: FileView) -> bool:
    """Whether nothing is left of the file."""
    written = upper / path
    if not _is_inside(upper, path) or not written.is_file():
        return False
    status = written.stat()
    with written.open("r+b") as file:
        hosts = (of / path).read_bytes()
        if status.st_size > len(hosts) + _MOST_BYTES or file.read(len(hosts)) != hosts:
            return False
        appended = file.read()
        if appended:
            own = view.lstat(path)
            before = view.real_path(path).read_bytes() if own and own.kind == "file" else b""
            file.seek(0)
            file.truncate()
            file.write(before + appended)
    if appended:
        os.utime(written, ns=(status.st_atime_ns, status.st_mtime_ns))
        return False
    written.unlink()
    return True


def _is_inside(upper: Path, path: str) -> bool:
    """Whether no part of a path is a symlink that a process put there, and that may lead to a file of this machine."""
    parts = path.split("/")
    return not any((upper / "/".join(parts[:depth])).is_symlink() for depth in range(1, len(parts) + 1))
