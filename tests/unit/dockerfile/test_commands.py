from __future__ import annotations

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Cmd, Command, Entrypoint, Healthcheck, InstructionNode, Run, Shell
from stagemill.errors import DockerfileError


def second(text: str) -> InstructionNode:
    return parse("FROM x\n" + text).instructions[1]


def refused(text: str) -> tuple[str, str, str | None]:
    with pytest.raises(DockerfileError) as caught:
        second(text)
    at = caught.value.at
    assert at is not None
    return caught.value.message, at.text[at.column - 1 : at.column - 1 + at.length], caught.value.hint


def test_a_command_is_a_text_for_the_shell() -> None:
    run = second("RUN  echo 'a'  && \\\n  b  ")

    assert isinstance(run, Run)
    assert run.command == Command(None, "echo 'a'  &&   b", Span(2, 6, 3, 4))


def test_a_command_is_a_list_of_arguments() -> None:
    cmd = second('CMD ["a", "b c"]')

    assert isinstance(cmd, Cmd)
    assert cmd.command == Command(("a", "b c"), '["a", "b c"]', Span(2, 5, 2, 17))


@pytest.mark.parametrize("text", ["['a']", '["a"] b', '[ "$x" -eq 1 ]'])
def test_json_that_is_none_is_a_text(text: str) -> None:
    entrypoint = second(f"ENTRYPOINT {text}")

    assert isinstance(entrypoint, Entrypoint)
    assert (entrypoint.command.exec, entrypoint.command.text) == (None, text)


@pytest.mark.parametrize("keyword", ["RUN", "CMD", "ENTRYPOINT"])
def test_a_command_may_be_empty(keyword: str) -> None:
    without, empty = second(keyword), second(f"{keyword} []")

    assert isinstance(without, Run | Cmd | Entrypoint)
    assert isinstance(empty, Run | Cmd | Entrypoint)
    assert (without.command.exec, without.command.text) == (None, "")
    assert empty.command.exec == ()


def test_a_member_that_is_no_string_is_refused() -> None:
    assert refused('RUN ["a", 1]') == (
        "a member of the JSON array is no string",
        '["a", 1]',
        'every member is a string in double quotes: ["a", "1"]',
    )


def test_all_flags_of_run_are_in_the_tree() -> None:
    run = second(
        "RUN --mount=type=cache,target=/a --mount=target=/b --network=none --security=insecure --device=gpu,required a"
    )

    assert isinstance(run, Run)
    assert [m.value for m in run.mounts] == ["type=cache,target=/a", "target=/b"]
    assert [d.value for d in run.devices] == ["gpu,required"]
    assert run.network is not None
    assert run.network.value == "none"
    assert run.security is not None
    assert run.security.value == "insecure"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("RUN --network=hots a", ("`hots` is no value of --network", "hots", "did you mean host?")),
        ("RUN --security=x a", ("`x` is no value of --security", "x", "it is one of sandbox, insecure")),
        (
            "RUN --mount=type=bind,from=$S,target=/a a",
            (
                "`from` of a mount does not expand variables, and holds `$S`",
                "from=$S",
                "give it a name with `FROM … AS name` at the top, and mount from that name",
            ),
        ),
    ],
)
def test_a_bad_value_of_a_flag_of_run_is_refused(text: str, problem: tuple[str, str, str]) -> None:
    assert refused(text) == problem


def test_a_bad_value_in_quotes_is_marked_as_a_whole() -> None:
    assert refused('RUN --mount=type=bind,"from=$S",target=/a a')[1] == 'type=bind,"from=$S",target=/a'


def test_other_values_of_a_mount_may_have_variables() -> None:
    assert second("RUN --mount=type=bind,from=a$,target=$T,source=from=$S a").keyword == "RUN"


def test_shell_is_a_list_of_arguments() -> None:
    shell = second('SHELL ["/bin/bash", "-c"]')

    assert isinstance(shell, Shell)
    assert shell.args == ("/bin/bash", "-c")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "SHELL /bin/bash -c",
            ("the arguments of SHELL must be a JSON array", "/bin/bash -c", 'write SHELL ["/bin/bash", "-c"]'),
        ),
        (
            "SHELL ['/bin/bash']",
            (
                "the arguments of SHELL must be a JSON array",
                "['/bin/bash']",
                'put every argument in double quotes, with commas between: ["/bin/sh", "-c"]',
            ),
        ),
        ("SHELL []", ("SHELL needs at least one argument", "[]", 'for example: SHELL ["/bin/bash", "-c"]')),
        ("SHELL", ("SHELL needs at least one argument", "SHELL", 'for example: SHELL ["/bin/bash", "-c"]')),
    ],
)
def test_anything_else_is_no_shell(text: str, problem: tuple[str, str, str]) -> None:
    assert refused(text) == problem


def test_a_healthcheck_has_durations_in_nanoseconds() -> None:
    check = second(
        "HEALTHCHECK --interval=1m30s --timeout=3s --start-period=0 --start-interval=1ms --retries=3 \\\n  cmd curl -f x"
    )

    assert isinstance(check, Healthcheck)
    assert (check.interval, check.timeout, check.start_period, check.start_interval, check.retries) == (
        90_000_000_000,
        3_000_000_000,
        0,
        1_000_000,
        3,
    )
    assert check.command == Command(None, "curl -f x", Span(3, 7, 3, 16))
    assert not check.none


def test_a_healthcheck_may_be_a_list_of_arguments() -> None:
    check = second('HEALTHCHECK CMD ["curl", "x"]')

    assert isinstance(check, Healthcheck)
    assert check.command is not None
    assert check.command.exec == ("curl", "x")


def test_a_healthcheck_may_be_switched_off() -> None:
    check = second("HEALTHCHECK none")

    assert isinstance(check, Healthcheck)
    assert (check.none, check.command) == (True, None)


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("HEALTHCHECK", "HEALTHCHECK needs at least one argument", "HEALTHCHECK"),
        ("HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments", "NONE x"),
        ("HEALTHCHECK curl x", "`curl` is no kind of HEALTHCHECK", "curl"),
        ("HEALTHCHECK CMD", "the command after HEALTHCHECK CMD is missing", "CMD"),
        ("HEALTHCHECK CMD []", "the command after HEALTHCHECK CMD is missing", "CMD []"),
        ("HEALTHCHECK --interval=5 CMD a", "`5` of --interval is no duration", "5"),
        ("HEALTHCHECK --timeout=5us CMD a", "`5us` of --timeout is less than 1ms", "5us"),
        ("HEALTHCHECK --timeout=-5s CMD a", "`-5s` of --timeout is less than 1ms", "-5s"),
        ("HEALTHCHECK --retries=-1 CMD a", "`-1` of --retries is no number of retries", "-1"),
        (
            "HEALTHCHECK --retries=99999999999 CMD a",
            "`99999999999` of --retries is no number of retries",
            "99999999999",
        ),
    ],
)
def test_a_bad_healthcheck_is_refused(text: str, message: str, marked: str) -> None:
    assert refused(text)[:2] == (message, marked)


def test_a_near_kind_of_healthcheck_is_offered() -> None:
    assert refused("HEALTHCHECK CDM x")[2] == "did you mean CMD?"
    assert refused("HEALTHCHECK curl x")[2] == "write HEALTHCHECK CMD before `curl x`"
