"""`circumstances`: what a build works with, for `--debug`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stagemill import __version__
from stagemill.cli.frame.environment import Workplace
from stagemill.sandbox.hierarchies import hierarchies


def circumstances(place: Workplace) -> str:
    """What a build works with, for who looks for the reason of something (`--debug`)."""
    groups = sorted({f"v{2 if found.unified else 1} {found.own}" for found in hierarchies()})
    user = " ".join(Path("/proc/self/uid_map").read_text().split())
    lines = {
        "stagemill": f"{__version__}, Python {sys.version.split()[0]}, {' '.join(os.uname()[::2][:2])} {os.uname().machine}",
        "store": str(place.store.root),
        "config": str(place.config),
        "user": f"{os.getuid()}, ids {user}",
        "processors": str(len(os.sched_getaffinity(0))),
        "control groups": ", ".join(groups) or "none",
    }
    return "\n".join(f"debug: {name}: {text}" for name, text in lines.items())
