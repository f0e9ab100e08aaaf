"""Flags whose value is attached, and the form of examples."""

from __future__ import annotations

import click
import pytest

from stagemill.cli.frame.command import AttachedOption, Command, Option, examples, truth
from stagemill.errors import UsageError


def parsed(*arguments: str, interspersed: bool = True) -> dict[str, object]:
    command = Command(
        "any",
        params=[
            AttachedOption("-H", "--host-ca", alone="auto", metavar="FILE", text="Trust."),
            click.Option(["-e", "--env"], multiple=True),
            click.Option(["-t", "--tty"], is_flag=True),
            click.Option(["-v", "--verbose"], count=True),
            click.Argument(["image"]),
            click.Argument(["rest"], nargs=-1, type=click.UNPROCESSED),
        ],
        context_settings={"allow_interspersed_args": interspersed},
    )
    return command.make_context("any", list(arguments)).params


@pytest.mark.parametrize("arguments", [("--host-ca", "."), (".", "--host-ca"), ("-t", "--host-ca", ".")])
def test_alone_it_leaves_the_next_argument_to_the_command(arguments: tuple[str, ...]) -> None:
    found = parsed(*arguments)

    assert (found["host_ca"], found["image"]) == ("auto", ".")


def test_a_value_is_attached() -> None:
    assert parsed("--host-ca=/etc/ca.pem", ".")["host_ca"] == "/etc/ca.pem"


@pytest.mark.parametrize("flag", ["-H", "--host-ca"])
def test_its_letter_is_the_same(flag: str) -> None:
    assert parsed(flag, ".")["host_ca"] == "auto"
    assert parsed(f"{flag}=x", ".")["host_ca"] == "x"


@pytest.mark.parametrize(
    ("arguments", "tty"),
    [
        (("--tty=true",), True),
        (("-t=1",), True),
        (("--tty=T",), True),
        (("--tty=false",), False),
        (("-t=0",), False),
        (("-t", "--tty=false"), True),
    ],
)
def test_a_switch_may_have_a_truth_attached(arguments: tuple[str, ...], tty: bool) -> None:
    assert parsed(*arguments, "app")["tty"] is tty


def test_a_switch_takes_nothing_else() -> None:
    with pytest.raises(click.UsageError):
        parsed("--tty=maybe", "app")


@pytest.mark.parametrize("arguments", [("-e=A=1",), ("--env=A=1",), ("-e", "A=1")])
def test_a_letter_may_have_its_value_behind_a_sign(arguments: tuple[str, ...]) -> None:
    assert parsed(*arguments, "app")["env"] == ("A=1",)


@pytest.mark.parametrize("arguments", [("-e", "A=1"), ("-eA=1",), ("-e=A=1",)])
def test_a_known_letter_is_not_looked_for_among_the_words(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For which click looks at them all, and says `NoSuchOption` to itself."""
    made: list[object] = []
    monkeypatch.setattr(click.parser, "NoSuchOption", made.append)

    assert parsed(*arguments, "app")["env"] == ("A=1",)
    assert made == []


def test_a_flag_without_its_value_is_told_as_it_was_written() -> None:
    with pytest.raises(click.BadOptionUsage) as caught:
        parsed("app", "-e")

    assert caught.value.option_name == "-e"


def test_help_is_asked_for_as_always(capsys: pytest.CaptureFixture[str]) -> None:
    command = Command("any", params=[Option(["-e", "--env"], help="Set it.")])
    with pytest.raises(click.exceptions.Exit):
        command.make_context("any", ["--help"])

    assert capsys.readouterr().out.splitlines()[-3:] == [
        "Options:",
        "  -e, --env TEXT  Set it.",
        "  --help          Show this message and exit.",
    ]


def test_what_belongs_to_the_program_in_the_image_is_left_alone() -> None:
    assert parsed("app", "tool", "--tty=true", interspersed=False)["rest"] == ("tool", "--tty=true")
    assert parsed("-e", "--tty=true", "app")["env"] == ("--tty=true",)


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("False", False), ("0", False), ("T", True)])
def test_truths(text: str, expected: bool) -> None:
    assert truth("--human", text) is expected


def test_what_is_no_truth_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        truth("--human", "maybe")

    assert caught.value.message == "invalid --human 'maybe'"
    assert caught.value.hint == "write --human=true or --human=false"


def test_not_given_it_is_none() -> None:
    assert parsed(".")["host_ca"] is None


@pytest.mark.parametrize(
    ("before", "env"),
    [
        (("-e", "--host-ca"), ("--host-ca",)),
        (("--env", "--host-ca"), ("--host-ca",)),
        (("-te", "--host-ca"), ("--host-ca",)),
        (("-tvve", "--host-ca"), ("--host-ca",)),
    ],
)
def test_as_the_value_of_another_option_it_is_that(before: tuple[str, ...], env: tuple[str, ...]) -> None:
    found = parsed(*before, "app")

    assert (found["host_ca"], found["env"], found["image"]) == (None, env, "app")


@pytest.mark.parametrize("before", [("-eA=1",), ("-e", "A=1"), ("-teA=1",), ("--env=A=1",), ("-te", "A=1")])
def test_behind_an_option_with_a_value_it_is_itself(before: tuple[str, ...]) -> None:
    found = parsed(*before, "--host-ca", "app")

    assert (found["host_ca"], found["env"], found["image"]) == ("auto", ("A=1",), "app")


def test_behind_two_dashes_it_is_an_argument() -> None:
    found = parsed("app", "--", "--host-ca", "x")

    assert (found["host_ca"], found["rest"]) == (None, ("--host-ca", "x"))


def test_behind_the_image_it_belongs_to_the_command_that_runs_in_it() -> None:
    found = parsed("-t", "app", "tool", "--host-ca", ".", interspersed=False)

    assert (found["host_ca"], found["rest"]) == (None, ("tool", "--host-ca", "."))


def test_its_help_shows_how_a_value_is_given() -> None:
    option = AttachedOption("--host-ca", alone="auto", metavar="FILE", text="Trust.")

    assert option.get_help_record(click.Context(Command("any"))) == ("--host-ca[=FILE]", "Trust.")


def test_examples_stand_under_each_other() -> None:
    text = examples({"stagemill a": "one", "stagemill long": "two", "stagemill b": ""})

    assert text == "\b\nExamples:\n  stagemill a      one\n  stagemill long   two\n  stagemill b"
