"""Variables that are declared too early."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.advised import FILES, VARIABLE, advised, after, ran


def test_one_is_moved_down_to_where_it_is_used() -> None:
    source = "FROM x AS app\nARG V=1\nRUN a\nCOPY b /\nRUN echo ${V}\n"
    steps = ran(3, "RUN a", VARIABLE, seconds=10), ran(4, "COPY b /", after(3)), ran(5, "RUN echo ${V}", VARIABLE)

    assert advised(source, *steps) == [
        "ARG V at line 2 is first used at line 5: moved down, 2 steps and 12 s stay cached"
    ]


def test_an_argument_that_is_not_used_is_moved_to_the_end_or_left_out() -> None:
    assert advised("FROM x AS app\nARG V=1\nRUN a\n", ran(3, "RUN a", VARIABLE)) == [
        "ARG V at line 2 is not used in the stage after it: moved to the end or left out, 1 step and 2.0 s stay cached"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "FROM x AS app\nENV V=1\nRUN a\n",  # whoever runs the image has it
        "FROM x AS app\nARG V=1\nRUN a\nFROM app AS more\nRUN echo $V\n",
    ],
)
def test_what_others_may_use_is_not_left_out(source: str) -> None:
    (text,) = advised(source, ran(3, "RUN a", VARIABLE))

    assert text.endswith(
        "is not used in the stage after it: moved to the end of the stage, 1 step and 2.0 s stay cached"
    )


def test_what_reads_the_stage_stays_cached_too_where_it_is_used_nowhere() -> None:
    source = "FROM x AS app\nARG V=1\nRUN a\nFROM x AS more\nCOPY --from=app /a /a\nRUN b\n"
    copied = ran(5, "COPY --from=app /a /a", after(3), stage="more", on=[3])
    last = ran(6, "RUN b", after(5), FILES, stage="more")

    assert advised(source, ran(3, "RUN a", VARIABLE), copied, last) == [
        "ARG V at line 2 is not used in the stage after it: moved to the end or left out, 2 steps and 4.0 s stay cached"
    ]


def test_two_that_the_same_steps_depend_on_are_moved_together() -> None:
    other = replace(VARIABLE, name="W")
    source = "FROM x AS app\nARG V\nARG W\nRUN a\nRUN echo $W\n"
    steps = ran(4, "RUN a", VARIABLE, other), ran(5, "RUN echo $W", VARIABLE, other)

    assert advised(source, *steps) == [
        "ARG V at line 2 and ARG W at line 3 are first used at line 5: moved down, 1 step and 2.0 s stay cached"
    ]


@pytest.mark.parametrize(
    "use", ["RUN echo $V", "RUN printenv V", "RUN <<EOF\nmake -D V\nEOF", "ENV W=${V}", "LABEL x=$V", "COPY $V /"]
)
def test_it_is_used_wherever_its_name_stands(use: str) -> None:
    assert advised(f"FROM x AS app\nARG V\n{use}\nRUN b\n", ran(3, use, VARIABLE), ran(4, "RUN b", VARIABLE)) == []


@pytest.mark.parametrize(
    "name", ["NODE_ENV", "DEBIAN_FRONTEND", "GOFLAGS", "CGO_ENABLED", "PATH", "CFLAGS", "https_proxy"]
)
def test_what_programs_read_by_themselves_is_used_everywhere(name: str) -> None:
    cause = replace(VARIABLE, name=name)

    assert advised(f"FROM x AS app\nARG {name}\nRUN a\n", ran(3, "RUN a", cause)) == []


def test_what_has_another_cause_too_would_have_run_anyway() -> None:
    assert advised("FROM x AS app\nARG V\nRUN a\n", ran(3, "RUN a", VARIABLE, FILES)) == []
    apart = ran(3, "RUN a", FILES), ran(4, "RUN b", VARIABLE)
    assert advised("FROM x AS app\nARG V\nRUN a\nRUN b\n", *apart) == []
