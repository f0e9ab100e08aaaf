"""`own_filesystem`: a fresh file system for one run, so that no run meets what an earlier one did to the disk."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def own_filesystem(workdir: Path, *, gigabytes: int) -> Iterator[Path]:
    """A new ext4 in a file, mounted while the run lasts; with 0 gigabytes a plain folder. Needs root.

    Without a journal, which some cloud machines' disks lack, ext4 does not take the inodes of files deleted in the
    last minutes and looks for others one by one: every cold build after a reset is then up to ten times slower.
    """
    folder = workdir / "run"
    folder.mkdir(parents=True, exist_ok=True)
    if not gigabytes:
        yield folder
        return
    if os.geteuid():
        raise SystemExit("a file system of its own needs root; run this as root, or with --own-fs 0")
    image = workdir / "run.img"
    with image.open("wb") as file:
        file.truncate(gigabytes << 30)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop,noatime", str(image), str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        image.unlink()
