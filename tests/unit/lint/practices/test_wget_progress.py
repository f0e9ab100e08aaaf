"""`WgetProgress`: wget draws its progress bar into the log of the build."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, mended

RULE = "WgetProgress"


@pytest.mark.parametrize("run", ["wget https://x", "wget -O a https://x", "wget -c -t 3 https://x", "sudo wget x"])
def test_a_wget_that_draws_is_found(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == [2]


@pytest.mark.parametrize(
    "run",
    [
        "wget -q x",
        "wget -qO- x",
        "wget -nv x",
        "wget --quiet x",
        "wget --progress=bar x",
        "wget -o log x",
        "curl x",
        "wget -O- -q x",
        "wget --version",
    ],
)
def test_a_quiet_one_is_fine(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == []


def test_the_wget_of_busybox_is_left_alone() -> None:
    assert lines_found(RULE, "FROM alpine:3 AS a\nFROM a\nRUN wget x\n") == []


def test_the_fix_changes_the_log_only_where_the_option_is_known() -> None:
    text = "FROM debian:12\nRUN wget x\n"

    assert mended(RULE, text) == "FROM debian:12\nRUN wget --progress=dot:giga x\n"
    assert [f.fix and f.fix.safe for f in findings(RULE, text)] == [True]
    assert [f.fix and f.fix.safe for f in findings(RULE, "FROM x\nRUN wget x\n")] == [False]
