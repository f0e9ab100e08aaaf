"""Which build arguments select which stage."""

from __future__ import annotations

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.oci.platform import Platform
from stagemill.plan.request import Request
from stagemill.plan.selecting import Alternative, Choice, alternatives, choices

TEXT = """\
ARG ENV=prod
FROM scratch AS build-dev
FROM scratch AS build-prod
FROM build-${ENV} AS final
"""


def found(text: str, needed: list[int], **build_args: str) -> tuple[list[Choice], list[tuple[int, str, str]]]:
    request = Request(platform=Platform.local(), build_args=build_args)
    dockerfile = parse(text)
    others = alternatives(dockerfile, request, needed)
    return list(choices(dockerfile, request, needed)), [(one.stage, one.argument, one.value) for one in others]


def test_a_from_with_an_argument_says_what_it_means_and_what_it_could_mean() -> None:
    chosen, others = found(TEXT, [1, 2])

    assert chosen == [Choice(4, "build-${ENV}", (("ENV", "prod"),), "build-prod")]
    assert others == [(0, "ENV", "dev")]


def test_the_argument_that_was_given_counts() -> None:
    chosen, others = found(TEXT, [0, 2], ENV="dev")

    assert (chosen[0].chosen, others) == ("build-dev", [(1, "ENV", "prod")])


def test_the_line_is_that_of_the_from() -> None:
    request = Request(platform=Platform.local())

    assert alternatives(parse(TEXT), request, [1, 2]) == (Alternative(0, "ENV", "dev", 4),)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("ARG ENV=prod\n", "").replace("${ENV}", "${ENV:-prod}"),
        TEXT.replace("build-${ENV}", "build-prod"),
        TEXT.replace("${ENV}", "${ENV:+prod}"),
        TEXT.replace("build-dev", "other"),
    ],
)
def test_what_no_argument_can_select_has_none(text: str) -> None:
    assert found(text, [1, 2])[1] == []


def test_the_whole_name_may_be_an_argument() -> None:
    text = "ARG S=b\nFROM scratch AS a\nFROM scratch AS b\nFROM $S\n"

    assert found(text, [1, 2])[1] == [(0, "S", "a")]


def test_of_two_stages_of_a_name_only_the_last_can_be_meant() -> None:
    text = "ARG S=b\nFROM scratch AS a\nFROM scratch AS a\nFROM scratch AS b\nFROM $S\n"

    assert found(text, [2, 3])[1] == [(1, "S", "a")]
