"""A program that begins otherwise than its parent would let it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stagemill.sandbox import userns
from stagemill.verify.start import Start

SHOW = "import os, pathlib; print(os.umask(0), len(os.sched_getaffinity(0)), os.getuid(), *pathlib.Path('/proc/self/uid_map').read_text().split())"


def begun(start: Start, *program: str) -> list[str]:
    done = subprocess.run(start.command(program), capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_it_has_the_umask_and_the_processors_that_were_asked_for() -> None:
    (first, *_) = sorted(os.sched_getaffinity(0))

    umask, processors, *_ = begun(Start(0o027, (first,)), sys.executable, "-c", SHOW)

    assert (umask, processors) == (str(0o027), "1")


def test_without_processors_it_has_all() -> None:
    assert begun(Start(), sys.executable, "-c", SHOW)[:2] == [str(0o022), str(len(os.sched_getaffinity(0)))]


@pytest.mark.root
class TestAnotherUser:
    IDS = 1_879_048_192

    @pytest.fixture(autouse=True)
    def _root(self) -> None:
        if not userns.is_roots_own():
            pytest.skip("only root of this machine becomes somebody else")

    def test_it_is_root_of_a_user_namespace(self) -> None:
        found = begun(Start(ids=self.IDS), "/bin/sh", "-c", "id -u; id -g; id -G; cat /proc/self/uid_map")

        assert found == ["0", "0", "0", "0", str(self.IDS), "65536"]

    def test_it_may_not_read_what_is_roots_and_sees_a_directory_at_another_place(self, tmp_path: Path) -> None:
        shown, seen = tmp_path / "shown", Path(f"/tmp/stagemill-test-{os.getpid()}")
        shown.mkdir()
        (shown / "secret").write_text("x")
        (shown / "secret").chmod(0o600)
        os.chown(shown, self.IDS, self.IDS)
        seen.mkdir()
        try:
            script = f"cat {seen}/secret 2>/dev/null || echo refused; echo mine > {seen}/new; stat -c %u {seen}/new"
            found = begun(Start(ids=self.IDS, shown=(str(shown), str(seen))), "/bin/sh", "-c", script)
        finally:
            seen.rmdir()

        assert found == ["refused", "0"]
        assert (shown / "new").stat().st_uid == self.IDS
