"""A build with a budget: nobody gets what is too large."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]
NOISE = b"".join(bytes([n * n % 251, n % 256]) for n in range(5000))


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "noise").write_bytes(NOISE)
    (folder / "Dockerfile").write_text("FROM scratch AS a\nCOPY noise /a\nFROM scratch AS b\nCOPY --from=a a /tmp/a\n")
    return folder


def test_what_is_too_large_gets_no_name(project: Path, stagemill: Call) -> None:
    said = stagemill("build", "--max-size=100B", "-t", "app", ".")

    assert said.status == 1
    assert "error: b is over its budget: size" in said.err
    assert stagemill("images", "-q").out == ""


def test_what_is_within_its_budget_gets_one_and_the_table_is_told(project: Path, stagemill: Call) -> None:
    said = stagemill("build", "--max-size=1MB", "--max-waste=100%", "--max-size=a=10kB", "-t", "app", ".")

    assert said.status == 0
    told = [line.split(maxsplit=1)[1].split() for line in said.err.splitlines() if line.endswith(" ok")]
    assert [line[0] for line in told] == ["size", "waste", "stage"]


def test_waste_is_told_and_counted(project: Path, stagemill: Call) -> None:
    assert "error: b is over its budget: waste" in stagemill("build", "--max-waste=1%", "-t", "app", ".").err


def test_stages_are_weighed_also_where_all_is_cached(project: Path, stagemill: Call) -> None:
    for _ in range(2):
        assert "error: b is over its budget: stage a" in stagemill("build", "--max-size=a=1kB", ".").err


def test_a_stage_that_the_target_does_not_need_has_no_line(project: Path, stagemill: Call) -> None:
    said = stagemill("build", "--max-size=b=1B", "--target=a", ".")

    assert said.status == 0
    assert "BUDGET" not in said.err
    assert "#0 \n" not in said.err


def test_a_project_has_a_budget_for_every_build(project: Path, stagemill: Call) -> None:
    (project / "stagemill.toml").write_text('[size]\nmax-size = "1kB"\n')

    assert stagemill("build", ".").status == 1
    assert stagemill("build", "--max-size=1MB", ".").status == 0


def test_growth_is_from_the_image_that_had_the_name(project: Path, stagemill: Call) -> None:
    first = stagemill("build", "--max-growth=1%", "-t", "app", ".")
    (project / "noise").write_bytes(NOISE + NOISE[::-1])
    second = stagemill("build", "--max-growth=1%", "-t", "app", ".")

    assert "there is no image before b that its growth could be measured from" in first.err
    assert (first.status, second.status) == (0, 1)
    assert "error: b is over its budget: growth" in second.err


def test_each_of_several_targets_is_held(project: Path, stagemill: Call) -> None:
    said = stagemill("build", "--max-size=1B", "--target=a=one", "--target=b=two", ".")

    assert said.err.count("BUDGET") == 2
    assert "error: a is over its budget: size" in said.err
    assert "\nb is over its budget: size" in said.err
    assert stagemill("images", "-q").out == ""


@pytest.mark.parametrize(
    "flags", [["--squash"], ["--compression=zstd"], ["-o", "type=oci,dest=a.tar,compression=uncompressed"]]
)
def test_what_is_held_is_what_is_shipped(project: Path, stagemill: Call, flags: list[str]) -> None:
    said = stagemill("build", "--max-size=1MB", "--max-waste=100%", "-t", "app", *flags, ".")

    told = next(line for line in said.err.splitlines() if line.startswith("#0 size "))
    shipped = stagemill("size", "oci-archive:a.tar" if "-o" in flags else "app").out
    assert said.status == 0
    assert " ".join(told.split()[2:4]) == shipped.partition(": ")[2].partition(" to pull")[0]
