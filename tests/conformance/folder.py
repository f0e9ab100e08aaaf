"""The files that a row begins with, made from what its table says of them."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TOKEN_HOST = "@http@"
_TIME = 1_700_000_000


def write(root: Path, files: Mapping[str, Any]) -> None:
    """Makes, changes or removes files below `root`; a text is a file's content, a table says more."""
    for name, wanted in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(wanted, str):
            _clear(path)
            path.write_text(wanted, encoding="utf-8")
        elif wanted is False:
            _clear(path)
        else:
            _special(path, wanted)
            _dress(path, wanted)


def _clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _special(path: Path, wanted: Mapping[str, Any]) -> None:
    if "text" in wanted or "tar" in wanted:
        _clear(path)
        path.write_bytes(data(wanted))
    elif "link" in wanted:
        _clear(path)
        path.symlink_to(wanted["link"])
    elif wanted.get("dir"):
        path.mkdir(exist_ok=True)
    elif wanted.get("fifo"):
        os.mkfifo(path)
    elif wanted.get("socket"):
        _socket(path)
    else:
        assert path.exists(), f"{path.name}: what is it to be?"


def _socket(path: Path) -> None:
    """From inside its directory, since the address of a socket is short."""
    here = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)


def _dress(path: Path, wanted: Mapping[str, Any]) -> None:
    if owner := wanted.get("owner"):
        uid, gid = map(int, owner.split(":"))
        os.lchown(path, uid, gid)
    if mode := wanted.get("mode"):
        path.chmod(int(mode, 8))
    if (mtime := wanted.get("mtime")) is not None:
        os.utime(path, (mtime, mtime), follow_symlinks=False)


def data(wanted: str | Mapping[str, Any]) -> bytes:
    """The bytes of a file that is a text or an archive."""
    if isinstance(wanted, str):
        return wanted.encode()
    if "tar" in wanted:
        return _tar(wanted["tar"], compression=wanted.get("compression", ""))
    text: str = wanted["text"]
    return text.encode()


def _tar(members: Sequence[Mapping[str, Any]], *, compression: str) -> bytes:
    """An archive; `hard` is the name of an earlier member, a name that ends in a slash is a directory."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for table in members:
            member = tarfile.TarInfo(table["name"].rstrip("/") or "/")
            member.uid, member.gid = map(int, table.get("owner", "0:0").split(":"))
            member.mtime = table.get("mtime", _TIME)
            content = table.get("text", "").encode()
            member.size = len(content)
            member.type = _type(table)
            member.linkname = table.get("link") or table.get("hard") or ""
            member.mode = int(table.get("mode", "0755" if member.isdir() else "0644"), 8)
            archive.addfile(member, io.BytesIO(content))
    if not compression:
        return out.getvalue()
    command = {"gz": ["gzip", "-nc"], "bz2": ["bzip2", "-c"], "xz": ["xz", "-c"], "zst": ["zstd", "-qc"]}[compression]
    return subprocess.run(command, input=out.getvalue(), stdout=subprocess.PIPE, check=True).stdout


def _type(table: Mapping[str, Any]) -> bytes:
    if table["name"].endswith("/"):
        return tarfile.DIRTYPE
    if "link" in table:
        return tarfile.SYMTYPE
    return tarfile.LNKTYPE if "hard" in table else tarfile.REGTYPE
