"""`index-from`: stages that are read by their number."""

from __future__ import annotations

from fakes.linting import findings, lines_found, meaning, mended

RULE = "index-from"
NAMED = "FROM node:22 AS build\nRUN make\nFROM alpine AS runtime\nCOPY --from=0 /app/dist ./dist\n"


def test_a_copy_from_a_number_is_found_at_the_number() -> None:
    found = findings(RULE, NAMED)

    assert [(f.span.line, f.span.column, f.span.end_column) for f in found] == [(4, 13, 14)]
    assert found[0].message == "COPY copies from stage 0 by its number"
    assert found[0].hint == "numbers move when a stage is added; write `build`, the name of that stage"


def test_a_copy_from_a_name_or_an_image_is_fine() -> None:
    text = "FROM node:22 AS build\nFROM alpine\nCOPY --from=build /a /a\nCOPY --from=busybox:1 /b /b\nCOPY c /c\n"

    assert lines_found(RULE, text) == []


def test_the_fix_writes_the_name_that_the_stage_has() -> None:
    assert mended(RULE, NAMED) == NAMED.replace("--from=0", "--from=build")


def test_the_fix_names_a_stage_without_a_name() -> None:
    text = "FROM node:22\nRUN make\nFROM alpine\nCOPY --from=0 /a /a\nCOPY --from=0 /b /b\n"

    new = mended(RULE, text)

    assert meaning(new) == [
        "FROM node:22 AS builder",
        "RUN make",
        "FROM alpine",
        "COPY --from=builder /a /a",
        "COPY --from=builder /b /b",
    ]


def test_a_name_that_another_stage_has_is_not_taken() -> None:
    text = "FROM node:22\nFROM node:22 AS builder\nFROM alpine\nCOPY --from=0 /a /a\n"

    assert meaning(mended(RULE, text))[0] == "FROM node:22 AS stage0"


def test_a_name_that_a_later_from_or_copy_takes_for_an_image_is_not_taken() -> None:
    text = "FROM node:22\nFROM builder\nCOPY --from=0 /a /a\nCOPY --from=stage0 /b /b\n"

    found = findings(RULE, text)

    assert [f.fix for f in found] == [None]
    assert found[0].hint == "give stage 0 a name with AS that nothing else has, and write that name here"


def test_there_is_no_fix_where_a_later_stage_has_the_same_name() -> None:
    text = "FROM a AS x\nFROM b AS x\nFROM c\nCOPY --from=0 /a /a\n"

    assert [f.fix for f in findings(RULE, text)] == [None]


def test_a_number_without_a_stage_is_found_and_not_mended() -> None:
    found = findings(RULE, "FROM a AS x\nFROM b AS y\nCOPY --from=7 /a /a\n")

    assert [f.fix for f in found] == [None]
    assert found[0].hint == "there is no such stage: 1 stages are above it, counted from 0; name one with AS"


def test_a_mount_from_a_number_is_found_and_mended() -> None:
    text = "FROM a AS x\nFROM b AS y\nRUN --mount=type=bind,from=0,target=/t ls /t\n"

    assert [f.message for f in findings(RULE, text)] == ["RUN mounts stage 0 by its number"]
    assert mended(RULE, text) == text.replace("from=0", "from=x")


def test_a_number_in_a_quoted_mount_is_found_and_not_mended() -> None:
    text = 'FROM a AS x\nFROM b AS y\nRUN --mount="type=bind,from=0,target=/t" ls /t\n'

    assert [f.fix for f in findings(RULE, text)] == [None]


def test_a_number_behind_a_continuation_is_mended_in_place() -> None:
    text = "FROM a AS x\r\nFROM b AS y\r\nCOPY --chown=1:1 \\\r\n  --from=0 /a /a\r\n"

    assert mended(RULE, text) == text.replace("--from=0", "--from=x")


def test_a_stage_that_waits_for_a_number_is_found_and_mended() -> None:
    text = "FROM a AS test\nFROM --after=0,later b AS web\nFROM --after=3 c AS later\nFROM d AS last\n"

    found = findings(RULE, text)

    assert [(f.span.line, f.span.column, f.message) for f in found] == [
        (2, 14, "FROM waits for stage 0 by its number"),
        (3, 14, "FROM waits for stage 3 by its number"),
    ]
    assert mended(RULE, text).splitlines()[1] == "FROM --after=test,later b AS web"


def test_a_number_that_no_stage_has_is_told_without_a_fix() -> None:
    assert [f.fix for f in findings(RULE, "FROM a AS test\nFROM --after=7 b AS web\n")] == [None]
