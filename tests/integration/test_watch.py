"""`build --watch`: real files change, real builds follow, at a real terminal. Everything waits for words on it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from fakes.desk import Desk, desk
from fakes.mill import Mill

pytestmark = pytest.mark.root

WAITING = "Ctrl-C ends"
COPY = "FROM busybox\nCOPY . /app/\n"


@contextmanager
def watching(mill: Mill, *arguments: str) -> Iterator[Desk]:
    command = [*mill.command, "build", "--watch", "--progress=plain", *arguments, "."]
    with desk(command, env=mill.environment, cwd=mill.folder) as person:
        yield person


def save(mill: Mill, files: Mapping[str, str]) -> None:
    """Each file has its new text at once: one that is empty for a moment might be built from, and change once more."""
    for name, text in files.items():
        written = mill.folder.parent / "written"
        written.write_text(text)
        (mill.folder / name).parent.mkdir(exist_ok=True)
        written.rename(mill.folder / name)


@contextmanager
def stopped(person: Desk) -> Iterator[None]:
    """It sees nothing meanwhile, and all of it together afterwards."""
    person.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        person.process.send_signal(signal.SIGCONT)


def changed(person: Desk) -> str:
    """The paths of the next change."""
    person.wait_for("watch: changed: ")
    return person.wait_for("\n").strip()


def is_gone(number: int) -> bool:
    return not os.path.exists(f"/proc/{number}")


def test_a_change_builds_again_and_control_c_ends_it(mill: Mill) -> None:
    mill.write({"Dockerfile": COPY, "a": "1", ".dockerignore": "skip\n", "skip/x": "1"})
    with watching(mill, "-t", "app") as person:
        settings = person.settings
        person.wait_for(WAITING)
        assert mill.cat("app", "/app/a") == "1"

        save(mill, {"skip/x": "2"})  # is in the same message if it counts
        save(mill, {"a": "2"})
        first = changed(person)
        person.wait_for(WAITING)
        second_image = mill.cat("app", "/app/a")
        person.type("\x03")

        assert person.status() == 130
        assert person.settings == settings

    assert first == "a"
    assert second_image == "2"
    assert person.screen.count("changed:") == 1
    assert "Traceback" not in person.screen


def test_the_rules_and_the_dockerfile_hold_as_they_are_now(mill: Mill) -> None:
    mill.write({"Dockerfile": COPY, "a": "1", ".dockerignore": "Dockerfile\nb\n"})
    with watching(mill, "-t", "app") as person:
        person.wait_for(WAITING)
        save(mill, {".dockerignore": "a\n"})
        first = changed(person)
        person.wait_for(WAITING)
        save(mill, {"a": "2"})
        save(mill, {"b": "1"})
        second = changed(person)
        person.wait_for(WAITING)
        save(mill, {"Dockerfile": COPY + "LABEL of=later\n"})
        third = changed(person)
        person.wait_for(WAITING)

    assert (first, second, third) == (".dockerignore", "b", "Dockerfile")
    assert mill.inspect("app")["Config"]["Labels"] == {"of": "later"}


def test_a_build_that_fails_is_shown_and_the_next_change_mends_it(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\nCOPY check /\nRUN sh /check\n", "check": "exit 7\n"})
    with watching(mill, "-t", "app", "--on-success", "echo it is $((6 * 7))") as person:
        shown = person.wait_for(WAITING)
        save(mill, {"Dockerfile": "FROM busybox\nCOPY check /\nRUB sh /check\n"})
        shown += person.wait_for("did you mean RUN?")
        person.wait_for(WAITING)
        save(mill, {"check": "exit 0\n", "Dockerfile": "FROM busybox\nCOPY check /\nRUN sh /check\n"})
        person.wait_for("it is 42")
        person.wait_for("the command ended with status 0")
        person.type("\x03")
        assert person.status() == 130

    assert "exit code: 7" in shown
    assert "it is 42" not in shown


def test_what_changes_during_a_build_is_not_lost(mill: Mill) -> None:
    gate = mill.folder.parent / "gate"
    gate.mkdir()
    script = "echo inside $((40 + 2)); until test -e /gate/open; do sleep 0.05; done"
    mill.write({"Dockerfile": f"FROM busybox\nRUN {script}\nCOPY a c /\n", "a": "1", "b": "1", "c": "1"})
    with watching(mill, "-t", "app", "--volume", f"{gate}:/gate") as person:
        person.wait_for("inside 42")
        with stopped(person):
            save(mill, {"a": "2", "c": "2"})
        (gate / "open").touch()
        person.wait_for(WAITING)
        what = changed(person)
        person.wait_for(WAITING)
        person.type("\x03")
        assert person.status() == 130

    assert what == "a, c"
    assert mill.cat("app", "/a", "/c") == "22"
    assert person.screen.count("changed:") == 1


@pytest.mark.parametrize(
    "flags",
    [
        ("--iidfile", "iid", "-o", "type=oci,dest=app.tar", "--metadata-file", "made/meta.json"),
        ("-o", "files", "-o", "type=tar,dest=files.tar"),
    ],
)
def test_what_the_build_writes_into_its_context_is_no_change(mill: Mill, flags: tuple[str, ...]) -> None:
    mill.write({"Dockerfile": COPY, "a": "1"})
    (mill.folder / "made").mkdir()
    with watching(mill, *flags) as person:
        person.wait_for(WAITING)
        for text in "23":  # whatever was written is told before this, or with it
            save(mill, {"a": text})
            assert changed(person) == "a"
            person.wait_for(WAITING)
        person.type("\x03")
        assert person.status() == 130

    assert all((mill.folder / path).exists() for path in flags[1::2] if "=" not in path)
    assert person.screen.count("changed:") == 2
    assert "error" not in person.screen


def test_a_directory_that_is_renamed_or_removed_and_many_changes_at_once_are_one_build(mill: Mill) -> None:
    mill.write({"Dockerfile": COPY + "RUN find /app -type f | sort > /list\n", "old/deep/a": "1"})
    with watching(mill, "-t", "app") as person:
        person.wait_for(WAITING)
        (mill.folder / "old").rename(mill.folder / "new")
        first = changed(person)
        person.wait_for(WAITING)
        with stopped(person):
            for number in range(300):
                (mill.folder / "new/deep" / str(number)).write_text("1")
        changed(person)
        person.wait_for(WAITING)
        with stopped(person):
            shutil.rmtree(mill.folder / "new/deep")
            save(mill, {"new/end": "1"})
        while mill.cat("app", "/list") != "/app/Dockerfile\n/app/new/end\n":
            changed(person)
            person.wait_for(WAITING)
        person.type("\x03")
        assert person.status() == 130

    assert first == "new, old"
    assert person.screen.count("changed:") <= 6


def test_directories_and_named_contexts_that_come_later_are_seen(mill: Mill) -> None:
    lib = mill.folder.parent / "lib"
    lib.mkdir()
    (lib / "x").write_text("1")
    mill.write({"Dockerfile": COPY + "COPY --from=lib x /x\n", "a": "1"})
    with watching(mill, "-t", "app", "--build-context", f"lib={lib}") as person:
        person.wait_for(WAITING)
        (mill.folder / "new").mkdir()
        first = changed(person)
        person.wait_for(WAITING)
        save(mill, {"new/b": "1"})
        second = changed(person)
        person.wait_for(WAITING)
        save(mill, {"../lib/x": "2"})
        third = changed(person)
        person.wait_for(WAITING)

    assert (first, second, third) == ("new", "new/b", "../lib/x")
    assert mill.cat("app", "/x") == "2"


def test_the_command_of_a_build_is_gone_before_the_next_one_and_at_the_end(mill: Mill) -> None:
    mill.write({"Dockerfile": COPY, "a": "1"})
    with watching(mill, "--on-success", "printf 'num%s %d\\n' ber $$; sleep 1000 & wait") as person:
        numbers = []
        for text in "23":
            person.wait_for("number ")
            numbers.append(int(person.wait_for("\n")))
            save(mill, {"a": text})
            person.wait_for("DONE")
            assert is_gone(numbers[-1])
        person.wait_for("number ")
        last = int(person.wait_for("\n"))
        assert not is_gone(last)
        person.process.send_signal(signal.SIGTERM)

        assert person.status() == 130

    assert is_gone(last)


def test_on_a_terminal_the_tree_of_each_build_is_drawn_and_left_whole(mill: Mill) -> None:
    mill.write({"Dockerfile": COPY, "a": "1"})
    command = [*mill.command, "build", "--watch", "--progress=tty", "-t", "app", "--on-success", "echo ran it", "."]
    with desk(command, env=mill.environment, cwd=mill.folder) as person:
        first = person.wait_for(WAITING)
        person.wait_for("status 0")
        save(mill, {"a": "2"})
        second = person.wait_for(WAITING)
        person.type("\x03")
        assert person.status() == 130

    for shown in (first, second):
        assert "COPY . /app/" in shown
    assert second.index("watch: changed: a") < second.index("COPY . /app/") < second.index("watch: running echo ran it")


def test_quietly_nothing_is_said_but_what_is_built(mill: Mill) -> None:
    mill.write({"Dockerfile": COPY, "a": "1"})
    with watching(mill, "-q", "--on-success", "echo ready") as person:
        first = person.wait_for("ready\r\n").split()
        save(mill, {"a": "2"})
        second = person.wait_for("ready\r\n").split()

    assert [len(first), len(second)] == [2, 2]
    assert first[0].startswith("sha256:")
    assert first[0] != second[0]


def test_a_command_line_that_nothing_mends_ends_it_at_once(mill: Mill) -> None:
    mill.write({"Dockerfile": COPY})

    said = mill.fail("build", "--watch", "--iidfile", "iid", "-o", "files", ".", status=2)

    assert "--iidfile needs an image" in said


@pytest.mark.parametrize("how", ["keys", "signal"])
def test_a_build_that_runs_is_stopped_with_it(mill: Mill, how: str) -> None:
    mill.write({"Dockerfile": "FROM busybox\nRUN echo inside $((40 + 2)); sleep 1000\n"})
    with watching(mill) as person:
        person.wait_for("inside 42")
        if how == "keys":
            person.type("\x03")
        else:
            person.process.terminate()
        assert person.status() == 130

    assert "Traceback" not in person.screen
    assert WAITING not in person.screen
