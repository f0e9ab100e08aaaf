"""`stagemill verify`: Dockerfiles that give other bytes each time, and one that does not."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.servers import Server, make_repository
from fakes.mill import Mill
from fakes.registry import FakeRegistry
from fakes.user import User, make_user

pytestmark = pytest.mark.root

SAME = """\
FROM busybox AS build
ARG SOURCE_DATE_EPOCH
COPY src /src
RUN date -d "@$SOURCE_DATE_EPOCH" > /date && cat /src/* > /all && ln /all /hard && mkdir -p /var/log && ls /src > /var/log/listed
FROM busybox
WORKDIR /made
COPY --from=build /date /all /hard /var/log /made/
"""
OTHER = """\
FROM busybox AS build
WORKDIR /w
RUN date > /w/built
RUN cat /proc/sys/kernel/random/uuid > id && mkdir -p /var/log && date +%s > /var/log/setup.log
RUN date +%s > /tmp/now && touch -d "@$(cat /tmp/now)" a b && tar -cf times.tar a b && rm /tmp/now a b
RUN for name in $(seq 64 | shuf); do echo x > $name; echo $name; done > listed && rm [0-9]* && mktemp tmp.XXXXXX
RUN printf '\\357\\15\\15\\12\\0\\0\\0\\0' > m.pyc && date +%s | head -c 10 | tail -c 4 >> m.pyc && echo 1234 >> m.pyc
FROM busybox
COPY --from=build /w /moved
COPY --from=build /var/log /var/log
RUN touch -d "@$(($(date +%s) - 1700000000))" /old
"""


def filled(mill: Mill, dockerfile: str) -> Mill:
    mill.write({"Dockerfile": dockerfile, "src/a": "A", "src/b": "B", "ignored": "x", ".dockerignore": "ignored\n"})
    return mill


def found(mill: Mill, *flags: str, status: int = 1) -> dict[str, Any]:
    """The verdict as JSON."""
    ran = mill("verify", "--json", "--progress=quiet", *flags, ".")
    assert ran.status == status, ran.err
    verdict: dict[str, Any] = json.loads(ran.out)
    return verdict


def wait_for_midnight() -> None:
    """If it comes soon: two builds would have two days."""
    left = 86_400 - time.time() % 86_400
    time.sleep(left if left < 300 else 0)


def told(verdict: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """Of each file the line that made it, and the beginning of its cause."""
    return {
        each["path"]: (each["step"]["line"], " ".join(each["cause"]["title"].split()[:4])) for each in verdict["files"]
    }


def test_every_difference_has_its_step_and_its_cause(mill: Mill) -> None:
    verdict = found(filled(mill, OTHER))

    assert verdict["same"] is False
    drawn = {path for path in told(verdict) if path.startswith("/moved/tmp.")}
    assert {path: facts for path, facts in told(verdict).items() if path not in drawn} == {
        "/moved/built": (3, "the time of building,"),
        "/moved/id": (4, "a UUID that is"),
        "/moved/times.tar": (5, "the times of the"),
        "/moved/listed": (6, "the same lines in"),
        "/moved/m.pyc": (7, "Python's bytecode, which has"),
        "/var/log/setup.log": (4, "a log, with times"),
        "/old": (11, "the time of the"),
    }
    assert {told(verdict)[path] for path in drawn} == {(6, "the name of a")}
    built = next(each for each in verdict["files"] if each["path"] == "/moved/built")
    one, other = (bytes.fromhex(built["first_byte"][which]) for which in ("one", "other"))
    at = built["first_byte"]["before"]
    assert (one[:at], one[at]) != (other[:at], other[at])
    assert one[:at] == other[:at]


def test_people_see_the_line_the_byte_and_what_to_write(mill: Mill) -> None:
    ran = filled(mill, "FROM busybox\nCOPY src /src\nRUN date > /built\n")("verify", "--progress=quiet", ".")

    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[0] == "not the same: 1 file of two builds"
    assert "3 | RUN date > /built" in lines
    assert "  | ^^^^^^^^^^^^^^^^^" in lines
    assert "/built: other bytes" in lines
    assert "  mend:  write ARG SOURCE_DATE_EPOCH before the RUN, and date -u -d @$SOURCE_DATE_EPOCH in it" in lines


def test_what_is_the_same_is_said_to_be_and_leaves_nothing(mill: Mill) -> None:
    verdict = found(filled(mill, SAME), "--target", "", "--build-arg", "UNUSED=1", status=0)

    assert (verdict["same"], verdict["files"], verdict["layers"], verdict["keys"]) == (True, [], [], [])
    assert verdict["digests"][0] == verdict["digests"][1]
    assert {each["name"] for each in verdict["varied"] if not each["why"]} >= {
        "path",
        "times",
        "umask",
        "locale",
        "jobs",
    }
    assert list((mill.root / "tmp").iterdir()) == []
    assert "app" not in mill.ok("images").out


def test_what_has_todays_date_is_told_though_it_is_the_same(mill: Mill) -> None:
    text = "FROM busybox AS b\nRUN date +%F > /day\nFROM busybox\nCOPY --from=b /day /\n"

    wait_for_midnight()
    verdict = found(filled(mill, text), "--source-date-epoch", "1500000000", "--vary=umask", status=0)

    assert [(each["path"], each["step"]["line"]) for each in verdict["suspects"]] == [("/day", 2)]


def test_the_date_of_the_flag_is_that_of_both(mill: Mill) -> None:
    verdict = found(filled(mill, SAME), "--source-date-epoch", "1500000000", "--vary=umask", status=0)

    out = mill.folder.parent / "metadata"
    mill.ok("build", "-q", "--reproducible", "--source-date-epoch", "1500000000", "--metadata-file", str(out), ".")
    assert json.loads(out.read_text())["containerimage.digest"] == verdict["digests"][0]
    assert [each["name"] for each in verdict["varied"] if not each["why"]] == ["umask"]


def test_bases_are_not_fetched_again(mill: Mill) -> None:
    """The store of `mill` has busybox, and no registry can be asked for it."""
    assert found(filled(mill, "FROM busybox\nCOPY --from=busybox /bin/busybox /b\n"), status=0)["same"]


def test_a_build_that_fails_is_no_verdict(mill: Mill) -> None:
    error = filled(mill, "FROM busybox\nRUN echo this is why; false\n").fail("verify", "--progress=plain", ".")

    assert "this is why" in error
    assert "error: the first build failed" in error
    assert list((mill.root / "tmp").iterdir()) == []


class TestAgainst:
    @pytest.fixture
    def built(self, mill: Mill) -> Mill:
        filled(mill, SAME)
        mill.ok("build", "-q", "--reproducible", "--source-date-epoch", "1500000000", "-t", "app", ".")
        return mill

    def test_an_image_of_these_files_is_the_same_by_its_own_date(self, built: Mill) -> None:
        verdict = found(built, "--against", "app", status=0)

        assert (verdict["same"], verdict["against"], verdict["varied"]) == (True, "app", [])

    def test_another_is_told_by_key_and_file(self, built: Mill) -> None:
        built.write({"src/a": "changed", "Dockerfile": f"{SAME}USER 5\n"})

        verdict = found(built, "--against", "app")

        assert [(each["key"], each["one"], each["other"]) for each in verdict["keys"] if "User" in each["key"]] == [
            ("config.User", "5", None)
        ]
        assert {each["path"] for each in verdict["files"]} == {"/made/all"}
        assert {each["step"]["line"] for each in verdict["files"]} == {4}

    def test_one_that_was_built_otherwise_differs_in_times_alone(self, mill: Mill) -> None:
        filled(mill, "FROM busybox\nCOPY src /src\nRUN touch /made\n")
        mill.ok("build", "-q", "-t", "usual", ".")

        verdict = found(mill, "--against", "usual")

        assert {change["name"] for each in verdict["files"] for change in each["changes"]} == {"time"}
        assert {each["cause"]["title"][:20] for each in verdict["keys"]} <= {"a time of building"}

    def test_a_layout_and_a_registry_are_asked_too(self, built: Mill) -> None:
        built.ok(
            "build",
            "-q",
            "--reproducible",
            "--source-date-epoch",
            "1500000000",
            "-o",
            "type=oci,tar=false,dest=out",
            ".",
        )
        built.write({".dockerignore": "ignored\nout\n"})
        assert found(built, "--against", f"oci-layout://{built.folder}/out", status=0)["same"]
        with FakeRegistry() as registry:
            name = f"{registry.host}/app:1"
            built.ok("tag", "app", name)
            built.ok("push", name)
            built.ok("rmi", name)
            assert found(built, "--against", f"docker://{name}", status=0)["same"]

    def test_a_registry_is_asked_as_the_flags_say(self, built: Mill) -> None:
        with FakeRegistry(auth="basic") as registry:
            registry.users = {"alice": "secret"}
            name = f"{registry.host}/app:1"
            built.ok("tag", "app", name)
            built.ok("push", "--creds", "alice:secret", name)

            assert found(built, "--creds", "alice:secret", "--against", f"docker://{name}", status=0)["same"]

    def test_what_the_image_got_from_flags_is_asked_for_again(self, built: Mill) -> None:
        flags = (
            "--label",
            "a=b",
            "--annotation",
            "c=d",
            "--squash",
            "--unsetenv",
            "PATH",
            "--compression-format",
            "zstd",
        )
        date = ("--reproducible", "--source-date-epoch", "1500000000")
        built.ok("build", "-q", *date, *flags, "-t", "flagged", ".")

        assert found(built, "--against", "flagged", *flags, status=0)["same"]
        assert found(built, "--against", "flagged")["keys"]

    def test_labels_of_the_commit_are_those_of_the_repository(self, mill: Mill) -> None:
        filled(mill, SAME)
        git = ("git", "-C", str(mill.folder), "-c", "user.name=a", "-c", "user.email=a@b")
        for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "x")):
            subprocess.run([*git, *arguments], check=True)

        assert found(replace(mill, settings={"BUILDX_GIT_LABELS": "1"}), status=0)["same"]

    def test_what_is_not_there_is_wrong_usage(self, mill: Mill) -> None:
        error = filled(mill, SAME).fail("verify", "--against", "nosuch", ".", status=2)

        assert "error: --against: the store has no image nosuch" in error
        assert "hint: pull it, or write --against docker://nosuch for one in a registry" in error


@pytest.fixture(scope="module")
def user(base: Mill) -> Iterator[User]:
    with make_user() as made:
        yield made


@pytest.fixture
def for_everybody(new_mill: Callable[[str], Mill], user: User) -> Mill:
    """Root's, with a program that everybody may start."""
    settings = {"PYTHONPATH": str(user.program), "PYTHONDONTWRITEBYTECODE": "1"}
    return replace(new_mill("open"), command=(user.python, "-m", "stagemill"), settings=settings)


class TestUser:
    def test_the_second_build_is_another_users_where_root_verifies(self, for_everybody: Mill) -> None:
        verdict = found(filled(for_everybody, SAME), status=0)

        assert [each["why"] for each in verdict["varied"]] == [""] * 7
        assert list((for_everybody.root / "tmp").iterdir()) == []

    def test_what_only_root_may_do_is_told(self, for_everybody: Mill) -> None:
        text = "FROM busybox\nRUN mknod /null c 1 3\n"

        error = filled(for_everybody, text).fail("verify", ".")

        assert "error: the second build failed, which the first did not" in error
        assert "leave one out with --vary=-NAME" in error
        assert found(for_everybody, "--vary=-user", status=0)["same"]

    def test_files_that_only_root_may_read_can_be_built_from(self, for_everybody: Mill) -> None:
        filled(for_everybody, "FROM busybox\nCOPY src /src\n")
        (for_everybody.folder / "src/a").chmod(0o600)
        for_everybody.folder.chmod(0o700)

        assert found(for_everybody, "-f", "Dockerfile", status=0)["same"]

    def test_an_ordinary_user_verifies_too(self, base: Mill, user: User) -> None:
        mill = user.mill("verify")
        filled(mill, SAME)
        user.give(mill.folder)
        mill.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())

        verdict = found(mill, status=0)

        assert {each["name"]: each["why"] for each in verdict["varied"] if each["why"]} == {
            "user": "only root can be somebody else too"
        }


def test_a_repository_is_fetched_by_both_and_has_the_date_of_its_commit(mill: Mill, tmp_path: Path) -> None:
    files = {"Dockerfile": "FROM busybox\nCOPY a /a\n", "a": "A"}
    make_repository(tmp_path / "r.git", {"commits": [{"files": files, "branch": "main"}]})
    with Server({}, tmp_path) as server:
        ran = mill("verify", "--json", "--progress=quiet", f"{server.url}/git/r.git#main")

    assert ran.status == 0, ran.err
    varied = {each["name"]: each["why"] for each in json.loads(ran.out)["varied"]}
    assert (varied["path"], varied["umask"]) == ("the context is no directory", "")


def test_what_comes_through_a_pipe_cannot_be_verified(mill: Mill) -> None:
    assert "what comes through a pipe is there only once" in mill.fail("verify", "-", status=2)
