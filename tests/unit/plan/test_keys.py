"""What a key depends on, and what it does not (DESIGN.md 4, traps 18, 19)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.images import FakeImages
from fakes.planning import key, planned
from fakes.tree import MemoryTree, file
from stagemill.dockerfile.parser import parse
from stagemill.graph.vertex import Edge
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.planner import plan
from stagemill.plan.request import FileContext, Request

RUN = "FROM busybox\n{}RUN x\n"


@pytest.mark.parametrize(
    "instruction",
    [
        "LABEL a=1",
        'CMD ["x"]',
        'ENTRYPOINT ["x"]',
        "EXPOSE 80",
        "VOLUME /v",
        "STOPSIGNAL SIGINT",
        "HEALTHCHECK CMD x",
        "ONBUILD RUN y",
        "MAINTAINER x",
        "# comment",
    ],
)
def test_instructions_for_people_and_for_later_change_no_key(instruction: str) -> None:
    assert key(RUN.format(f"{instruction}\n")) == key(RUN.format(""))
    assert key(f"FROM busybox\nRUN x\n{instruction}\n") == key(RUN.format(""))


@pytest.mark.parametrize(
    "instruction", ["ENV A=1", "ARG A=1", "USER app", 'SHELL ["/bin/bash", "-c"]', "WORKDIR /w", "RUN y", "COPY a /"]
)
def test_instructions_that_a_run_feels_change_its_key(instruction: str) -> None:
    assert key(RUN.format(f"{instruction}\n"), context=MemoryTree({"a": ""})) != key(RUN.format(""))


def test_values_of_arg_and_env_are_in_the_key_of_run() -> None:
    text = RUN.format("ARG A=1\n")

    assert key(text, build_args={"A": "2"}) != key(text)
    assert key(text, build_args={"A": "1"}) == key(text)
    assert key(RUN.format("ENV A=2\n")) != key(RUN.format("ENV A=1\n"))


def test_an_argument_that_is_not_declared_is_not_in_the_key() -> None:
    assert key(RUN.format(""), build_args={"A": "2"}) == key(RUN.format(""))


def test_arguments_declared_after_a_run_are_not_in_its_key() -> None:
    assert key("FROM busybox\nRUN x\nARG A=1\n") == key("FROM busybox\nRUN x\n")


def test_proxies_are_not_in_the_key_unless_arg_declares_them() -> None:
    given = {"HTTP_PROXY": "a", "no_proxy": "b"}

    assert key(RUN.format(""), build_args=given) == key(RUN.format(""))
    assert key(RUN.format("ARG HTTP_PROXY\n"), build_args=given) != key(RUN.format("ARG HTTP_PROXY\n"))


def test_names_of_added_hosts_are_in_the_key_and_addresses_are_not() -> None:
    with_host = key(RUN.format(""), extra_hosts=("10.0.0.1\tdb",))

    assert with_host == key(RUN.format(""), extra_hosts=("10.0.0.2\tdb",))
    assert with_host != key(RUN.format(""))


def test_the_network_is_in_the_key() -> None:
    assert len({key(RUN.format(""), network=network) for network in ("default", "host", "none")}) == 3


def test_the_time_of_the_build_is_not_in_the_key() -> None:
    assert key(RUN.format(""), build_args={"SOURCE_DATE_EPOCH": "1"}) == key(RUN.format(""))


def test_labels_of_the_request_are_not_in_the_key() -> None:
    assert key(RUN.format(""), labels={"a": "1"}) == key(RUN.format(""))


def test_the_name_of_a_stage_is_not_in_the_key() -> None:
    assert key("FROM busybox AS a\nRUN x\n") == key(RUN.format(""))


def test_equal_steps_of_two_stages_are_one() -> None:
    plan = planned("FROM busybox AS a\nRUN x\nFROM busybox AS b\nRUN x\nFROM a\nCOPY --from=b /x /\n")

    assert plan.stages[0].vertex == plan.stages[1].vertex


@pytest.mark.parametrize(
    "change",
    [{"mode": 0o600}, {"xattrs": (("user.a", b"1"),)}],
    ids=["mode", "xattrs"],
)
def test_facts_of_a_file_are_in_the_key_of_a_copy(change: dict[str, object]) -> None:
    text = "FROM busybox\nCOPY . /x/\n"
    plain = MemoryTree({"a": "1"})

    assert key(text, context=MemoryTree({"a": file("1", **change)})) != key(text, context=plain)  # type: ignore[arg-type]
    assert key(text, context=MemoryTree({"a": "2"})) != key(text, context=plain)
    assert key(text, context=MemoryTree({"b": "1"})) != key(text, context=plain)


def test_the_time_of_a_file_and_files_that_are_not_copied_are_not_in_the_key() -> None:
    text = "FROM busybox\nCOPY a /x/\n"
    plain = key(text, context=MemoryTree({"a": "1"}))

    assert key(text, context=MemoryTree({"a": file("1", mtime_ns=5)})) == plain
    assert key(text, context=MemoryTree({"a": "1", "b": "2"})) == plain


@pytest.mark.parametrize("flags", ["--chown=1 ", "--chmod=600 ", "--exclude=b ", "--parents ", "--link "])
def test_flags_and_destination_are_in_the_key_of_a_copy(flags: str) -> None:
    context = MemoryTree({"a": "1"})

    assert key(f"FROM busybox\nCOPY {flags}a /x\n", context=context) != key(
        "FROM busybox\nCOPY a /x\n", context=context
    )
    assert key("FROM busybox\nCOPY a /x/\n", context=context) != key("FROM busybox\nCOPY a /x\n", context=context)
    assert key("FROM busybox\nADD a /x\n", context=context) != key("FROM busybox\nCOPY a /x\n", context=context)


def test_a_run_hangs_on_its_parent_by_definition_and_a_copy_on_its_source_by_content() -> None:
    plan = planned("FROM busybox AS s\nRUN x\nFROM scratch\nCOPY --from=s /a /b\nRUN y\n")

    copy, run = plan.target.steps
    parent, source = copy.vertex.inputs
    assert (parent.select, run.vertex.inputs) == (None, (Edge(copy.vertex),))
    assert source.select is not None


def test_a_moved_tag_is_another_key_and_another_tag_of_the_same_image_is_not() -> None:
    class Tags(FakeImages):
        def resolve(self, reference, platform, *, context=""):  # type: ignore[no-untyped-def]
            base = super().resolve(reference, platform)
            return replace(base, manifest=super().resolve("one", platform).manifest)

    images = FakeImages(one=RunConfig(), two=RunConfig())

    assert key("FROM one\n", images=images) != key("FROM two\n", images=images)
    assert key("FROM one\n", images=Tags(one=RunConfig())) == key(
        "FROM two\n", images=Tags(one=RunConfig(), two=RunConfig())
    )


def test_planning_twice_gives_the_same_keys() -> None:
    text = "ARG A=1\nFROM busybox AS a\nARG A\nENV B=$A\nRUN x\nFROM scratch\nCOPY --from=a /x /\nLABEL b=2\n"

    assert key(text) == key(text)


def test_the_keys_stay_as_they_are() -> None:
    text = 'FROM scratch\nENV A=1\nWORKDIR /w\nRUN ["x"]\nCOPY a .\n'
    request = Request(platform=Platform("linux", "amd64"), context=FileContext(MemoryTree({"a": "1"})))

    steps = plan(parse(text), request, FakeImages()).target.steps

    assert [step.vertex.digest.short for step in steps] == ["cb0283e758d7", "5f8a1002b4d0", "6d4e99adc5f8"]
