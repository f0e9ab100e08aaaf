"""A crew does all that it is given, whoever of it dies, and nothing after an error."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stagemill.digest import Digest
from stagemill.files import crew as crews
from stagemill.files.crew import Crew, Hands

if TYPE_CHECKING:
    from stagemill.files.errands import Copying, Reading

MUCH = 1 << 40  # bytes: worth a process
PAGE = 4096  # bytes


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew(1) as found:
        yield found


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    for number in range(100):
        (source / f"{number}").write_text(f"file {number}")
    return source, target


def copying(folders: tuple[Path, Path], number: int) -> Copying:
    name, data = f"{number}".encode(), f"file {number}".encode()
    source, target = map(os.fsencode, folders)
    return "copy", source, target, None, [(name, name, len(data), bytes.fromhex(Digest.of(data).hex), 0o644, 0)]


def put_all(hands: Hands, folders: tuple[Path, Path], done: list[bytes]) -> None:
    for number in range(100):
        hands.put(copying(folders, number), done.append, size=MUCH)


def whole(folder: Path) -> bool:
    return {path.name: path.read_text() for path in folder.iterdir()} == {
        f"{number}": f"file {number}" for number in range(100)
    }


def processes() -> set[int]:
    """Those that this process has started, and not waited for."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that ends just now
            found.update(map(int, (task / "children").read_text().split()))
    return found


def test_all_is_done_when_the_block_is_left(crew: Crew, folders: tuple[Path, Path]) -> None:
    done: list[bytes] = []
    before = processes()

    with crew.hired() as hands:
        put_all(hands, folders, done)
        started = processes() - before

    assert (len(started), done, whole(folders[1])) == (1, [b"\1"] * 100, True)


def test_little_is_done_without_a_process(crew: Crew, folders: tuple[Path, Path]) -> None:
    before, done = processes(), list[bytes]()

    with crew.hired() as hands:
        hands.put(copying(folders, 1), done.append, size=1)

        assert (done, processes() - before) == ([b"\1"], set())


def test_what_a_process_was_killed_in_the_middle_of_is_done_again(crew: Crew, folders: tuple[Path, Path]) -> None:
    done: list[bytes] = []
    before = processes()

    with crew.hired() as hands:
        hands.put(copying(folders, 0), done.append, size=MUCH)
        (worker,) = processes() - before
        os.kill(worker, signal.SIGSTOP)
        hands.put(copying(folders, 1), done.append, size=MUCH)
        (folders[1] / "1").write_text("fi")  # what it had done of it
        os.kill(worker, signal.SIGKILL)
        for number in range(2, 100):
            hands.put(copying(folders, number), done.append, size=MUCH)

    assert (done, whole(folders[1]), processes() - before) == ([b"\1"] * 100, True, set())


def test_after_an_error_nothing_is_done_any_more(crew: Crew, folders: tuple[Path, Path]) -> None:
    before = processes()

    with pytest.raises(RuntimeError, match="enough"), crew.hired() as hands:
        hands.put(copying(folders, 0), lambda _: None, size=MUCH)
        raise RuntimeError("enough")

    assert processes() <= before


def test_who_comes_second_does_it_all_by_hand(crew: Crew, folders: tuple[Path, Path]) -> None:
    done: list[bytes] = []
    before = processes()

    with crew.hired(), crew.hired() as hands:
        put_all(hands, folders, done)

        assert (done, processes() - before) == ([b"\1"] * 100, set())


def test_where_no_process_can_be_had_it_is_done_by_hand(
    crew: Crew, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")
    done: list[bytes] = []
    before = processes()

    with crew.hired() as hands:
        put_all(hands, folders, done)

    assert (done, whole(folders[1]), processes() - before) == ([b"\1"] * 100, True, set())


def test_its_processes_end_with_it(folders: tuple[Path, Path]) -> None:
    before = processes()

    with Crew(1) as crew, crew.hired() as hands:
        hands.put(copying(folders, 0), lambda _: None, size=MUCH)

    assert processes() <= before


def test_nobody_waits_where_pipes_hold_a_page(
    crew: Crew, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", partial(subprocess.Popen, pipesize=PAGE))
    monkeypatch.setattr(crews, "_PIPE", PAGE)
    status = (folders[0] / "1").stat()
    facts = (b"1", status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    errand: Reading = ("hash", os.fsencode(folders[0]), [facts] * PAGE)
    done: list[bytes] = []

    with crew.hired() as hands:
        for _ in range(4):
            hands.put(errand, done.append, size=MUCH)

    assert done == [bytes.fromhex(Digest.of(b"file 1").hex) * PAGE] * 4


LEFT_BEHIND = """
import os, signal, sys
from pathlib import Path
from stagemill.files.crew import Crew

with Crew(1) as crew, crew.hired() as hands:
    hands.put(("hash", b"/", []), lambda _: None, size=1 << 40)
    print(Path(f"/proc/self/task/{os.getpid()}/children").read_text(), flush=True)
    input()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_its_processes_end_when_nobody_can_give_them_anything() -> None:
    with subprocess.Popen([sys.executable, "-c", LEFT_BEHIND], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as caller:
        assert caller.stdin
        assert caller.stdout
        worker = os.pidfd_open(int(caller.stdout.readline()))
        caller.communicate(b"\n")

    assert select.select([worker], [], [], 60)[0] == [worker]
