"""Mending: fixes applied, overlaps left, and what comes out can be parsed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.linting import findings, lint_file, meaning, project
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import Span
from stagemill.lint import CORE, Edit, Finding, Fix, apply, check, mend
from stagemill.lint.choice import select
from stagemill.lint.mend import diff, preview

TEXT = "FROM a\nRUN x\nFROM b\nCOPY --from=0 /x /x\n"


def finding(*edits: Edit) -> Finding:
    base = findings("index-from", TEXT)[0]
    return replace(base, fix=Fix(edits, "change it"))


def word(line: int, column: int, end: int) -> Span:
    return Span(line, column, line, end)


def test_what_only_clears_the_way_is_done_where_it_leads_on() -> None:
    text = "FROM x\nARG A=1\nARG B=$A\nARG C=$B\nRUN a\nRUN echo $C\n"

    result = mend(lint_file(text), select(only=["ArgTooEarly"]), unsafe=True)

    assert result.text == "FROM x\nRUN a\nARG A=1\nARG B=$A\nARG C=$B\nRUN echo $C\n"
    assert result.left == ()


def test_edits_of_several_fixes_are_all_made() -> None:
    first, second = finding(Edit(word(2, 5, 6), "longer")), finding(Edit(word(4, 13, 14), "a"))

    applied = apply(parse(TEXT), [second, first])

    assert applied.text == "FROM a\nRUN longer\nFROM b\nCOPY --from=a /x /x\n"
    assert (applied.done, applied.left) == ((second, first), ())


def test_of_two_that_overlap_the_first_wins_and_the_other_is_left() -> None:
    first, second = finding(Edit(Span(2, 1, 3, 1), "RUN y\n")), finding(Edit(word(2, 5, 6), "z"))

    applied = apply(parse(TEXT), [first, second])

    assert applied.text == TEXT.replace("RUN x", "RUN y")
    assert (applied.done, applied.left) == ((first,), (second,))


def test_an_edit_that_two_fixes_share_is_made_once() -> None:
    both = [finding(Edit(word(1, 7, 7), " AS x")), finding(Edit(word(1, 7, 7), " AS x"), Edit(word(4, 13, 14), "x"))]

    applied = apply(parse(TEXT), both)

    assert applied.text == "FROM a AS x\nRUN x\nFROM b\nCOPY --from=x /x /x\n"
    assert applied.left == ()


def test_two_insertions_at_one_place_are_a_conflict() -> None:
    first, second = finding(Edit(word(1, 7, 7), " AS x")), finding(Edit(word(1, 7, 7), " AS y"))

    assert apply(parse(TEXT), [first, second]).left == (second,)


def test_a_fix_after_which_the_text_cannot_be_parsed_is_left() -> None:
    bad, good = finding(Edit(word(2, 1, 4), "RUM")), finding(Edit(word(2, 5, 6), "y"))

    applied = apply(parse(TEXT), [bad, good])

    assert applied.text == TEXT.replace("RUN x", "RUN y")
    assert (applied.done, applied.left) == ((good,), (bad,))


def test_findings_without_a_fix_are_left() -> None:
    bare = replace(finding(), fix=None)

    applied = apply(parse(TEXT), [bare])

    assert (applied.text, applied.left) == (TEXT, (bare,))


def test_mending_goes_on_until_nothing_is_left_to_mend() -> None:
    result = mend(lint_file("FROM a:1$X-$Y\nRUN x\nFROM b\nCOPY --from=0 /x /x\n"), CORE)

    assert meaning(result.text) == [
        "ARG X", "ARG Y", "FROM a:1$X-$Y AS builder", "RUN x", "FROM b AS runtime", "COPY --from=builder /x /x",
    ]  # fmt: skip
    assert result.left == ()
    assert sorted(f.rule for f in result.done) == [
        "index-from", "undeclared-arg", "undeclared-arg", "unnamed-stage", "unnamed-stage",
    ]  # fmt: skip


def test_mending_says_what_it_left() -> None:
    result = mend(lint_file("FROM a AS b\nWORKDIR /x\nFROM c\nCOPY --from=0 /x /x\n"), CORE)

    assert [f.rule for f in result.left] == ["whole-directory"]


def test_a_file_without_mistakes_stays_as_it_is() -> None:
    result = mend(lint_file("\ufeffFROM a\r\nRUN x"), CORE)

    assert (result.text, result.done, result.left) == ("\ufeffFROM a\r\nRUN x", (), ())


def test_mending_twice_is_mending_once() -> None:
    text = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\nFROM node:22\nCOPY --from=0 /app/node_modules /m\n"

    once = mend(lint_file(text, context=project()), CORE).file

    assert mend(once, CORE).text == once.dockerfile.source.text
    assert check(once, CORE) == []


def test_a_fix_is_shown_as_a_unified_diff() -> None:
    shown = preview(parse(TEXT, "a/Dockerfile"), Fix((Edit(word(2, 5, 6), "y"),), "y"))

    assert shown == (
        "--- a/Dockerfile\n+++ a/Dockerfile\n@@ -1,4 +1,4 @@\n FROM a\n-RUN x\n+RUN y\n FROM b\n COPY --from=0 /x /x\n"
    )


@pytest.mark.parametrize("line", [2, 3, 9, 10, 250, 498, 499, 500])
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_fix_in_a_long_file_is_shown_as_in_a_diff_of_all_of_it(line: int, end: str) -> None:
    text = "\n".join(["\ufeffFROM a", *(f"RUN {number}" for number in range(2, 501))]) + end
    edits = (
        Edit(Span(line, 1, line, 4), "USER"),
        Edit(Span(line, 1, line, 1), "# new\n"),
        Edit(Span(1, 6, 1, 7), "b"),
    )
    dockerfile = parse(text, "f")

    for chosen in (edits[:1], edits[1:2], edits[2:], edits[::2]):
        fixed = apply(dockerfile, [finding(*chosen)]).text
        assert preview(dockerfile, Fix(chosen, "y")) == diff(text, fixed, name="f")


def test_a_diff_tells_a_missing_last_line_end() -> None:
    assert diff("a\nb", "a\nc", name="f") == (
        "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )


def test_a_diff_shows_nothing_that_a_terminal_would_obey() -> None:
    assert "\x1b" not in diff("a\x1b[31m\n", "b\x1b[31m\n", name="f")
