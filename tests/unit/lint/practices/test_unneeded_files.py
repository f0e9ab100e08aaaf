"""`UnneededFiles`: a build has shown that a step brings files to the image that nothing needs to run."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found
from stagemill.dockerfile.parser import parse
from stagemill.insight.leftovers import Leftover
from stagemill.insight.waste import Kind
from stagemill.lint.evidence import Evidence, Unneeded
from stagemill.lint.file import Known

RULE = "UnneededFiles"
TEXT = "FROM x AS build\nRUN make\nFROM y AS base\nRUN install\nFROM base\nCOPY --from=build /a /a\nCOPY b /b\n"
MAPS = Unneeded("source map", 32, 20_100_000, "a/main.js.map")
HEADERS = Unneeded("header or static library", 1, 950_000, "a/x.a")


def shown(text: str = TEXT, **lines: tuple[Unneeded, ...]) -> Known:
    by_line = {int(name[1:]): some for name, some in lines.items()}
    return Known(evidence=(Evidence(parse(text), "build 7 of 2026-11-29", unneeded=by_line),))


def test_what_is_left_over_is_told_with_its_build_the_largest_kind_first() -> None:
    (found,) = findings(RULE, TEXT, known=shown(_6=(HEADERS, MAPS)))

    assert (found.span.line, found.level) == (6, "info")
    assert found.message == (
        "21 MB of what this step brings nothing needs to run: 20 MB of source maps (/a/main.js.map and 31 more), "
        "0.9 MB of headers and static libraries (/a/x.a); so it was in build 7 of 2026-11-29"
    )
    assert found.hint == "copy without them: COPY --exclude=**/*.map"


def test_steps_of_the_stage_that_the_image_begins_from_count_and_others_do_not() -> None:
    assert lines_found(RULE, TEXT, known=shown(_2=(MAPS,), _4=(MAPS,), _7=(MAPS,))) == [4, 7]


def test_of_many_kinds_three_are_named() -> None:
    kinds = ("temporary file", "documentation", "source map", "tests of a dependency", "compiler or build tool")
    some = tuple(Unneeded(kind, 1, (9 - n) * 1_000_000, kind[:2]) for n, kind in enumerate(kinds))

    message = findings(RULE, TEXT, known=shown(_7=some))[0].message

    assert (
        "9.0 MB of temporary files (/te), 8.0 MB of documentation (/do), 7.0 MB of source maps (/so), and 11 MB more;"
        in message
    )


def test_what_a_run_brought_is_taken_away_where_it_is_made() -> None:
    assert (
        findings(RULE, TEXT, known=shown(_4=(MAPS,)))[0].hint
        == "remove them in this step, or leave them out where they are made"
    )


def test_a_hostile_name_does_nothing_to_a_terminal() -> None:
    hostile = Unneeded("source map", 1, 2_000_000, "a\x1b[2J\n\udcff.map")

    assert "(/a\ufffd[2J\ufffd\ufffd.map)" in findings(RULE, TEXT, known=shown(_6=(hostile,)))[0].message


@pytest.mark.parametrize("kind", [*Leftover, Kind.DEVELOPMENT])
def test_every_kind_that_size_knows_has_its_name_and_its_remedy(kind: Leftover | Kind) -> None:
    (found,) = findings(RULE, TEXT, known=shown(_4=(Unneeded(kind.value, 1, 2_000_000, "a"),)))

    assert kind is Leftover.DOCS or f"2.0 MB of {kind.value} (" not in found.message
    assert found.hint


def test_what_compiles_is_meant_in_an_image_that_is_there_to_compile() -> None:
    compilers = Unneeded("compiler or build tool", 1, 5_000_000, "usr/bin/gcc")

    for end, found in ('CMD ["app"]', [4]), ('CMD ["make"]', []):
        text = f"{TEXT}{end}\n"
        assert lines_found(RULE, text, known=shown(text, _4=(compilers,))) == found
    text = TEXT.replace("FROM base\n", "FROM base AS builder\n")
    assert lines_found(RULE, text, known=shown(text, _4=(compilers,))) == []
    assert lines_found(RULE, text, known=shown(text, _4=(compilers, MAPS))) == [4]


def test_little_is_not_worth_a_word() -> None:
    assert lines_found(RULE, TEXT, known=shown(_6=(HEADERS,))) == []
    assert lines_found(RULE, TEXT, known=shown(_6=(HEADERS, Unneeded("documentation", 1, 50_000, "a")))) == [6]


@pytest.mark.parametrize(
    "now",
    [
        TEXT.replace("/a /a", "/a /c"), TEXT.replace("RUN make", "RUN make small"), TEXT.replace("FROM x", "FROM x:2"),
        TEXT.replace("FROM base", "FROM z"), TEXT.replace("COPY --from=build /a /a\n", ""),
    ],
)  # fmt: skip
def test_it_is_silent_where_the_step_or_what_it_copies_from_has_changed(now: str) -> None:
    assert lines_found(RULE, now, known=shown(_6=(MAPS,))) == []


def test_it_follows_a_step_that_has_moved() -> None:
    assert lines_found(RULE, "# a word\n" + TEXT, known=shown(_6=(MAPS,))) == [7]


def test_without_evidence_there_is_nothing_to_find() -> None:
    assert lines_found(RULE, TEXT) == []
