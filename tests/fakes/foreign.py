"""Images of another platform, with programs of that one: not fakes, `scripts/bases` makes them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fakes.mill import Mill
from stagemill.oci.platform import Platform

BASES = Path(__file__).parents[2] / "scripts" / "bases"
LONGEST = 600  # seconds
FOREIGN = "linux/arm64"
QEMU = "qemu-aarch64-static"

_BOTH = "FROM busybox AS at-amd64\nFROM arm64v8/busybox AS at-arm64\nFROM at-$TARGETARCH\n"


def add_foreign(mill: Mill) -> Mill:
    """The mill, whose busybox is an image of amd64 and arm64 now. Skips the test where that cannot be."""
    if str(Platform.local()) != "linux/amd64":
        pytest.skip("runs arm64 on amd64")
    missing = [tool for tool in (QEMU, "mmdebstrap") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}")
    program = mill.folder.parent / "stagemill"
    program.write_text(f'#!/bin/sh\nexec {" ".join(mill.command)} "$@"\n')
    program.chmod(0o755)
    # Downloads are kept outside of the test's home; a registry of this machine's own is needed for the first only.
    environment = {**os.environ, **mill.environment, "HOME": os.environ.get("HOME", "/"), "STAGEMILL": str(program)}
    made = subprocess.run(
        [str(BASES), "arm64v8/busybox"], env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert made.returncode == 0, made.stderr
    mill.build(_BOTH, "--platform", f"linux/amd64,{FOREIGN}", "-t", "busybox")
    (mill.folder / "Dockerfile").unlink()
    return mill
