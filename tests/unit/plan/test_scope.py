"""Which value a name has: ARG against ENV, --build-arg, global and predefined arguments (traps 3, 19)."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import config, history, operations, planned
from stagemill.graph.operations import Run
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.scope import Scope, platform_args, proxies

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment(text: str, *, build_args: dict[str, str] | None = None, images: FakeImages | None = None) -> object:
    """What the last RUN sees, but for PATH."""
    last = operations(planned(text, build_args=build_args, images=images), Run)[-1]
    return {name: value for name, value in last.env if name != "PATH"}


def test_an_argument_has_its_default_unless_build_arg_gives_a_value() -> None:
    text = "FROM busybox\nARG A=default\nRUN x\n"

    assert environment(text) == {"A": "default"}
    assert environment(text, build_args={"A": "given"}) == {"A": "given"}
    assert environment(text, build_args={"A": ""}) == {"A": ""}


def test_a_global_argument_is_seen_only_where_the_stage_declares_it() -> None:
    assert environment("ARG A=global\nFROM busybox\nRUN x\n") == {}
    assert environment("ARG A=global\nFROM busybox\nARG A\nRUN x\n") == {"A": "global"}


def test_a_default_of_the_stage_wins_over_the_global_one() -> None:
    text = "ARG A=global\nFROM busybox\nARG A=own\nRUN x\n"

    assert environment(text) == {"A": "own"}
    assert environment(text, build_args={"A": "given"}) == {"A": "given"}


def test_an_argument_without_a_value_anywhere_is_unset_and_one_with_an_equals_sign_is_empty() -> None:
    assert environment("FROM busybox\nARG A\nENV B=${A-unset}\nRUN x\n") == {"B": "unset"}
    assert environment("FROM busybox\nARG A=\nENV B=${A-unset}\nRUN x\n") == {"A": "", "B": ""}


def test_an_argument_without_a_value_keeps_the_one_that_the_name_has() -> None:
    assert environment("FROM busybox\nARG A=1\nARG A\nRUN x\n") == {"A": "1"}
    assert environment("FROM busybox\nENV A=env\nARG A\nRUN x\n") == {"A": "env"}


def test_the_last_of_arg_and_env_wins_for_run_while_the_config_keeps_env() -> None:
    arg_last = "FROM busybox\nENV A=env\nARG A=arg\nRUN x\n"
    env_last = "FROM busybox\nARG A=arg\nENV A=env\nRUN x\n"

    assert environment(arg_last) == {"A": "arg"}
    assert environment(env_last) == {"A": "env"}
    assert dict(config(arg_last).env)["A"] == "env"
    assert dict(config(env_last).env)["A"] == "env"


def test_in_a_stage_that_goes_on_the_env_holds_again_where_an_argument_covered_it() -> None:
    parent = "FROM busybox AS parent\nENV A=env\nARG A=arg\nRUN x\n"

    assert environment(parent) == {"A": "arg"}
    assert environment(parent + "FROM parent\nRUN y\n") == {"A": "env"}


def test_arguments_go_over_to_a_stage_that_begins_from_their_stage() -> None:
    text = "FROM busybox AS parent\nARG A=1\nFROM parent\nRUN x\n"

    assert environment(text) == {"A": "1"}
    assert history(text)[-1] == "RUN |1 A=1 /bin/sh -c x # buildkit"


def test_arguments_do_not_go_over_to_a_stage_that_begins_from_an_image() -> None:
    assert environment("FROM busybox AS other\nARG A=1\nFROM busybox\nCOPY --from=other /x /x\nRUN x\n") == {}


def test_a_default_reads_arguments_declared_before_it_even_in_the_same_instruction() -> None:
    assert environment("FROM busybox\nARG A=1 B=${A}2\nRUN x\n") == {"A": "1", "B": "12"}


def test_a_global_default_reads_global_arguments_above_it() -> None:
    text = "ARG A=busy\nARG B=${A}box\nFROM ${B}\n"

    assert planned(text).target.base is not None
    assert planned(text, build_args={"A": "other"}, images=FakeImages(otherbox=RunConfig())).target.base is not None


def test_a_default_that_is_overridden_may_be_wrong() -> None:
    text = "FROM busybox\nARG A=${B:?B is missing}\nRUN x\n"

    assert environment(text, build_args={"A": "1"}) == {"A": "1"}


def test_all_values_of_one_env_are_those_before_it() -> None:
    text = "FROM busybox\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc\nRUN x\n"

    assert environment(text) == {"abc": "bye", "def": "hello", "ghi": "bye"}


def test_the_env_of_the_image_is_known() -> None:
    images = FakeImages(base=RunConfig(env=(("A", "image"),)))

    assert environment("FROM base\nENV B=$A\nRUN x\n", images=images) == {"A": "image", "B": "image"}


def test_platform_arguments_are_there_when_they_are_declared() -> None:
    local = Platform.local()

    seen = environment("FROM busybox\nARG TARGETPLATFORM TARGETOS BUILDARCH\nRUN x\n")

    assert seen == {"TARGETPLATFORM": str(local), "TARGETOS": "linux", "BUILDARCH": local.architecture}
    assert environment("FROM busybox\nRUN x\n") == {}
    assert environment("FROM busybox\nARG TARGETOS\nRUN x\n", build_args={"TARGETOS": "plan9"}) == {"TARGETOS": "plan9"}


def test_platform_arguments_of_a_target() -> None:
    names = platform_args(target=Platform.parse("linux/arm/v7"), stage="")

    assert (names["TARGETPLATFORM"], names["TARGETARCH"], names["TARGETVARIANT"]) == ("linux/arm/v7", "arm", "v7")
    assert (names["BUILDPLATFORM"], names["TARGETSTAGE"]) == (str(Platform.local()), "default")


@pytest.mark.parametrize(("target", "expected"), [("", "last"), ("first", "first"), ("0", "first")])
def test_target_stage_is_the_stage_that_is_built(target: str, expected: str) -> None:
    text = "FROM busybox AS first\nARG TARGETSTAGE\nENV S=$TARGETSTAGE\nFROM first AS last\n"

    assert dict(config(text, target=target).env)["S"] == expected


def test_proxies_are_in_the_process_in_both_cases_without_arg_and_not_in_scope() -> None:
    text = "FROM busybox\nENV P=seen:$HTTP_PROXY\nRUN x\n"

    plan = planned(text, build_args={"http_proxy": "http://proxy", "no_proxy": ""})

    (run,) = operations(plan, Run)
    assert run.proxy == (("HTTP_PROXY", "http://proxy"), ("http_proxy", "http://proxy"))
    assert dict(run.env) == {"PATH": PATH, "P": "seen:"}


def test_a_proxy_that_arg_declares_is_an_argument_like_others() -> None:
    plan = planned("FROM busybox\nARG HTTP_PROXY\nRUN x\n", build_args={"HTTP_PROXY": "p"})

    (run,) = operations(plan, Run)
    assert dict(run.env)["HTTP_PROXY"] == "p"
    assert run.proxy == (("http_proxy", "p"),)
    assert plan.target.image.history[-1].created_by == "RUN |1 HTTP_PROXY=p /bin/sh -c x # buildkit"


def test_only_the_five_names_are_proxies_in_any_case() -> None:
    assert proxies({"Https_Proxy": "a", "HTTP_PROXY_X": "b", "PROXY": "c"}) == {"HTTPS_PROXY": "a", "https_proxy": "a"}


def test_a_scope_remembers_arguments_in_the_order_of_their_first_declaration() -> None:
    scope = Scope().with_arg("B", "1").with_arg("A", None).with_arg("B", "2")

    assert scope.args == ("B", "A")
    assert (scope.get("B"), scope.get("A")) == ("2", None)


def test_a_build_argument_that_nobody_declares_is_not_seen_and_not_noticed() -> None:
    plan = planned("FROM busybox\nRUN x\n", build_args={"A": "1"})

    assert [name for name, _ in operations(plan, Run)[0].env] == ["PATH"]
    assert plan.notices == ()
