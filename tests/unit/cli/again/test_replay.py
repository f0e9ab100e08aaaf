"""What answers must not load what builds: that is all there is to gain. `tests/integration/test_again.py` has what it does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fakes.mill import SOURCE
from stagemill.cli.again import replay

SMALL = {"hashlib", "json", "socket", "sqlite3"}
MOST = 75


def test_it_loads_nothing_of_what_builds() -> None:
    """Modules of ours, and how many of any kind, are counted: twenty milliseconds are a hundred modules."""
    code = "import sys; before = set(sys.modules)\nimport stagemill.cli.again.replay\nprint(*set(sys.modules) - before)"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())

    assert {name for name in loaded if name.startswith("stagemill")} == {
        "stagemill",
        "stagemill.cli",
        "stagemill.cli.again",
        "stagemill.cli.again.archive",
        "stagemill.cli.again.entry",
        "stagemill.cli.again.glance",
        "stagemill.cli.again.question",
        "stagemill.cli.again.receipt",
        "stagemill.cli.again.replay",
        "stagemill.cli.again.survey",
        "stagemill.cli.again.unanswered",
        "stagemill.cli.frame",
        "stagemill.cli.frame.roots",
        "stagemill.registry",
        "stagemill.registry.wire",
        "stagemill.store",
        "stagemill.store.opening",
    }
    assert loaded >= SMALL
    assert not loaded & {"click", "typing", "dataclasses", "inspect", "pathlib", "urllib3", "http.client", "ssl"}
    assert len(loaded) < MOST


def test_a_question_without_a_receipt_is_not_answered(tmp_path: Path) -> None:
    unanswered = replay.replay("anything", {"STAGEMILL_ROOT": str(tmp_path)})

    assert unanswered
    assert (unanswered.question, unanswered.take_sandbox()) == ("anything", None)
    assert os.listdir(tmp_path) == []
