"""What the linter says after a build that did something."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.planning import planned
from fakes.tree import MemoryTree
from stagemill import events
from stagemill.cli.making.directories import IgnoreFile
from stagemill.cli.making.source import Inputs
from stagemill.cli.making.warnings import Checks, Watch, ignored
from stagemill.context.ignore import IgnoreRules
from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse
from stagemill.errors import DockerfileError
from stagemill.plan.request import FileContext

STEP = Digest.of(b"step")


@pytest.mark.parametrize(
    ("event", "worked"),
    [
        (events.Cached(STEP, "a", 1), False),
        (events.Notice("a", 1), False),
        (events.Started(STEP, "a", 1), False),
        (events.Output(STEP, "stdout", b"", 1), True),
        (events.Finished(STEP, 1), True),
    ],
)
def test_a_watch_passes_on_what_it_hears_and_knows_whether_a_step_ran(event: events.Event, worked: bool) -> None:
    heard: list[events.Event] = []
    watch = Watch(heard.append)

    watch(event)

    assert (heard, watch.worked) == ([event], worked)


def checks(text: str, context: FileContext | None = None, **build_args: str) -> Checks:
    return Checks(Inputs(parse(text), context), build_args)


def told(text: str) -> list[str]:
    heard: list[events.Event] = []
    checks(text).tell(heard.append, now=7)
    assert all(isinstance(event, events.Notice) and event.at == 7 for event in heard)
    return [event.text for event in heard if isinstance(event, events.Notice)]


def test_findings_are_counted_and_a_line_each() -> None:
    (text,) = told("FROM scratch AS a\nFROM scratch AS B\nCOPY --from=0 /x /x\n")

    assert text.splitlines() == [
        "2 warnings found (stagemill lint explains, and mends what it can prove with --fix):",
        " - StageNameCasing: Stage name 'B' should be lowercase (line 2)",
        " - index-from: COPY copies from stage 0 by its number (line 3)",
    ]


def test_what_was_looked_for_early_is_told_the_same() -> None:
    heard: list[events.Event] = []
    early = checks("FROM scratch AS A\n")
    early.begin()
    early.tell(heard.append, now=7)

    assert [event.text for event in heard if isinstance(event, events.Notice)] == told("FROM scratch AS A\n")


def test_what_goes_wrong_early_is_raised_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_file: object, _rules: object) -> list[object]:
        raise ValueError("broken")

    monkeypatch.setattr("stagemill.lint.check", broken)
    early = checks("FROM scratch AS A\n")
    early.begin()

    with pytest.raises(ValueError, match="broken"):
        early.tell(events.ignore, now=7)


def test_one_is_one() -> None:
    assert told("FROM scratch AS A\n")[0].startswith("1 warning found (")


def test_where_there_is_nothing_to_find_nothing_is_said() -> None:
    assert told("FROM scratch\nCOPY a /\n") == []


def test_with_a_plan_the_images_are_known_and_what_the_target_does_not_need_is_left_alone() -> None:
    text = "FROM scratch AS unused\nWORKDIR a\nFROM busybox\nUSER $NONE\n"
    heard: list[events.Event] = []
    watched = checks(text)
    watched.approve([planned(text)])

    watched.tell(heard.append, now=7)

    assert [event.text.splitlines()[1:] for event in heard if isinstance(event, events.Notice)] == [
        [
            " - unnamed-stage: stage 1 of 2 has no name (line 3)",
            " - UndefinedVar: Usage of undefined variable '$NONE' (line 4)",
        ]
    ]


class TestErrors:
    TEXT = "# check=error=true;skip=StageNameCasing\nFROM scratch AS A\nFROM scratch as b\n"

    def test_warnings_stop_the_build_where_the_file_wants_that(self) -> None:
        with pytest.raises(DockerfileError) as caught:
            checks(self.TEXT).approve([planned(self.TEXT)])

        assert caught.value.message == "lint violation found for rules: FromAsCasing"
        assert caught.value.hint == "stagemill build --check shows them all; without error=true they are only warnings"
        assert caught.value.at
        assert caught.value.at.line == 3

    def test_with_several_targets_the_stages_of_all_of_them_count(self) -> None:
        text = "# check=error=true\nFROM scratch AS one\nFROM scratch AS two\nUSER $NONE\n"
        first, second = (planned(text, target=target) for target in ("one", "two"))

        checks(text).approve([first])
        with pytest.raises(DockerfileError, match="UndefinedVar"):
            checks(text).approve([first, second])

    def test_our_own_rules_stop_nothing(self) -> None:
        text = "# check=error=true\nFROM scratch\nFROM scratch AS b\nCOPY --from=0 /x /x\n"

        checks(text).approve([planned("FROM scratch\n")])

    def test_the_build_argument_wins(self) -> None:
        checks(self.TEXT, BUILDKIT_DOCKERFILE_CHECK="skip=all").approve([planned(self.TEXT)])

    def test_without_options_nothing_is_asked(self) -> None:
        text = "FROM scratch AS A\n"

        checks(text).approve([planned(text)])

    def test_wrong_options_stop_it_too(self) -> None:
        text = "# check=errors=true\nFROM scratch\n"

        with pytest.raises(DockerfileError, match="invalid check option 'errors'"):
            checks(text).approve([planned(text)])


def test_the_rules_of_an_ignore_file_are_those_of_the_context() -> None:
    rules = IgnoreRules.parse("a", ".dockerignore")
    view = MemoryTree({})

    assert ignored(FileContext(view, ignored=IgnoreFile(rules, ".dockerignore", Path()))) is rules
    assert ignored(FileContext(view)) is None
    assert ignored(None) is None
