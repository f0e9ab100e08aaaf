"""A tree that processes can really run in: a static busybox, and the few files that make it a system."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

BUSYBOX = next((Path(path) for path in ("/bin/busybox", "/usr/bin/busybox") if Path(path).exists()), None)

PASSWD = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n"
GROUP = "root:x:0:\nalice:x:1000:\nwheel:x:10:alice\naudio:x:29:alice,bob\n"


def make_tree(root: Path) -> Path:
    """A directory with busybox and links for all it can do, /etc with passwd and group, /tmp and two homes."""
    assert BUSYBOX is not None, "install busybox-static"
    for name in ("bin", "etc", "tmp", "root", "home/alice"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    shutil.copy(BUSYBOX, root / "bin/busybox")
    names = subprocess.run([str(BUSYBOX), "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        if name != "busybox":
            os.symlink("busybox", root / "bin" / name)
    (root / "etc/passwd").write_text(PASSWD)
    (root / "etc/group").write_text(GROUP)
    return root
