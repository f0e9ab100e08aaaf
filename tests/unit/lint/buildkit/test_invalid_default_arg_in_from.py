"""`InvalidDefaultArgInFrom`: FROM lines that name nothing by default."""

from __future__ import annotations

from fakes.linting import findings, lines_found

RULE = "InvalidDefaultArgInFrom"


def test_a_name_that_is_none_without_build_arguments_is_found() -> None:
    text = "ARG VERSION\nARG IMAGE\nFROM busybox:$VERSION\nFROM $IMAGE\n"

    found = findings(RULE, text, build_args={"VERSION": "1", "IMAGE": "x"})

    assert [(f.span.line, f.message) for f in found] == [
        (3, "Default value for ARG busybox:$VERSION results in empty or invalid base image name"),
        (4, "Default value for ARG $IMAGE results in empty or invalid base image name"),
    ]


def test_a_default_makes_it_one() -> None:
    text = 'ARG V="latest"\nARG W\nFROM a:${V}\nFROM b:${W:-1}\nFROM c:1$W\nFROM d-$TARGETARCH\n'

    assert lines_found(RULE, text) == []


def test_a_constant_is_left_alone() -> None:
    assert lines_found(RULE, "FROM scratch AS Base\nFROM Base\n") == []


def test_what_cannot_be_expanded_is_for_the_build_to_tell() -> None:
    assert lines_found(RULE, "FROM ${x:?none}\n") == []
