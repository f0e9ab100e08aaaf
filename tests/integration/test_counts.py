"""What a build from the cache asks of the system: counts that do not depend on the machine's speed, and none that does.

`SEEN` is what was counted when it was written down, and came out the same every time; a fifth more is let through, a quarter
more is not. Who makes a build cheaper lowers it; who has to raise it says why in the commit.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fakes.counting import Counts, counted, parse
from fakes.mill import Mill

STEPS = 20
"""Of three instructions each: ENV, COPY and RUN."""
FILES = 300
FOLDERS = 15

SLACK = 1.2


@dataclass(frozen=True, slots=True)
class Seen:
    """What a build took more than `python -c pass`: system calls, and those of them that opened a file."""

    calls: int
    opened: int


SEEN = {"again": Seen(1619, 142), "cached": Seen(6905, 457)}

Count = Callable[..., Counts]


def dockerfile() -> str:
    lines = ["FROM busybox", "WORKDIR /app"]
    for step in range(STEPS):
        lines += [
            f"ENV STEP={step}",
            f"COPY src/folder{step % FOLDERS}/file{step}.txt ./",
            f"RUN cat file{step}.txt > out{step}",
        ]
    return "\n".join([*lines, "COPY . .", 'CMD ["true"]']) + "\n"


@pytest.fixture(scope="module")
def built(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Mill:
    """A build of sixty steps that was made, and all of its modules compiled."""
    home = tmp_path_factory.mktemp("counts") / "mill"
    settings = {"PYTHONPYCACHEPREFIX": str(home / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    mill = replace(Mill(base.root, home / "nothing").copy(home), settings=settings)
    mill.write({f"src/folder{number % FOLDERS}/file{number}.txt": f"file {number}\n" for number in range(FILES)})
    mill.write({"Dockerfile": dockerfile()})
    time.sleep(2.1)  # what changed just now is read again
    for name in "deep", "compiled", "deep", "deep":
        mill.ok("build", "--progress=plain", "-t", name, ".")
    return mill


@pytest.fixture
def count(built: Mill, tmp_path: Path) -> Count:
    """Counts a command, less what the interpreter takes to start and end."""
    assert shutil.which("strace"), "needs strace: scripts/install-tools"
    nothing = counted(replace(built, command=(sys.executable, "-c", "pass")), tmp_path / "nothing")
    return lambda *arguments: counted(built, tmp_path / "log", *arguments).less(nothing)


def test_a_build_that_is_asked_again_asks_for_little(count: Count) -> None:
    count("build", "--progress=plain", "-t", "deep", ".")

    found = count("build", "--progress=plain", "-t", "deep", ".")

    assert_as_seen(found, SEEN["again"])


def test_a_cached_build_under_another_name_asks_for_no_more_than_it_did(count: Count) -> None:
    found = count("build", "--progress=plain", "-t", "other", ".")

    assert_as_seen(found, SEEN["cached"])


def assert_as_seen(found: Counts, seen: Seen) -> None:
    assert found.all <= seen.calls * SLACK, f"{seen.calls} system calls were seen, now {found.all}: {found.calls}"
    assert found.opened <= seen.opened * SLACK, f"{seen.opened} opened files were seen, now {found.opened}"
    assert found.processes == 0


def test_a_log_of_strace_is_counted() -> None:
    log = """\
7 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3
7 openat(AT_FDCWD, "/none", O_RDONLY) = -1 ENOENT (No such file or directory)
7 clone(child_stack=NULL, flags=CLONE_VM|CLONE_THREAD) = 8
8 read(3,  <unfinished ...>
7 vfork( <unfinished ...>
8 <... read resumed>"abc", 3) = 3
8 openat(AT_FDCWD, "/etc/group", O_RDONLY <unfinished ...>
9 execve("/bin/true", ["true"], 0x7ffd /* 2 vars */) = 0
7 <... vfork resumed>) = 9
8 <... openat resumed>) = 4
7 futex(0x7f, FUTEX_WAIT, 0, NULL) = 0
9 +++ exited with 0 +++
7 --- SIGCHLD {si_signo=SIGCHLD} ---
"""

    found = parse(log)

    assert found == Counts({"openat": 3, "clone": 1, "read": 1, "vfork": 1, "execve": 1}, opened=2, processes=1)
