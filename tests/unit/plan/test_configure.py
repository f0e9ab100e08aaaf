"""What the instructions that make no layer do to the config."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import config, marked, planned, refused
from stagemill.oci.config import Healthcheck, RunConfig

SECOND = 10**9


def based(base: RunConfig) -> FakeImages:
    return FakeImages(base=base)


def test_env_is_kept_in_order_and_a_name_has_one_value() -> None:
    found = config("FROM base\nENV B=1 A=2\nENV B=3\n", images=based(RunConfig(env=(("PATH", "/bin"), ("A", "0")))))

    assert found.env == (("PATH", "/bin"), ("A", "2"), ("B", "3"))


def test_the_same_name_twice_in_one_env_has_the_last_value() -> None:
    assert config("FROM scratch\nENV A=1 A=2\n").env[1:] == (("A", "2"),)


def test_names_of_env_and_labels_may_be_variables() -> None:
    found = config("FROM scratch\nARG N=NAME\nENV $N=1\nLABEL org.$N=2\n")

    assert found.env[1:] == (("NAME", "1"),)
    assert found.labels == {"org.NAME": "2"}


@pytest.mark.parametrize("keyword", ["ENV", "LABEL"])
def test_a_name_that_comes_out_blank_is_an_error(keyword: str) -> None:
    error = refused(f"FROM busybox\n{keyword} A=1 $UNSET=2\n")

    assert error.message == f"{keyword} names must not be blank: $UNSET has no value"
    assert error.hint == "give its variables a value, or write the name itself"
    assert marked(error) == "Dockerfile:2: $UNSET=2"


def test_a_mistake_in_a_value_is_shown_where_it_is() -> None:
    at = refused("FROM busybox\nENV A=1 B=x${C^}\n").at

    assert at is not None
    assert at.render() == " --> Dockerfile:2\n2 | ENV A=1 B=x${C^}\n  |            ^"


def test_labels_are_those_of_the_base_of_the_file_and_of_the_request_in_this_order() -> None:
    text = "FROM base\nLABEL a=file b=file\nLABEL b=later\n"
    base = RunConfig(labels={"a": "base", "z": "base"})

    found = config(text, images=based(base), labels={"b": "request", "c": "request"})

    assert found.labels == {"a": "file", "b": "request", "c": "request", "z": "base"}


def test_labels_of_the_request_are_only_those_of_the_target() -> None:
    plan = planned("FROM busybox AS a\nFROM a\n", labels={"x": "1"})

    assert plan.target.image.config.labels == {"x": "1"}
    assert plan.stages[0].image.config.labels == {}


def test_entrypoint_clears_an_inherited_cmd() -> None:
    base = RunConfig(cmd=("sh",), entrypoint=("/init",))

    found = config('FROM base\nENTRYPOINT ["/x"]\n', images=based(base))

    assert (found.entrypoint, found.cmd) == (("/x",), None)


def test_entrypoint_clears_the_cmd_of_a_parent_stage() -> None:
    assert config('FROM busybox AS a\nCMD ["a"]\nFROM a\nENTRYPOINT ["/x"]\n').cmd is None


def test_entrypoint_keeps_a_cmd_of_the_same_stage_above_or_below() -> None:
    assert config('FROM busybox\nCMD ["a"]\nENTRYPOINT ["/x"]\n').cmd == ("a",)
    assert config('FROM busybox\nENTRYPOINT ["/x"]\nCMD ["a"]\n').cmd == ("a",)


def test_an_empty_entrypoint_is_none_and_an_empty_cmd_is_empty() -> None:
    found = config("FROM base\nENTRYPOINT []\nCMD []\n", images=based(RunConfig(entrypoint=("/x",), cmd=("a",))))

    assert found.entrypoint is None
    assert found.cmd == ()


def test_shell_forms_use_the_shell_of_that_moment() -> None:
    found = config('FROM busybox\nCMD a $B\nSHELL ["/bin/bash", "-ec"]\nENTRYPOINT c\n')

    assert found.cmd == ("/bin/sh", "-c", "a $B")
    assert found.entrypoint == ("/bin/bash", "-ec", "c")
    assert found.shell == ("/bin/bash", "-ec")


def test_the_shell_of_the_base_is_used() -> None:
    assert config("FROM base\nCMD x\n", images=based(RunConfig(shell=("/ash", "-c")))).cmd == ("/ash", "-c", "x")


def test_expose_splits_the_words_of_a_variable() -> None:
    found = config('FROM busybox\nARG PORTS="3000 4000/udp"\nEXPOSE $PORTS 80\n')

    assert found.exposed_ports == ("3000/tcp", "4000/udp", "80/tcp")


def test_expose_adds_to_the_ports_of_the_base() -> None:
    assert config("FROM base\nEXPOSE 80\n", images=based(RunConfig(exposed_ports=("22/tcp",)))).exposed_ports == (
        "22/tcp",
        "80/tcp",
    )


def test_a_wrong_port_is_an_error_at_its_word() -> None:
    error = refused("FROM busybox\nEXPOSE 80 http\n")

    assert error.message == "invalid port 'http': 'http' is no number and no range"
    assert error.hint == "write EXPOSE 8080, 8080/udp or 8000-8010"
    assert marked(error) == "Dockerfile:2: http"


def test_volumes_are_words_or_json_and_are_kept_as_written() -> None:
    found = config('FROM base\nVOLUME /b/ $V\nVOLUME ["/c d"]\n', images=based(RunConfig(env=(("V", "/v"),))))

    assert found.volumes == ("/b/", "/c d", "/v")


def test_a_blank_volume_is_an_error() -> None:
    error = refused("FROM busybox\nVOLUME /a $UNSET\n")

    assert error.message == "VOLUME $UNSET is blank"
    assert error.hint == "give the variable a value, with ARG or --build-arg"
    assert marked(error) == "Dockerfile:2: $UNSET"


def test_user_is_expanded_and_kept_as_text() -> None:
    assert config("FROM busybox\nARG U=app G=1000\nUSER $U:${G}\n").user == "app:1000"


def test_a_blank_user_is_root_and_is_noticed() -> None:
    plan = planned("FROM base\nUSER ${WHO}\n", images=based(RunConfig(user="app")))

    assert plan.target.image.config.user == ""
    assert plan.notices == (
        (
            "USER ${WHO} is blank, so what follows runs as root\n"
            " --> Dockerfile:2\n2 | USER ${WHO}\n  |      ^^^^^^\n"
            "hint: give the variable a value, with ARG or --build-arg, or write USER root"
        ),
    )


@pytest.mark.parametrize("signal", ["SIGTERM", "term", "9", "SIGRTMIN+3", "$S"])
def test_a_stop_signal_is_kept_as_written(signal: str) -> None:
    found = config(f"FROM busybox\nARG S=SIGINT\nSTOPSIGNAL {signal}\n")

    assert found.stop_signal == ("SIGINT" if signal == "$S" else signal)


def test_an_unknown_signal_is_an_error() -> None:
    error = refused("FROM busybox\nSTOPSIGNAL SIGNOPE\n")

    assert error.message == "invalid signal 'SIGNOPE'"
    assert error.hint == "use a name such as SIGTERM, or a number from 1 to 64"
    assert marked(error) == "Dockerfile:2: SIGNOPE"


def test_a_healthcheck_takes_the_place_of_the_one_before_it_whole() -> None:
    base = RunConfig(healthcheck=Healthcheck(("CMD", "old"), interval=5 * SECOND, retries=7))

    found = config("FROM base\nHEALTHCHECK --timeout=3s CMD curl $X\n", images=based(base))

    assert found.healthcheck == Healthcheck(("CMD-SHELL", "curl $X"), timeout=3 * SECOND)


def test_healthcheck_none_says_so() -> None:
    base = RunConfig(healthcheck=Healthcheck(("CMD", "old")))

    assert config("FROM base\n", images=based(base)).healthcheck == Healthcheck(("CMD", "old"))
    assert config("FROM base\nHEALTHCHECK NONE\n", images=based(base)).healthcheck == Healthcheck(("NONE",))


def test_maintainer_is_the_author() -> None:
    image = planned("FROM busybox AS a\nMAINTAINER One\nFROM a AS b\nENV A=1\nFROM b\nMAINTAINER Two\n").target.image

    assert image.author == "Two"
    assert planned("FROM busybox AS a\nMAINTAINER One\nFROM a\n").target.image.author == "One"


def test_onbuild_is_kept_with_its_heredoc() -> None:
    found = config('FROM busybox\nONBUILD  RUN cat <<EOF\na\nEOF\nONBUILD CMD ["a"]\n')

    assert found.on_build == ("RUN cat <<EOF\na\nEOF", 'CMD ["a"]')
