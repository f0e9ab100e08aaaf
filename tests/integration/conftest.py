"""What whole builds share: a store that holds a busybox base, made by stagemill itself and copied for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.busybox import BUSYBOX, GROUP, PASSWD
from fakes.mill import Mill


def make_archive(path: Path) -> None:
    """A tar of a small system: busybox with a hard link for all it can do, passwd, group, /tmp and two homes."""
    assert BUSYBOX is not None
    names = subprocess.run([str(BUSYBOX), "--list"], capture_output=True, text=True, check=True).stdout.split()
    with tarfile.open(path, "w") as archive:
        for name, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777), ("root", 0o700), ("home/alice", 0o755)):
            member = tarfile.TarInfo(name)
            member.type, member.mode = tarfile.DIRTYPE, mode
            archive.addfile(member)
        archive.add(BUSYBOX, "bin/busybox", filter=_plain)
        for name in names:
            if name != "busybox":
                member = tarfile.TarInfo(f"bin/{name}")
                member.type, member.linkname = tarfile.LNKTYPE, "bin/busybox"
                archive.addfile(member)
        for name, text in (("passwd", PASSWD), ("group", GROUP)):
            file = path.with_name(name)
            file.write_text(text)
            archive.add(file, f"etc/{name}", filter=_plain)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 1_700_000_000
    return member


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Mill:
    """A store with busybox:latest and nothing else; only to be copied. The image also lies beside it as `busybox.tar`."""
    if os.geteuid() != 0:
        pytest.skip("builds as root; test_rootless.py has those of ordinary users")
    if BUSYBOX is None:
        pytest.skip("needs a static busybox")
    home = tmp_path_factory.mktemp("base")
    mill = Mill(home / "store", home / "context")
    mill.folder.mkdir()
    make_archive(mill.folder / "tree.tar")
    mill.build('FROM scratch\nADD tree.tar /\nCMD ["sh"]\n', "-t", "busybox")
    mill.ok("save", "-o", str(home / "busybox.tar"), "busybox")
    return mill


@pytest.fixture
def new_mill(base: Mill, tmp_path: Path) -> Callable[[str], Mill]:
    """Makes stores, by name, each a copy of the base's, with an empty folder beside."""

    def make(name: str) -> Mill:
        return Mill(base.root, tmp_path / "nothing").copy(tmp_path / name)

    return make


@pytest.fixture
def mill(new_mill: Callable[[str], Mill]) -> Mill:
    """The command line with a store that holds busybox."""
    return new_mill("mill")


@pytest.fixture
def skopeo() -> str:
    return _tool("skopeo")


@pytest.fixture
def umoci() -> str:
    return _tool("umoci")


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"needs {name}")
    return path
