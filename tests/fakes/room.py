"""How much the store of a test takes: what `stagemill du` says, and what the system says."""

from __future__ import annotations

import json
import os
import subprocess

from fakes.program import Call


def rows(stagemill: Call) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(stagemill("du", "--json").out)
    return found


def on_disk() -> int:
    """What the system says of the store."""
    done = subprocess.run(
        ["du", "--summarize", "--block-size=1", os.environ["STAGEMILL_ROOT"]],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout.split()[0])
