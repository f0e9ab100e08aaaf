"""What is known of the stages of a file without building it."""

from __future__ import annotations

import pytest

from fakes.linting import lint_file
from stagemill.lint.file import may_mean


def test_bases_and_parents_are_told_without_building() -> None:
    file = lint_file("FROM a AS Base\nFROM base AS x\nFROM c\nFROM x\n")

    assert [stage.parent for stage in file.stages] == [None, 0, None, 1]
    assert [stage.name for stage in file.shipped()] == ["base", "x", ""]


def test_variables_in_from_have_their_defaults_and_build_arguments() -> None:
    text = "ARG E=prod\nFROM a AS deps-dev\nFROM a AS deps-prod\nFROM deps-${E} AS deps\n"

    assert lint_file(text).stages[2].parent == 1
    assert lint_file(text, build_args={"E": "dev"}).stages[2].parent == 0


def test_a_platform_argument_is_not_known() -> None:
    assert lint_file("FROM a AS x-amd64\nFROM x-$TARGETARCH\n").stages[1].base is None


def test_work_directory_and_environment_go_on_through_stages() -> None:
    file = lint_file("FROM scratch AS a\nWORKDIR app\nENV D=src\nFROM a\nWORKDIR $D\nWORKDIR ../$UNKNOWN\n")

    assert [step.before.workdir for step in file.stages[1].steps] == ["/app", "/app/src"]
    assert file.stages[1].end.workdir is None


def test_the_work_directory_of_a_base_image_is_not_known() -> None:
    file = lint_file("FROM a\nWORKDIR x\nWORKDIR /y\nWORKDIR z\n")

    assert [step.before.workdir for step in file.stages[0].steps] == [None, None, "/y"]
    assert file.stages[0].end.workdir == "/y/z"


def test_arguments_of_a_stage_take_build_arguments_then_defaults_then_global_ones() -> None:
    file = lint_file("ARG G=g\nFROM a\nARG A=a\nARG B=b\nARG G\nARG U\n", build_args={"B": "given"})

    assert file.stages[0].end.env == {"A": "a", "B": "given", "G": "g", "U": None}


def test_readers_are_copies_mounts_and_triggers() -> None:
    text = (
        "FROM a AS s\nFROM b\nENV D=/d\nCOPY --from=S $D/x y/ /z\nRUN --mount=type=bind,from=s,source=/m true\n"
        "RUN --mount=from=0 true\nONBUILD COPY --from=s / /\nCOPY --from=image / /\nCOPY --from=s $NO /\n"
    )
    file = lint_file(text)

    assert [read.paths for read in file.readers(file.stages[0])] == [("/d/x", "/y"), ("/m",), ("/",), (None,), (None,)]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("builder", "builder", True),
        ("Builder", "builder", True),
        ("node:22", "node", False),
        ("$BASE", "builder", True),
        ("${BASE:-${X}}", "builder", True),
        ("deps-${ENV:-prod}", "deps-dev", True),
        ("deps-${ENV}", "builder", False),
        ("${REGISTRY}/node", "builder", False),
        ("node:${TAG}", "node", False),
        ("${A}a${A}", "bab", True),
        ("a$A", "ba", False),
        ("${A}a" * 12 + "c", "a" * 250, False),
        ("$A${A}a" * 12, "a" * 250, True),
    ],
)
def test_a_from_may_mean_a_stage(text: str, name: str, *, expected: bool) -> None:
    assert may_mean(text, name) is expected


def test_a_very_long_chain_of_stages_is_no_problem() -> None:
    lines = ["FROM node:22 AS s0", *(f"FROM s{n} AS s{n + 1}\nRUN npm ci" for n in range(1500))]

    file = lint_file("\n".join(lines))

    assert len(file.shipped()) == 1501
