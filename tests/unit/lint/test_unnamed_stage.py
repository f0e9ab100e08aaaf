"""`unnamed-stage`: stages without a name in a file of several."""

from __future__ import annotations

from fakes.linting import findings, lines_found, meaning, mended

RULE = "unnamed-stage"


def test_every_stage_without_a_name_is_found() -> None:
    found = findings(RULE, "FROM a\nRUN x\nFROM b AS c\nFROM d\n")

    assert [(f.span.line, f.message) for f in found] == [
        (1, "stage 0 of 3 has no name"),
        (4, "stage 2 of 3 has no name"),
    ]
    assert (
        found[0].hint == "write AS builder after the image; then --target and COPY --from can say which stage they mean"
    )


def test_a_single_stage_needs_no_name() -> None:
    assert lines_found(RULE, "FROM a\nRUN x\n") == []


def test_named_stages_are_fine() -> None:
    assert lines_found(RULE, "FROM a AS x\nFROM b as Y\n") == []


def test_the_fix_names_the_first_builder_and_the_last_runtime() -> None:
    text = "FROM a\nFROM --platform=linux/amd64 b \nFROM c\n"

    assert meaning(mended(RULE, text)) == [
        "FROM a AS builder",
        "FROM --platform=linux/amd64 b AS stage1",
        "FROM c AS runtime",
    ]


def test_the_fix_takes_names_that_are_free() -> None:
    text = "FROM a AS Runtime\nFROM b\nCOPY --from=runtime /x /x\n"

    assert meaning(mended(RULE, text))[1] == "FROM b AS stage1"


def test_a_name_that_a_variable_could_mean_is_not_taken() -> None:
    found = findings(RULE, "ARG BASE=alpine\nFROM a\nFROM $BASE AS x\n")

    assert [f.fix for f in found] == [None]


def test_a_variable_that_is_a_tag_takes_no_name() -> None:
    text = "ARG TAG=1\nFROM a\nFROM alpine:${TAG} AS x\n"

    assert meaning(mended(RULE, text))[1] == "FROM a AS builder"


def test_there_is_no_fix_where_the_file_reads_the_name_of_its_target() -> None:
    found = findings(RULE, "FROM a\nFROM b\nARG TARGETSTAGE\nRUN echo $TARGETSTAGE\n")

    assert [f.fix for f in found] == [None, None]
