"""`stagemill why`, `builds` and `log` where there is nothing to tell, and what is wrong with a command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.program import Call
from stagemill.cli import builds, log, why

TEXT = "FROM scratch AS a\nCOPY one /one\nFROM scratch AS b\nCOPY --from=a /one /two\n"

pytestmark = pytest.mark.root


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "one").write_text("1")
    (folder / "Dockerfile").write_text(TEXT)
    return folder


@pytest.mark.parametrize(
    ("arguments", "said", "status"),
    [
        (("why",), "error: nothing was built here yet\nhint: stagemill build . builds this directory\n", 1),
        (("log", "1"), "error: nothing was built here yet\nhint: stagemill build . builds this directory\n", 1),
        (("why", "--build", "7"), "error: there is no build 7\nhint: stagemill builds lists them; the 200 latest are kept\n", 1),
        (("why", "--build", "3", "--against", "3"), "error: --against 3 is not before build 3\nhint: name an earlier build\n", 2),
    ],
)  # fmt: skip
def test_a_store_without_builds(stagemill: Call, arguments: tuple[str, ...], said: str, status: int) -> None:
    answer = stagemill(*arguments)

    assert (answer.status, answer.err, answer.out) == (status, said, "")


def test_there_are_no_builds_to_list(stagemill: Call) -> None:
    assert stagemill("builds", "-q").out == ""
    assert stagemill("builds", "--json").out == "[]\n"


@pytest.mark.usefixtures("project")
class TestBuilt:
    def test_why_is_a_table_with_a_line_for_each_step_that_ran(self, stagemill: Call, project: Path) -> None:
        stagemill("build", "-q", ".")
        (project / "one").write_text("2")
        stagemill("build", "-q", ".")

        head, blank, columns, *rows = stagemill("why").out.splitlines()

        assert head.startswith("build 2 of b, ")
        assert head.endswith(" ago: 2 of 2 steps ran")
        assert (blank, columns.split()) == ("", ["LINE", "STEP", "TOOK", "WHY"])
        assert [row.split("   ")[-1] for row in rows] == [
            "one changed (content)", "after line 2 (COPY one /one: one changed (content)): /one changed (content)",
        ]  # fmt: skip

    def test_of_a_build_from_the_cache_nothing_is_told(self, stagemill: Call) -> None:
        stagemill("build", "-q", ".")
        stagemill("build", "-q", ".")

        assert stagemill("why").out.endswith(" ago: nothing ran, all was cached\n")
        assert json.loads(stagemill("why", "--json").out)["steps"] == []

    def test_a_later_one_cannot_be_what_it_is_compared_with(self, stagemill: Call) -> None:
        stagemill("build", "-q", ".")

        said = stagemill("why", "--against", "1")

        assert (said.status, said.err) == (2, "error: --against 1 is not before build 1\nhint: name an earlier build\n")

    def test_only_run_writes_anything(self, stagemill: Call) -> None:
        stagemill("build", "-q", ".")

        said = stagemill("log", "a")

        assert (said.status, said.err) == (1, "error: a has no output: it is COPY\nhint: only RUN writes anything\n")

    def test_a_build_that_moved_is_compared_with_where_it_was(self, stagemill: Call, project: Path) -> None:
        stagemill("build", "-q", ".")
        moved = project.parent / "moved"
        moved.mkdir()
        (moved / "Dockerfile").write_text(TEXT)
        (moved / "one").write_text("2")
        stagemill("build", "-q", str(moved))

        (copy, _) = json.loads(stagemill("why", "--json").out)["steps"]

        assert (copy["against"], copy["cause"]["text"]) == (1, "one changed (content)")

    def test_explaining_and_being_quiet_do_not_go_together(self, stagemill: Call) -> None:
        said = stagemill("build", "-q", "--explain", ".")

        assert (said.status, said.err) == (
            2, "error: --explain says something, and --quiet nothing\nhint: leave one out; stagemill why tells later\n",
        )  # fmt: skip


def test_each_has_its_own_command() -> None:
    assert [one.command.name for one in (why, builds, log)] == ["why", "builds", "log"]
