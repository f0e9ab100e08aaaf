"""What a target can be given."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fakes.images import FakeImages
from stagemill.context.named import NamedContexts
from stagemill.dockerfile.parser import parse
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.request import Request
from stagemill.subrequests import outline
from stagemill.subrequests.evaluate import evaluate
from stagemill.subrequests.outline import Outline

IMAGES = FakeImages(busybox=RunConfig(env=(("HOME_OF", "base"),)))


def outlined(text: str, *, target: str = "", build_args: Mapping[str, str] | None = None) -> Outline:
    request = Request(Platform.local(), target=target, build_args=build_args or {})
    return outline.outline(parse(text), request, evaluate(parse(text), request, IMAGES))


def args(text: str, *, target: str = "", **build_args: str) -> list[tuple[str, str, str]]:
    found = outlined(text, target=target, build_args=build_args)
    return [(argument.name, argument.value, argument.description) for argument in found.args]


def test_arguments_of_the_target_and_of_what_it_needs() -> None:
    text = """\
ARG inherited=box
ARG unused=abc
# sfx is a suffix
ARG sfx="usy${inherited}"
FROM b${sfx} AS first
# this is not about it
ARG FOO=123
# BAR is a number
ARG BAR=456
FROM first AS second
ARG BAZ
FROM scratch AS third
ARG ABC=a
FROM scratch
COPY --from=third / /
"""

    assert args(text, target="second", BAR="678") == [
        ("inherited", "box", ""),
        ("sfx", "usybox", "is a suffix"),
        ("FOO", "123", ""),
        ("BAR", "678", "is a number"),
        ("BAZ", "", ""),
    ]
    assert args(text) == [("ABC", "a", "")]


def test_one_that_comes_from_above_keeps_its_place_and_shows_what_it_reads() -> None:
    text = "ARG FOO=123\nARG ABC=abc\nARG DEF=$ABC\nFROM scratch\nARG BAR=$FOO\nARG DEF\nARG FOO\n"

    assert args(text) == [("FOO", "123", ""), ("ABC", "abc", ""), ("DEF", "abc", ""), ("BAR", "", "")]


def test_one_that_reads_itself_reads_what_it_read_before() -> None:
    text = "ARG A=1\nARG B=$A\nARG B=$B-2\nFROM scratch\nARG B\n"

    assert args(text) == [("A", "1", ""), ("B", "1-2", "")]


def test_values_see_env_and_the_base() -> None:
    text = "FROM busybox AS a\nENV X=x\nFROM a\nARG Y=$X-$HOME_OF-${NO:-no}\nENV Z=$Y\nARG Q=$Z\n"

    assert args(text) == [("Y", "x-base-no", ""), ("Q", "x-base-no", "")]


def test_platform_arguments_are_listed_only_where_they_are_declared_before_the_first_from() -> None:
    assert args("FROM scratch\nARG TARGETARCH\n") == []
    assert args("ARG TARGETARCH=x\nFROM scratch\nARG TARGETARCH\n") == [("TARGETARCH", "x", "")]


MOUNTS = """\
FROM busybox AS first
RUN --mount=type=secret,target=/etc/passwd,required=true --mount=type=ssh true
FROM busybox AS unneeded
RUN --mount=type=secret,id=unused true
# final is all
FROM first AS final
ARG N=2
RUN --mount=type=ssh,id=two,required --mount=type=secret,id=second$N true
RUN --mount=type=cache,target=/c/ --mount=type=cache,id=own,target=/d --mount=type=tmpfs,target=/t true
"""


def test_what_is_mounted_by_name() -> None:
    found = outlined(MOUNTS)

    assert [(one.kind, one.name, one.required, one.span.line) for one in found.mounts] == [
        ("secret", "passwd", True, 2),
        ("ssh", "default", False, 2),
        ("ssh", "two", True, 8),
        ("secret", "second2", False, 8),
        ("cache", "/c", False, 9),
        ("cache", "own", False, 9),
    ]


def test_tables_are_for_people() -> None:
    assert outline.text(outlined(MOUNTS)) == (
        "TARGET:      final\nDESCRIPTION: is all\n\n"
        "BUILD ARG   VALUE   DESCRIPTION\nN           2       \n\n"
        "SECRET    REQUIRED\npasswd    true\nsecond2   \n\n"
        "SSH       REQUIRED\ndefault   \ntwo       true\n\n"
    )
    assert outline.text(outlined("FROM scratch\n")) == ""


def test_json_has_buildkits_fields() -> None:
    document = json.loads(outline.json(outlined(MOUNTS), parse(MOUNTS)))

    line = {"ranges": [{"start": {"line": 7}, "end": {"line": 7}}]}
    assert list(document) == ["name", "description", "args", "secrets", "ssh", "cache", "sources"]
    assert document["args"] == [{"name": "N", "value": "2", "location": line}]
    assert [(one["name"], one.get("required")) for one in document["secrets"]] == [("passwd", True), ("second2", None)]
    assert [one["ID"] for one in document["cache"]] == ["/c", "own"]


def test_what_is_empty_is_left_out_of_the_json() -> None:
    assert list(json.loads(outline.json(outlined("FROM scratch\n"), parse("FROM scratch\n")))) == ["sources"]


def test_a_long_chain_of_stages_is_no_problem() -> None:
    text = "FROM scratch AS s0\nARG A=1\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(1500))

    assert args(text) == [("A", "1", "")]


def test_a_target_that_a_context_replaces_has_no_arguments_of_its_own() -> None:
    """Found by fuzzing: what stands in it is not looked at, so it may be wrong."""
    tree = parse('FROM busybox AS a\nARG X=1\nENV "=\n')
    request = Request(platform=Platform.local(), contexts=NamedContexts.parse(["a=docker-image://busybox"]))
    images = FakeImages(busybox=RunConfig())

    assert outline.outline(tree, request, evaluate(tree, request, images)).args == ()


def test_a_value_that_needs_a_trigger_of_the_base_is_shown_as_it_is_written() -> None:
    tree = parse("FROM busybox\nARG X=${A:?no}\n")
    request = Request(platform=Platform.local())
    images = FakeImages(busybox=RunConfig(on_build=("ENV A=1",)))

    (argument,) = outline.outline(tree, request, evaluate(tree, request, images)).args

    assert argument.value == "${A:?no}"
