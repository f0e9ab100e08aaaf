"""What a split is shown as."""

from __future__ import annotations

import json
from dataclasses import replace

from fakes.splitting import facts_of
from stagemill.cli.splitting import report
from stagemill.split.draft import Draft, Left
from stagemill.split.proof import Check
from stagemill.split.smoke import Outcome
from stagemill.split.splitting import Split, foreseen

FACTS = facts_of('FROM golang:1.23\nWORKDIR /src\nRUN go build -o /app .\nCMD ["/app"]\n')
DRAFT = Draft(
    "go", "", "scratch", "why", left=(Left("/root/.cache", "it is a cache", 5_000_000), Left("git", "it fetches"))
)
PROVEN = Split(
    FACTS,
    DRAFT,
    "FROM scratch\n",
    600_000_000,
    2_500_000,
    12,
    same_program=True,
    checks=(Check(("/app", "-v"), Outcome(0, b"", b""), Outcome(0, b"", b"")),),
)


def test_the_change_comes_first_then_what_stays_then_the_proof() -> None:
    lines = report.text(PROVEN, "").splitlines()

    assert lines[:3] == ["--- Dockerfile", "+++ Dockerfile", "@@ -1,4 +1 @@"]
    assert lines[-11:] == [
        "Go: golang:1.23 builds, scratch runs",
        "",
        "STAYS BEHIND      SIZE   WHY",
        "/root/.cache   5.00 MB   it is a cache",
        "git                      it fetches",
        "",
        "12 files of the runtime are what they were; settings too.",
        "It starts the same program, byte for byte.",
        "`/app -v` prints the same in both, exit status 0.",
        "",
        "600 MB → 2.50 MB, −99.6 %. Nothing was written: --write puts it in the place of the Dockerfile, -o FILE beside it.",
    ]


def test_what_was_not_proven_is_said() -> None:
    bare = report.text(replace(PROVEN, checks=(), same_program=False), "D2")

    assert "The program that it starts is another build of it, of another base." in bare
    assert "No command was run in it: --check COMMAND runs one in both." in bare
    assert bare.endswith("D2 was written.")


def test_what_was_only_foreseen_names_what_a_build_has_to_show() -> None:
    shown = report.text(foreseen(FACTS), "")

    assert "Only a build can show:\n  whether the program needs a system at all" in shown
    assert "Nothing was built. Nothing was written" in shown


def test_of_many_leftovers_the_largest_are_shown() -> None:
    left = tuple(Left(f"/d/{number}", f"reason {number}", number) for number in range(20))

    lines = report.text(replace(PROVEN, draft=replace(DRAFT, left=left)), "").splitlines()

    assert any(line.startswith("/d/19") for line in lines)
    assert [line.split() for line in lines if line.startswith("and ")] == [["and", "4", "more", "6", "B"]]


def test_programs_get_all_of_it_in_bytes() -> None:
    found = json.loads(report.document(PROVEN))

    assert (found["before"], found["after"], found["percent"], found["runtime"]) == (
        600_000_000,
        2_500_000,
        99.6,
        "scratch",
    )
    assert found["left"][0] == {"path": "/root/.cache", "why": "it is a cache", "size": 5_000_000}
    assert found["checks"] == [{"command": ["/app", "-v"], "status": 0, "stderr": True}]
