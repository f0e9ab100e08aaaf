"""What is compared between the old image and the runtime."""

from __future__ import annotations

from fakes.tree import MemoryTree, file, link
from stagemill.oci.config import RunConfig
from stagemill.split import proof, smoke
from stagemill.split.proof import Check

SAME = smoke.Outcome(0, b"out", b"a warning")


def test_a_check_is_the_same_where_output_and_status_are() -> None:
    assert Check(("x",), SAME, smoke.Outcome(0, b"out", b"")).same
    assert not Check(("x",), SAME, smoke.Outcome(1, b"out", b"")).same
    assert not Check(("x",), SAME, smoke.Outcome(0, b"other", b"")).same


def test_the_program_of_an_image_is_found_through_path_and_links() -> None:
    view = MemoryTree(
        {"usr/bin/node22": file("", mode=0o755), "usr/bin/node": link("node22"), "app/run": file("", mode=0o755)}
    )

    assert proof.program(view, RunConfig(cmd=("node", "a.js"))) == "usr/bin/node22"
    assert proof.program(view, RunConfig(entrypoint=("./run",), working_dir="/app")) == "app/run"
    assert proof.program(view, RunConfig(cmd=("none",))) == ""
    assert proof.program(view, RunConfig(entrypoint=("/none",))) == ""
    assert proof.program(view, RunConfig()) == ""


def test_of_many_differences_the_first_are_shown() -> None:
    assert proof.shown(["a", "b"]) == "a\nb"
    assert proof.shown("abc", most=2) == "a\nb\nand 1 more"
