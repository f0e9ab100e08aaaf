"""RUN and WORKDIR: what runs where, as whom, with which environment (traps 12, 16, 19)."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import config, marked, operations, planned, refused
from stagemill.graph.operations import MakeDirectory, Run
from stagemill.oci.config import DEFAULT_PATH, RunConfig
from stagemill.oci.platform import Platform


def run(instruction: str, *, before: str = "") -> Run:
    (found,) = operations(planned(f"FROM busybox\n{before}{instruction}\n"), Run)
    return found


def test_run_in_shell_form_is_given_to_the_shell_as_it_is_written() -> None:
    assert run('RUN echo "$A"  && \\\n  true').args == ("/bin/sh", "-c", 'echo "$A"  &&   true')


def test_run_in_exec_form_needs_no_shell_and_expands_nothing() -> None:
    assert run('RUN ["echo", "$A", "b c"]', before="ENV A=1\n").args == ("echo", "$A", "b c")


def test_malformed_json_is_shell_form() -> None:
    assert run("RUN ['echo']").args == ("/bin/sh", "-c", "['echo']")


def test_run_uses_the_shell_of_the_stage() -> None:
    assert run("RUN x", before='SHELL ["/bin/bash", "-ec"]\n').args == ("/bin/bash", "-ec", "x")


def test_run_has_the_directory_the_user_and_the_platform_of_the_stage() -> None:
    found = run("RUN x", before="WORKDIR /w\nUSER app:app\n")

    assert (found.cwd, found.user, found.platform) == ("/w", "app:app", str(Platform.local()))
    assert (run("RUN x").cwd, run("RUN x").user) == ("/", "")


def test_run_always_has_a_path() -> None:
    assert run("RUN x").env == (("PATH", DEFAULT_PATH),)
    images = FakeImages(base=RunConfig(env=(("PATH", "/own"),)))
    assert operations(planned("FROM base\nRUN x\n", images=images), Run)[0].env == (("PATH", "/own"),)


def test_a_heredoc_alone_is_the_script_of_the_shell() -> None:
    assert run("RUN <<EOF\necho $A\nEOF").args == ("/bin/sh", "-c", "echo $A\n")


def test_a_heredoc_with_a_dash_loses_its_tabs_and_nothing_else() -> None:
    assert run("RUN <<-EOF\n\t\techo\n\t  a\n\tEOF").args == ("/bin/sh", "-c", "echo\n  a\n")


def test_a_heredoc_that_names_its_interpreter_is_a_file_that_is_run() -> None:
    found = run("RUN <<script\n#!/usr/bin/env python3\nprint('a')\nscript")

    assert found.args == ("/dev/pipes/script",)
    assert found.script == ("script", "#!/usr/bin/env python3\nprint('a')\n")


def test_the_tabs_before_the_name_of_the_interpreter_are_gone_where_the_dash_says_so() -> None:
    found = run("RUN <<-script\n\t#!/bin/sh\n\techo\n\tscript")

    assert found.script == ("script", "#!/bin/sh\necho\n")


def test_a_heredoc_after_a_command_is_the_shells() -> None:
    found = run("RUN cat <<-A > /x\n\t#!/bin/sh\n\tA")

    assert found.args == ("/bin/sh", "-c", "cat <<-A > /x\n\t#!/bin/sh\nA")
    assert found.script is None


def test_the_step_of_a_heredoc_shows_its_first_line() -> None:
    (step,) = planned("FROM scratch\nRUN <<EOF\n\napt-get update\napt-get install x\nEOF\n").target.steps

    assert step.text == "RUN <<EOF (apt-get update...)"
    assert step.vertex.label.name == "[1/1] RUN <<EOF (apt-get update...)"


def test_the_hosts_of_the_request_are_in_every_run() -> None:
    plan = planned("FROM busybox\nRUN x\n", extra_hosts=("10.0.0.1\tdb",))

    assert operations(plan, Run)[0].extra_hosts == ("10.0.0.1\tdb",)


def test_the_name_of_the_host_is_a_build_argument_of_buildkit() -> None:
    plan = planned("FROM busybox\nRUN x\n", build_args={"BUILDKIT_SANDBOX_HOSTNAME": "mill"})

    assert operations(plan, Run)[0].hostname == "mill"
    assert [name for name, _ in operations(plan, Run)[0].env] == ["PATH"]


def test_an_insecure_run_has_to_be_allowed() -> None:
    text = "FROM busybox\nRUN --security=insecure x\n"

    error = refused(text)

    assert error.message == "security.insecure is not allowed"
    assert error.hint == "build with --allow security.insecure if you trust what runs here as you trust root"
    assert marked(error) == "Dockerfile:2: --security=insecure"
    (allowed,) = operations(planned(text, allow=frozenset({"security.insecure"})), Run)
    assert allowed.security == "insecure"
    assert run("RUN --security=sandbox x").security == "sandbox"


def test_workdir_makes_its_directory_as_the_user() -> None:
    plan = planned("FROM busybox\nWORKDIR /a\nUSER app\nWORKDIR b/./c/\n")

    assert operations(plan, MakeDirectory) == [MakeDirectory("/a", ""), MakeDirectory("/a/b/c", "app")]
    assert plan.target.image.config.working_dir == "/a/b/c"


def test_workdir_begins_from_that_of_the_base() -> None:
    images = FakeImages(base=RunConfig(working_dir="/srv/"))

    assert config("FROM base\n", images=images).working_dir == "/srv"
    assert config("FROM base\nWORKDIR app\n", images=images).working_dir == "/srv/app"
    assert config("FROM busybox\nWORKDIR app\n").working_dir == "/app"


@pytest.mark.parametrize("path", ["/", "/a/..", "//"])
def test_workdir_of_the_root_is_no_layer(path: str) -> None:
    plan = planned(f"FROM busybox\nWORKDIR {path}\n")

    assert plan.target.steps == ()
    assert plan.target.image.config.working_dir == "/"


def test_a_blank_workdir_stays_where_it_is_and_is_noticed() -> None:
    plan = planned("FROM busybox\nWORKDIR /a\nWORKDIR $UNSET\n")

    assert plan.target.image.config.working_dir == "/a"
    assert operations(plan, MakeDirectory) == [MakeDirectory("/a"), MakeDirectory("/a")]
    assert len(plan.notices) == 1
    assert plan.notices[0].startswith("WORKDIR $UNSET is blank, so it stays /a\n --> Dockerfile:3\n")
