"""`build --call`: what is asked instead of building."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.program import Call as Program
from stagemill.cli.frame.values import Values
from stagemill.cli.making.call import Call, asked
from stagemill.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("check", Call("lint")),
        ("lint", Call("lint")),
        ("outline,format=json", Call("outline", json=True)),
        ("format=json,targets", Call("targets", json=True)),
        ("targets,format=text", Call("targets")),
        ("check,ignorestatus=true,format=json", Call("lint", json=True, ignore_status=True)),
        ("check,ignorestatus=0", Call("lint")),
        ("build", None),
        ("build,format=json", None),
    ],
)
def test_a_call_is_read(text: str, expected: Call | None) -> None:
    assert Call.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("outlin", "unknown --call 'outlin'", "did you mean outline?"),
        ("", "unknown --call ''", "there are check, lint, outline"),
        ("check,form=json", "invalid --call 'check,form=json': cannot read 'form=json'", "write --call=NAME"),
        ("check,format=yaml", "cannot read 'format=yaml'", "write --call=NAME"),
        ("check,outline", "cannot read 'outline'", "write --call=NAME"),
        ("check,ignorestatus=maybe", "cannot read 'ignorestatus=maybe'", "write --call=NAME"),
    ],
)
def test_what_is_none_is_told(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Call.parse(text)

    assert message in caught.value.message
    assert caught.value.hint
    assert caught.value.hint.startswith(hint)


def values(*, call: str | None = None, check: str | None = None, old: str | None = None) -> Values:
    return Values({"call": call, "check": check, "print": old})


def test_three_flags_ask_for_one_thing() -> None:
    assert asked(values()) is None
    assert asked(values(call="build")) is None
    assert asked(values(check="check")) == asked(values(call="check", check="check")) == Call("lint")
    assert asked(values(old="outline")) == Call("outline")


def test_two_different_ones_are_wrong_usage() -> None:
    with pytest.raises(UsageError) as caught:
        asked(values(call="outline", check="check"))

    assert caught.value.message == "cannot do both of check and outline"
    assert caught.value.hint == "give only one of --call and --check"


BAD = "# foo is good\nARG foo=scratch\nFROM $foo AS Bad\nCOPY not-there /x\n"


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "Dockerfile").write_text(BAD)
    return folder


@pytest.mark.usefixtures("project")
class TestCheck:
    def test_warnings_are_printed_and_the_status_is_1(self, stagemill: Program) -> None:
        said = stagemill("build", "--check", ".")

        assert said.status == 1
        assert said.out.startswith("Check complete, 1 warning has been found!\n\nWARNING: StageNameCasing - https://")
        assert said.err == ""

    def test_the_status_can_be_left_out(self, stagemill: Program) -> None:
        assert stagemill("build", "--call=check,ignorestatus=true", ".").status == 0

    def test_nothing_to_find_is_status_0(self, project: Path, stagemill: Program) -> None:
        (project / "Dockerfile").write_text("FROM scratch\n")

        said = stagemill("build", "--check", ".")

        assert (said.status, said.out) == (0, "Check complete, no warnings found.\n")

    def test_what_a_build_would_fail_with_is_shown_below_the_warnings(self, project: Path, stagemill: Program) -> None:
        (project / "Dockerfile").write_text("FROM scratch AS Bad\nFROM ${BAR}\n")

        said = stagemill("build", "--call=check,format=json", ".")

        document = json.loads(said.out)
        assert said.status == 1
        assert [one["ruleName"] for one in document["warnings"]] == [
            "StageNameCasing", "InvalidDefaultArgInFrom", "UndefinedArgInFrom",
        ]  # fmt: skip
        assert document["buildError"]["location"]["ranges"][0]["start"] == {"line": 2}
        assert "error: base name (${BAR}) should not be blank" in said.err

    def test_a_file_that_cannot_be_read_to_its_end_is_checked_up_to_there(
        self, project: Path, stagemill: Program
    ) -> None:
        (project / "Dockerfile").write_text("FROM scratch AS Bad\nBADCMD\n")

        said = stagemill("build", "--check", ".")

        assert said.status == 1
        assert "Stage name 'Bad' should be lowercase" in said.out
        assert "unknown instruction `BADCMD`" in said.err

    def test_with_a_target_only_what_it_needs_counts(self, project: Path, stagemill: Program) -> None:
        (project / "Dockerfile").write_text("FROM scratch AS a\nENV n v\nFROM scratch AS b\nUSER $x\nFROM a AS c\n")

        def rules(*flags: str) -> list[str]:
            found = json.loads(stagemill("build", "--call=check,format=json", *flags, ".").out)["warnings"]
            return [one["ruleName"] for one in found or ()]

        assert rules() == ["LegacyKeyValueFormat", "UndefinedVar"]
        assert rules("--target", "c") == ["LegacyKeyValueFormat"]
        assert rules("--target", "b") == ["UndefinedVar"]

    def test_an_unknown_target_is_an_error(self, stagemill: Program) -> None:
        said = stagemill("build", "--check", "--target", "none", ".")

        assert said.status == 1
        assert "target stage 'none' could not be found" in said.err

    def test_the_ignore_file_counts(self, project: Path, stagemill: Program) -> None:
        (project / ".dockerignore").write_text("not-there\n")

        assert 'Attempting to Copy file "not-there"' in stagemill("build", "--check", ".").out


@pytest.mark.usefixtures("project")
def test_the_outline_is_printed_in_both_forms(stagemill: Program) -> None:
    text, document = (stagemill("build", f"--call=outline{form}", ".") for form in ("", ",format=json"))

    assert text.out.splitlines()[2:] == ["BUILD ARG   VALUE     DESCRIPTION", "foo         scratch   is good", ""]
    assert json.loads(document.out)["args"][0]["description"] == "is good"
    assert (text.status, document.status) == (0, 0)


@pytest.mark.usefixtures("project")
def test_targets_are_printed_in_both_forms(stagemill: Program) -> None:
    assert stagemill("build", "--call", "targets", ".").out == "TARGET        DESCRIPTION\nbad (default) \n"
    found = json.loads(stagemill("build", "--print=targets,format=json", ".").out)
    assert found["targets"][0]["base"] == "$foo"


@pytest.mark.usefixtures("project")
def test_what_can_be_asked_for_is_printed_in_both_forms(stagemill: Program) -> None:
    assert "targets" in stagemill("build", "--call=subrequests.describe", ".").out
    found = json.loads(stagemill("build", "--call=subrequests.describe,format=json", ".").out)
    assert "frontend.lint" in [one["name"] for one in found]


def test_a_mistake_in_the_file_is_an_error_of_the_others(folder: Path, stagemill: Program) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\nBADCMD\n")

    said = stagemill("build", "--call=targets", ".")

    assert (said.status, said.out) == (1, "")
    assert "unknown instruction `BADCMD`" in said.err


@pytest.mark.parametrize("flags", [(), ("--check",), ("--call=targets",)])
def test_another_frontend_is_an_error_whatever_is_asked(
    folder: Path, stagemill: Program, flags: tuple[str, ...]
) -> None:
    (folder / "Dockerfile").write_text("// syntax=some/frontend\nhello\n")

    said = stagemill("build", *flags, ".")

    assert said.status == 1
    assert "the file is written for the frontend 'some/frontend', which is not supported" in said.err
    assert "--> Dockerfile:1" in said.err


def test_the_build_argument_takes_the_place_of_the_frontend(folder: Path, stagemill: Program) -> None:
    (folder / "Dockerfile").write_text("# syntax=some/frontend\nFROM scratch\n")

    said = stagemill("build", "--call=targets", "--build-arg", "BUILDKIT_SYNTAX=docker/dockerfile:1", ".")

    assert said.status == 0
