"""Planning files that nobody would write."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from fakes.images import FakeImages
from fakes.tree import MemoryTree, link
from stagemill.dockerfile.parser import parse
from stagemill.errors import DockerfileError, StagemillError
from stagemill.graph.vertex import walk
from stagemill.oci.config import History, ImageConfig, RunConfig
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.plan.planner import Plan, plan
from stagemill.plan.request import FileContext, Request

CONTEXT = MemoryTree({"a": "1", "b/c": "2", "l": link("a"), "loop": link("loop"), "out": link("/../..")})
WORDS = st.sampled_from([
    "a", "b", "b/", ".", "..", "/", "/a/./b", "*", "b/*", "[", "l", "loop", "out", "missing", "x y", "$A", "${A}", "${A:-b}",
    "${A:?no}", "${", "$", "'", '"', '"$A"', "\\", "", "é", "\udcff", "\u2028", "80", "80/udp", "1-3", "9" * 30, "99999-1", "A=1",
    "A=$B", "$A=1", "=", "A", "--", "--x", "http://x/y", "git@x:y", "scratch", "busybox", "base", "s0", "s1", "0", "1", "٣",
    "SIGTERM", "9", "app:app", "-1", "TARGETPLATFORM", "HTTP_PROXY=x", "SOURCE_DATE_EPOCH=1",
])  # fmt: skip
LISTS = st.sampled_from(['["a"]', '["a", "$A"]', "[]", '["\\ud800"]', "[1]", "['a']"])
HEREDOCS = st.sampled_from(["<<E\n$A '${B:-c}' \\\nE", "<<-E\n\t${A:?x}\n\tE", "<<'E'\n${\nE", "<<E\n#!/bin/sh\nE"])
FLAGS = st.sampled_from([
    "--from=s0", "--from=0", "--from=1", "--from=busybox", "--from=$A", "--from=scratch", "--from=" + "9" * 30, "--chown=$A",
    "--chown=a:b", "--chmod=755", "--chmod=u+x", "--chmod=$A", "--chmod=9", "--link", "--link=false", "--network=none",
    "--network=x", "--mount=type=cache,target=/c", "--platform=$BUILDPLATFORM", "--platform=linux", "--interval=5s", "--retries=2",
])  # fmt: skip
KEYWORDS = st.sampled_from([
    "ARG", "ENV", "LABEL", "RUN", "COPY", "ADD", "CMD", "ENTRYPOINT", "EXPOSE", "VOLUME", "USER", "WORKDIR", "SHELL",
    "STOPSIGNAL", "MAINTAINER", "ONBUILD", "HEALTHCHECK CMD", "HEALTHCHECK NONE", "ONBUILD COPY", "ONBUILD RUN", "ONBUILD ARG",
    "COPY --from=s0", "RUN",
])  # fmt: skip
FROMS = st.sampled_from([
    "FROM busybox", "FROM busybox AS s0", "FROM scratch AS s1", "FROM s0", "FROM base AS s0", "FROM ${A:-busybox}", "FROM $A",
    "FROM nosuch", "FROM --platform=$A busybox",
])  # fmt: skip


@st.composite
def instructions(draw: st.DrawFn) -> str:
    words = draw(st.lists(FLAGS, max_size=1)) + draw(st.lists(WORDS | LISTS, max_size=3))
    return " ".join([draw(KEYWORDS), *words, *draw(st.lists(HEREDOCS, max_size=1))])


SOUND = st.sampled_from([
    "ARG A", "ARG A=busybox", "ARG B=$A C", "ENV A=1 B=$A", "ENV $A.x=1", "LABEL a=$A", "RUN x $A", 'RUN ["x"]', "RUN <<E\nx\nE",
    "COPY a b $A/", "COPY . .", "COPY [ab] l /d/", "COPY --from=s0 /a* /b", "COPY --from=busybox a .", "COPY <<E /f\n$A\nE", "ADD b /d",
    "WORKDIR w/$A", "WORKDIR /", "USER $A", "CMD x", "ENTRYPOINT []", "EXPOSE 80 8000-8002/udp", "VOLUME /v$A", 'SHELL ["/b"]',
    "STOPSIGNAL 9", "HEALTHCHECK CMD x", "ONBUILD RUN t", "ONBUILD COPY --from=s0 a b", "ONBUILD ENV A=t", "MAINTAINER m",
])  # fmt: skip
DOCKERFILES = st.builds(
    lambda globals_, first, rest: "\n".join([*globals_, first, *rest]) + "\n",
    st.lists(st.sampled_from(["ARG A", "ARG A=busybox", "ARG B=$A"]), max_size=2)
    | st.lists(WORDS.map("ARG {}".format), max_size=1),
    st.sampled_from(["FROM busybox AS s0", "FROM base AS s0"]) | FROMS,
    st.lists(SOUND | SOUND | FROMS, max_size=10) | st.lists(instructions() | SOUND | FROMS, max_size=6),
)
ARGS = st.dictionaries(
    st.sampled_from(["A", "B", "HTTP_PROXY", "X"]), st.sampled_from(["", "1", "busybox", "s0", "a b", "\udcff"])
)
TRIGGERS = st.lists(SOUND | instructions(), max_size=2).map(tuple)


def planned(text: str, build_args: Mapping[str, str], target: str, triggers: tuple[str, ...]) -> Plan | None:
    """The plan, or None where it is refused in words for people."""
    base = ImageConfig(Platform.local(), RunConfig(on_build=triggers, working_dir="w"), history=(History("x"),))
    request = Request(
        platform=Platform.local(), build_args=build_args, target=target, context=FileContext(CONTEXT), labels={"a": "b"}
    )
    try:
        return plan(parse(text), request, FakeImages(busybox=RunConfig(), base=base))
    except StagemillError as error:
        failure = error
    place = failure.at.render() if isinstance(failure, DockerfileError) and failure.at else ""
    for shown in (failure.message, failure.hint or "", place):
        assert "\n\n" not in shown
    assert not failure.message.endswith(".")
    return None


@given(DOCKERFILES, ARGS, st.sampled_from(["", "s0", "0", "1"]), TRIGGERS)
def test_a_file_is_planned_or_refused_in_words(
    text: str, build_args: dict[str, str], target: str, triggers: tuple[str, ...]
) -> None:
    found = planned(text, build_args, target, triggers)

    if found is None:
        return
    vertices = list(walk([found.target.vertex]))
    assert vertices[-1] == found.target.vertex
    assert len(found.target.image.history) >= len(found.target.steps)
    assert Image.build(found.target.image, ()).config.diff_ids == ()


@given(DOCKERFILES, ARGS, TRIGGERS)
def test_planning_twice_gives_the_same_keys(text: str, build_args: dict[str, str], triggers: tuple[str, ...]) -> None:
    first, second = planned(text, build_args, "", triggers), planned(text, build_args, "", triggers)

    assert (first is None) == (second is None)
    if first and second:
        assert [stage.vertex.digest for stage in first.stages] == [stage.vertex.digest for stage in second.stages]
        assert first.target.image.serialize() == second.target.image.serialize()
        assert first.notices == second.notices


@given(DOCKERFILES, ARGS)
def test_what_is_for_later_never_changes_a_key(text: str, build_args: dict[str, str]) -> None:
    more = text + 'LABEL zz=1\nCMD ["zz"]\nEXPOSE 1234\nSTOPSIGNAL 9\nVOLUME /zz\n'

    first, second = planned(text, build_args, "", ()), planned(more, build_args, "", ())

    assert first is None or second is None or first.target.vertex == second.target.vertex
