"""`whole-directory`: all of a work directory in the image."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, project, unsafely_mended

RULE = "whole-directory"
BUILDER = "FROM node:22 AS builder\nWORKDIR /usr/src/app\nCOPY . .\nRUN npm ci && npm run build\n"
RUNTIME = "FROM node:22-slim AS runtime\nWORKDIR /app\n"


@pytest.mark.parametrize(
    "copy",
    [
        "COPY --from=builder /usr/src/app ./",
        "COPY --from=builder /usr/src/app/ /app/",
        "COPY --from=builder /usr/src/app/* ./",
        "COPY --from=builder /usr/src/app/. .",
        "COPY --from=builder usr/src/app .",
        "COPY --from=builder /usr/src /src",
        "COPY --from=0 / /",
        'COPY --from=builder ["/usr/src/app", "./"]',
    ],
)
def test_the_work_directory_or_what_holds_it_is_found(copy: str) -> None:
    assert lines_found(RULE, BUILDER + RUNTIME + copy + "\n") == [7]


@pytest.mark.parametrize(
    "copy",
    [
        "COPY --from=builder /usr/src/app/dist ./dist",
        "COPY --from=builder /usr/src/app/package.json ./",
        "COPY --from=builder /usr/local /usr/local",
        "COPY --from=builder /opt/venv /opt/venv",
        "COPY --from=builder /usr/src/app2 ./",
        "COPY --from=busybox:uclibc / /busybox",
        "COPY . .",
    ],
)
def test_parts_of_it_and_other_places_are_fine(copy: str) -> None:
    assert lines_found(RULE, BUILDER + RUNTIME + copy + "\n") == []


def test_the_destination_of_all_files_is_a_work_directory_too() -> None:
    text = (
        "FROM golang AS builder\nCOPY . /src\nRUN cd /src && go build\nFROM scratch AS x\nCOPY --from=builder /src /\n"
    )

    assert lines_found(RULE, text) == [5]


def test_stages_between_may_take_everything() -> None:
    text = (
        BUILDER + "FROM builder AS tester\nFROM alpine AS mid\nCOPY --from=builder /usr/src/app ./\nFROM scratch AS x\n"
    )

    assert lines_found(RULE, text) == []


def test_a_directory_that_only_a_named_output_fills_is_fine() -> None:
    text = (
        "FROM python AS builder\nWORKDIR /install\nCOPY requirements.txt /requirements.txt\n"
        "RUN pip install --prefix=/install -r /requirements.txt\nFROM python AS x\nCOPY --from=builder /install /usr/local\n"
    )

    assert lines_found(RULE, text) == []


def test_the_hint_names_what_the_image_runs() -> None:
    text = BUILDER + RUNTIME + 'COPY --from=builder --chown=1:1 /usr/src/app ./\nCMD ["node", "build/index.js"]\n'

    found = findings(RULE, text)

    assert found[0].message == "COPY takes all of /usr/src/app, the work directory of `builder`"
    assert found[0].hint == (
        "name what the image needs, for example:\n"
        "COPY --from=builder --chown=1:1 /usr/src/app/build ./build\n"
        "COPY --from=builder --chown=1:1 /usr/src/app/package.json ./package.json"
    )
    assert found[0].fix
    assert not found[0].fix.safe


def test_the_hint_says_dist_where_the_file_does_not_tell() -> None:
    text = "FROM x AS b\nWORKDIR /app\nRUN make\nFROM y AS r\nCOPY --from=b /app /srv/\n"

    assert findings(RULE, text)[0].hint == (
        "name what the image needs, for example:\nCOPY --from=b /app/dist /srv/dist"
    )


def test_the_whole_file_system_has_a_hint_of_its_own() -> None:
    found = findings(RULE, "FROM x\nRUN make\nFROM scratch AS r\nCOPY --from=0 / /\n")

    assert found[0].message == "COPY takes the whole file system of stage 0"
    assert found[0].hint == (
        "name the directories and files that the image needs, or begin the stage from stage 0 itself"
    )


def test_an_image_by_another_name_may_be_taken_whole() -> None:
    assert lines_found(RULE, "FROM tools AS xx\nFROM b\nCOPY --from=xx / /\n") == []
    assert lines_found(RULE, "FROM tools AS xx\nRUN a\nFROM b\nCOPY --from=xx / /\n") == [4]


RUNS = (
    'FROM node:22 AS b\nWORKDIR /app\nRUN npm ci\nFROM node:22-slim\nWORKDIR /app\n{}\nCMD ["node", "dist/index.js"]\n'
)


def test_what_the_image_runs_is_copied_by_name_where_that_is_wanted() -> None:
    text = RUNS.format("COPY --from=b --chown=node /app ./")

    assert unsafely_mended(RULE, text) == RUNS.format(
        "COPY --from=b --chown=node /app/dist ./dist\nCOPY --from=b --chown=node /app/package.json ./package.json"
    )
    assert [found.fix and found.fix.safe for found in findings(RULE, text)] == [False]


def test_the_packages_that_a_program_runs_with_are_copied_too() -> None:
    text = (
        "FROM node:22 AS a\nWORKDIR /app\nCOPY . .\nRUN npm ci\nFROM node:22\nWORKDIR /app\n"
        'COPY --from=a /app ./\nCMD ["node", "dist/i.js"]\n'
    )

    assert "COPY --from=a /app/node_modules ./node_modules\n" in unsafely_mended(RULE, text, context=project())
    none = project(package={"name": "app", "devDependencies": {"typescript": "1"}})
    assert "node_modules" not in unsafely_mended(RULE, text, context=none)
    assert "node_modules" not in unsafely_mended(RULE, text.replace("dist/i.js", "./x"), context=project())


@pytest.mark.parametrize("copy", ["COPY --from=b / /", "COPY --from=b /app \\\n  ./", "COPY --from=b /app /bin/sh ./"])
def test_there_is_no_fix_for_what_is_not_one_directory_in_one_line(copy: str) -> None:
    assert [found.fix for found in findings(RULE, RUNS.format(copy))] == [None]


def test_there_is_none_where_the_image_says_not_what_it_runs() -> None:
    text = RUNS.format("COPY --from=b /app ./").partition("CMD")[0]

    assert [found.fix for found in findings(RULE, text)] == [None]
