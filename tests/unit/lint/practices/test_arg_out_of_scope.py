"""`ArgOutOfScope`: an ARG above the first FROM read inside of a stage, which does not see it."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, unsafely_mended

RULE = "ArgOutOfScope"


@pytest.mark.parametrize(
    "line",
    ["RUN echo $V", "RUN echo ${V}", "LABEL v=$V", "COPY $V /x", "RUN echo \\\n  $V", 'RUN ["sh", "-c", "echo $V"]'],
)
def test_a_variable_of_the_file_is_not_seen_in_a_stage(line: str) -> None:
    assert lines_found(RULE, f"ARG V=1\nFROM x:$V\n{line}\n{line}\n") == [4 if "\n" in line else 3]


def test_the_finding_stands_at_the_variable() -> None:
    (found,) = findings(RULE, "ARG V=1\nFROM x\nRUN a && \\\n    # why\n    b ${V} c\n")

    assert (found.span.line, found.span.column) == (5, 7)


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\nARG V\nRUN echo $V", "FROM x\nENV V=2\nRUN echo $V", "FROM x\nRUN V=2; echo $V", "FROM x\nRUN for V in a; do echo $V; done",
        "FROM x AS a\nARG V\nFROM a\nRUN echo $V", "FROM x\nRUN echo $VV", "FROM x\nRUN echo ${V:-3}", "FROM x\nRUN echo V",
        "FROM x\nRUN read V; echo $V", "FROM x\nRUN echo \\$V",
    ],
)  # fmt: skip
def test_one_that_is_declared_or_set_there_is_fine(text: str) -> None:
    assert lines_found(RULE, f"ARG V=1\n{text}\n") == []


def test_a_builder_gives_the_platform_only_to_stages_that_declare_it() -> None:
    assert lines_found(RULE, "ARG TARGETARCH\nFROM x\nRUN echo $TARGETARCH\n") == [3]
    assert lines_found(RULE, "ARG TARGETARCH\nFROM x\nARG TARGETARCH\nRUN echo $TARGETARCH\n") == []
    assert lines_found(RULE, "ARG PATH\nFROM x\nRUN echo $PATH\n") == []


def test_the_fix_declares_it_above_the_line_and_its_comments() -> None:
    text = "ARG V=1\nFROM x\n# why\nRUN echo $V\n"

    assert unsafely_mended(RULE, text) == "ARG V=1\nFROM x\nARG V\n# why\nRUN echo $V\n"
