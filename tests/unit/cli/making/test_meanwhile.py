"""What is loaded while a process runs is what would be loaded after it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.mill import SOURCE
from stagemill.cli.making import meanwhile


def test_all_of_it_is_there() -> None:
    meanwhile.load_the_rest()

    assert set(meanwhile.AFTER_THE_LAST_STEP) <= sys.modules.keys()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
def test_a_build_that_waits_for_no_process_loads_the_same_by_itself(tmp_path: Path) -> None:
    """So that nothing is loaded ahead which nobody needs."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    arguments = ["build", "-o", f"type=oci,dest={tmp_path}/app.tar", str(tmp_path)]
    code = f"import sys\nfrom stagemill.cli.main import run\nrun({arguments!r})\nprint(*sys.modules)"
    environment = {"PYTHONPATH": str(SOURCE), "STAGEMILL_ROOT": str(tmp_path / "store"), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert set(meanwhile.AFTER_THE_LAST_STEP) <= set(done.stdout.split())
