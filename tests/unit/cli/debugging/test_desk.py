"""Who looks into a build is asked where they can be, and the build begins anew as often as they want."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.debugging import desk
from stagemill.cli.frame.values import Values
from stagemill.errors import StagemillError, UsageError


def values(*, debug: bool = False, invoke: str | None = None, breaks: tuple[str, ...] = ()) -> Values:
    return Values({"debug": debug, "invoke": invoke, "break": breaks})


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """All streams are one."""
    monkeypatch.setattr(desk, "_lacking", lambda: "")


def test_without_a_terminal_a_build_that_is_only_to_say_more_is_as_any_other() -> None:
    def once() -> None:
        raise StagemillError("it failed")

    with pytest.raises(StagemillError, match="it failed"):
        desk.building(values(debug=True), once)


@pytest.mark.parametrize(("given", "flag"), [(values(invoke=""), "--invoke"), (values(breaks=("3",)), "--break")])
def test_without_a_terminal_who_has_to_be_asked_is_refused(given: Values, flag: str) -> None:
    with pytest.raises(UsageError) as raised:
        desk.building(given, lambda: None)

    assert raised.value.message.startswith(f"{flag} needs a terminal, and standard ")
    assert raised.value.hint == "leave it out; stagemill log prints all that a step wrote"


@pytest.mark.usefixtures("terminal")
def test_a_build_begins_anew_as_often_as_it_is_wanted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each is in a process of its own, so they count in a file."""

    def once() -> None:
        with (tmp_path / "count").open("a") as file:
            file.write("x")
        if (tmp_path / "count").stat().st_size < 3:
            raise desk.AnewError("once more")
        raise StagemillError("it failed")

    assert desk.building(values(debug=True), once) == 1

    assert (tmp_path / "count").read_text() == "xxx"
    assert capfd.readouterr().err.splitlines() == [
        *2 * ["debug: the build begins anew; what has not changed comes from the cache"],
        "error: it failed",
    ]


@pytest.mark.usefixtures("terminal")
def test_one_that_succeeds_is_the_last() -> None:
    assert desk.building(values(invoke="true"), lambda: None) == 0
