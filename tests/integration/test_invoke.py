"""`build --invoke`: a person at a real terminal looks into a RUN that failed. Everything waits for words on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fakes.desk import Desk, desk
from fakes.mill import Mill

pytestmark = pytest.mark.root

ASKED = "[q]uit the build? "
SHELL = "leave it with exit\r\n"


@contextmanager
def debugging(
    mill: Mill, dockerfile: str, *arguments: str, flag: str = "--invoke", mode: str = "plain"
) -> Iterator[Desk]:
    mill.write({"Dockerfile": dockerfile})
    command = [*mill.command, "build", flag, f"--progress={mode}", "-t", "app", *arguments, "."]
    with desk(command, env=mill.environment, cwd=mill.folder) as person:
        yield person


def said(person: Desk, line: str) -> str:
    """What the shell answers to a line. The words around the answer are not in what is typed, and so not in its echo."""
    person.type(f"echo her''e it is; {line}; echo th''at is all\n")
    person.wait_for("here it is\r\n")
    return person.wait_for("that is all\r\n").removesuffix("that is all\r\n").strip().replace("\r\n", "\n")


def test_a_shell_has_all_that_the_step_had_as_it_left_it(mill: Mill) -> None:
    mill.write({"source/a": "from the context"})
    dockerfile = (
        "FROM busybox\nENV COLOUR=red\nRUN touch /before\nWORKDIR /tmp\nUSER alice\n"
        "RUN --mount=type=bind,source=source,target=/mnt/s --mount=type=tmpfs,target=/mnt/t "
        "--mount=type=secret,id=key touch half-done && exit 9\n"
    )
    (mill.folder.parent / "key").write_text("s3cret")
    with debugging(mill, dockerfile, "--secret", f"id=key,src={mill.folder.parent}/key") as person:
        person.wait_for(SHELL)
        found = said(
            person, "id -un; pwd; ls; echo $COLOUR; cat /mnt/s/a; echo; grep -c '/mnt/t tmpfs' /proc/mounts; ls /"
        )
        again = said(person, "/dev/stagemill/step; echo status $?")
        person.type("exit 4\n")
        person.wait_for("the shell ended with status 4")
        person.wait_for(ASKED)
        person.type("q\n")
        status = person.status()

    user, folder, files, colour, source, mounts, *root = found.split("\n")
    assert (user, folder, files, colour) == ("alice", "/tmp", "half-done", "red")
    assert (source, mounts) == ("from the context", "1")
    assert "before" in " ".join(root).split()
    assert again == "status 9"
    assert status == 1
    assert "exit code: 9" in person.screen
    assert "Traceback" not in person.screen


def test_before_the_step_nothing_of_it_is_there_and_what_is_written_there_is_thrown_away(mill: Mill) -> None:
    with debugging(mill, "FROM busybox\nRUN touch /half-done && exit 9\n") as person:
        person.wait_for(SHELL)
        person.type("exit\n")
        person.wait_for(ASKED)
        person.type("before\n")
        person.wait_for(SHELL)
        before = said(person, "ls /half-done /mine 2>&1 | wc -l; touch /mine; ls / | grep -c mine")
        person.type("exit\n")
        person.wait_for(ASKED)
        person.type("s\n")
        person.wait_for(SHELL)
        after = said(person, "ls / | grep -c 'half-done'; ls / | grep -c mine")
        person.type("exit\n")
        person.wait_for(ASKED)
        person.type("\x04")
        assert person.status() == 1

    assert before == "2\n1"
    assert after == "1\n0"


def test_a_step_that_is_run_again_begins_from_nothing_and_what_was_done_by_hand_is_in_no_image(mill: Mill) -> None:
    gate = mill.folder.parent / "gate"
    gate.mkdir()
    dockerfile = "FROM busybox\nRUN test ! -e /mark && touch /mark && test -e /gate/open\nRUN echo the rest > /rest\n"
    with debugging(mill, dockerfile, "--volume", f"{gate}:/gate") as person:
        person.wait_for(SHELL)
        said(person, "echo by hand > /by-hand")
        person.type("exit\n")
        person.wait_for(ASKED)
        (gate / "open").touch()
        person.type("r\n")
        assert person.status() == 0
        assert person.settings == person.before

    assert mill.cat("app", "/rest") == "the rest\n"
    assert mill("run", "app", "ls", "/by-hand").status == 1


def test_a_build_begins_anew_with_what_was_mended_meanwhile(mill: Mill) -> None:
    dockerfile = "FROM busybox\nRUN echo once$((1)) > /made\nRUN false\n"
    with debugging(mill, dockerfile) as person:
        person.wait_for(SHELL)
        person.type("exit\n")
        person.wait_for(ASKED)
        mill.write({"Dockerfile": dockerfile.replace("RUN false", "COPY word /word\nRUN test -s /nothing")})
        mill.write({"word": "mended"})
        person.type("a\n")
        person.wait_for("the build begins anew")
        again = person.wait_for(SHELL)
        said(person, "cat /word")
        person.type("exit\n")
        person.wait_for(ASKED)
        mill.write({"Dockerfile": dockerfile.replace("RUN false", "COPY word /word")})
        person.type("anew\n")
        assert person.status() == 0
        assert person.settings == person.before

    assert "CACHED" in again
    assert mill.cat("app", "/made", "/word") == "once1\nmended"


def test_debug_is_the_same_at_a_terminal_and_goes_on_without_one(mill: Mill) -> None:
    with debugging(mill, "FROM busybox\nRUN exit 9\n", flag="--debug") as person:
        person.wait_for(f"debug: store: {mill.root}")
        person.wait_for(SHELL)
        person.type("exit\n")
        person.wait_for(ASKED)
        person.type("q\n")
        assert person.status() == 1

    assert "exit code: 9" in mill.fail("build", "--debug", ".")


def test_a_command_takes_the_place_of_the_person(mill: Mill) -> None:
    with debugging(mill, "FROM busybox\nRUN echo why > /log; exit 9\n", flag="--invoke=cat /log; exit 3") as person:
        person.wait_for("why\r\n")
        person.wait_for("the shell ended with status 3")
        person.wait_for(ASKED)
        person.type("what\n")
        person.wait_for("there is no what: answer")
        person.type("q\n")
        assert person.status() == 1


@pytest.mark.parametrize("mode", ["plain", "tty"])
def test_other_steps_write_nothing_meanwhile_and_go_on_afterwards(mill: Mill, mode: str) -> None:
    gate = mill.folder.parent / "gate"
    gate.mkdir()
    dockerfile = (
        "FROM busybox AS noisy\n"
        "RUN touch /gate/begun; until test -e /gate/loud; do sleep 0.05; done; echo no$((1))ise; touch /gate/said; echo x > /made\n"
        "FROM busybox AS bad\nRUN until test -e /gate/begun; do sleep 0.05; done; test -e /gate/open\n"
        "FROM scratch\nCOPY --from=noisy /made /\nCOPY --from=bad /bin/busybox /\n"
    )
    with debugging(mill, dockerfile, "--volume", f"{gate}:/gate", mode=mode) as person:
        person.wait_for(SHELL)
        said(person, "touch /gate/loud; until test -e /gate/said; do sleep 0.05; done")
        person.type("exit\n")
        quiet = person.wait_for(ASKED)
        (gate / "open").touch()
        person.type("r\n")
        assert person.status() == 0

    start = person.screen.index(SHELL)
    assert "no1ise" not in person.screen[start : person.screen.index(ASKED, start)]
    assert "no1ise" not in quiet
    if mode == "plain":
        assert "no1ise" in person.screen


def test_a_step_that_fails_meanwhile_is_not_asked_about_once_the_build_is_given_up(mill: Mill) -> None:
    gate = mill.folder.parent / "gate"
    gate.mkdir()
    dockerfile = (
        "FROM busybox AS a\nRUN touch /gate/a; until test -e /gate/b; do sleep 0.05; done; exit 8\n"
        "FROM busybox AS b\nRUN touch /gate/b; until test -e /gate/a; do sleep 0.05; done; exit 9\n"
        "FROM scratch\nCOPY --from=a /bin/busybox /a\nCOPY --from=b /bin/busybox /b\n"
    )
    with debugging(mill, dockerfile, "--volume", f"{gate}:/gate", flag="--invoke=true") as person:
        person.wait_for(ASKED)
        person.type("q\n")
        assert person.status() == 1

    assert person.screen.count(ASKED) == 1


def test_a_line_is_stopped_at_though_the_cache_has_it_and_goes_on(mill: Mill) -> None:
    dockerfile = "FROM busybox\nRUN touch /first\nRUN touch \\\n  /second\nRUN test -e /second && touch /third\n"
    mill.build(dockerfile, "-t", "app")
    with debugging(mill, dockerfile, flag="--break=4") as person:
        person.wait_for("stopped before this step")
        person.wait_for("Dockerfile:3")
        person.wait_for(SHELL)
        found = said(person, "ls -d /first /second 2>/dev/null; touch /second /by-hand")
        person.type("exit\n")
        person.wait_for("[g]o on, build [a]new, or [q]uit the build? ")
        person.type("g\n")
        assert person.status() == 0

    assert found == "/first"
    assert "RUN touch /first" in person.screen
    assert mill("run", "app", "ls", "/by-hand").status == 1
    assert mill("run", "app", "ls", "/second", "/third").status == 0


def test_a_stage_is_stopped_at_before_each_run_and_can_be_given_up(mill: Mill) -> None:
    dockerfile = "FROM busybox AS one\nRUN touch /a\nRUN touch /b\nFROM busybox\nRUN touch /c\nCOPY --from=one /b /\n"
    with debugging(mill, dockerfile, "--break", "one", flag="--invoke=ls /a") as person:
        person.wait_for("the shell ended with status 1")
        person.wait_for("the build? ")
        person.type("go\n")
        person.wait_for("the shell ended with status 0")
        person.wait_for("the build? ")
        person.type("q\n")
        assert person.status() == 130

    assert "given up before this step" in person.screen
    assert person.screen.count("stopped before this step") == 2


@pytest.mark.parametrize("place", ["question", "shell"])
def test_a_signal_ends_it_and_the_terminal_is_as_before(mill: Mill, place: str) -> None:
    with debugging(mill, "FROM busybox\nRUN exit 9\n") as person:
        person.wait_for(SHELL)
        if place == "question":
            person.type("exit\n")
            person.wait_for(ASKED)
            person.type("\x03")
        else:
            said(person, "true")
            person.process.terminate()
        assert person.status() == 130
        assert person.settings == person.before


def test_a_tree_without_a_shell_gets_the_machines(mill: Mill) -> None:
    dockerfile = 'FROM busybox AS b\nFROM scratch\nCOPY --from=b /bin/busybox /tool\nRUN ["/tool", "false"]\n'
    with debugging(mill, dockerfile) as person:
        person.wait_for(SHELL)
        assert said(person, "ls /tool") == "/tool"
        person.type("exit\n")
        person.wait_for(ASKED)
        person.type("q\n")
        assert person.status() == 1


def test_without_a_terminal_it_is_refused(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\n"})

    assert "--invoke needs a terminal, and standard input is none" in mill.fail("build", "--invoke", ".", status=2)
    assert "--break needs a terminal, and standard input is none" in mill.fail("build", "--break", "1", ".", status=2)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("2", "--break is for steps that run something"),
        ("3", "--break 3: line 3 of Dockerfile holds no instruction"),
        ("tset", "--break tset: there is no such stage"),
    ],
)
def test_what_is_no_run_cannot_be_stopped_at(mill: Mill, name: str, why: str) -> None:
    with debugging(mill, "FROM busybox\nCOPY Dockerfile /\n", flag=f"--break={name}") as person:
        assert person.status() == 1

    assert why in person.screen.replace("\r\n", "\n")
