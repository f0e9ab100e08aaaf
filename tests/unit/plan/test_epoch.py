"""SOURCE_DATE_EPOCH: which number is meant, what ARGs see of it, and what is no date."""

from __future__ import annotations

import pytest

from fakes.planning import history, marked, operations, planned, refused
from fakes.sources import FakeSources
from stagemill.digest import Digest
from stagemill.errors import StagemillError, UsageError
from stagemill.graph.operations import STILL, Run
from stagemill.location import parse
from stagemill.plan.epoch import ahead, seconds
from stagemill.plan.resolver import Sources

EPOCH = "SOURCE_DATE_EPOCH"
SEEN = "FROM busybox\nARG SOURCE_DATE_EPOCH\nRUN x\n"
STAGE = "FROM scratch AS src\nADD https://h/foo /\n"
HINT = "give seconds since 1970, such as 1700000000"


@pytest.fixture
def sources() -> FakeSources:
    found = FakeSources(foo="foo", undated="x")
    found.dates = {"https://h/foo": 42, "https://h/r.git#v1": 43}
    return found


def given(text: str, file: str = "FROM busybox\n", *, sources: Sources, **request: object) -> int | None:
    """The date of a build with this build argument."""
    return planned(file, build_args={EPOCH: text}, sources=sources, **request).epoch  # type: ignore[arg-type]


def seen(of: dict[str, str], *, text: str = SEEN, sources: Sources) -> str | None:
    """What a RUN sees, which has declared the ARG."""
    (op,) = operations(planned(text, build_args=of, sources=sources), Run)
    return dict(op.env).get(EPOCH)


@pytest.mark.parametrize(("text", "expected"), [("", None), ("0", 0), ("1700000000", 1_700_000_000)])
def test_a_number_is_seconds_and_a_blank_none(text: str, expected: int | None) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["x", "-1", "1.5", " 1", "٣", "999999999999", "9" * 5000])
def test_another_number_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        seconds(text)

    assert (caught.value.message, caught.value.hint) == (f"invalid {EPOCH} {text!r}", HINT)


def test_a_build_argument_wins_over_a_global_argument_and_a_blank_one_takes_it_away() -> None:
    text = "ARG SOURCE_DATE_EPOCH=5\nFROM busybox\n"

    assert planned(text).epoch == 5
    assert planned(text, build_args={EPOCH: "7"}).epoch == 7
    assert planned(text, build_args={EPOCH: ""}).epoch is None


def test_an_argument_without_a_value_or_of_a_stage_is_no_date() -> None:
    assert planned("FROM busybox\n").epoch is None
    assert planned("ARG SOURCE_DATE_EPOCH\nFROM busybox\n").epoch is None
    assert planned("FROM busybox\nARG SOURCE_DATE_EPOCH=5\n").epoch is None


def test_what_means_nothing_is_an_error_at_its_argument() -> None:
    error = refused("ARG A=1\nARG SOURCE_DATE_EPOCH=yesterday\nFROM busybox\n")

    assert error.message == "invalid SOURCE_DATE_EPOCH 'yesterday'"
    assert error.hint == f"{HINT}, or name the context, a named context, or a stage that only fetches"
    assert marked(error) == "Dockerfile:2: SOURCE_DATE_EPOCH=yesterday"
    assert refused("ARG SOURCE_DATE_EPOCH=999999999999\nFROM busybox\n").hint == HINT


@pytest.mark.parametrize("text", ["soon", "-5", "999999999999"])
def test_what_means_nothing_on_the_command_line_is_wrong_usage(text: str, sources: FakeSources) -> None:
    with pytest.raises(UsageError, match=f"invalid SOURCE_DATE_EPOCH '{text}'"):
        given(text, sources=sources)


class TestContext:
    def test_a_fetched_one_has_the_date_of_what_was_fetched(self, sources: FakeSources) -> None:
        assert given("context", sources=sources, location=parse("https://h/foo")) == 42
        assert given("context", sources=sources, location=parse("https://h/r.git#v1")) == 43
        assert given("context", sources=sources, location=parse("https://h/undated")) is None

    def test_a_directory_has_none_and_nobody_is_asked(self, sources: FakeSources) -> None:
        assert given("context", sources=sources) is None
        assert sources.asked == []

    def test_its_date_is_asked_for_only_where_it_is_wanted(self, sources: FakeSources) -> None:
        assert given("7", sources=sources, location=parse("https://h/foo")) == 7
        assert sources.asked == []

    def test_one_that_cannot_be_had_says_what_it_was_for(self, sources: FakeSources) -> None:
        with pytest.raises(StagemillError) as caught:
            given("context", sources=sources, location=parse("https://h/nosuch"))

        assert caught.value.message == "SOURCE_DATE_EPOCH: there is nothing at https://h/nosuch (status 404)"
        assert caught.value.hint == "correct the URL"

    def test_a_named_one_may_be_meant_and_a_stage_of_its_name_is_not(self, sources: FakeSources) -> None:
        assert given("src", "FROM busybox AS src\n", sources=sources, contexts={"src": "https://h/foo"}) == 42
        assert given("src", sources=sources, contexts={"src": "docker-image://busybox"}) is None
        assert given("src", sources=sources, contexts={"src": "/"}) is None


class TestStage:
    def test_has_the_date_of_what_it_fetches(self, sources: FakeSources) -> None:
        assert given("SRC", STAGE + "FROM busybox\n", sources=sources) == 42
        assert planned(f"ARG {EPOCH}=src\n{STAGE}FROM busybox\n", sources=sources).epoch == 42

    def test_is_not_needed_for_that(self, sources: FakeSources) -> None:
        plan = planned(f"ARG {EPOCH}=src\n{STAGE}FROM busybox\n", sources=sources)

        assert [stage.title for stage in plan.skipped] == ["src"]

    def test_may_be_meant_by_a_named_context(self, sources: FakeSources) -> None:
        assert given("it", STAGE + "FROM busybox\n", sources=sources, contexts={"it": "target:src"}) == 42

    def test_may_have_arguments(self, sources: FakeSources) -> None:
        text = "ARG HOST=h\nFROM scratch AS src\nARG NAME=$HOST/bar\nADD https://${NAME} /\nFROM busybox\n"

        assert given("src", text.replace("bar", "foo"), sources=sources) == 42
        plan = planned(text, build_args={EPOCH: "src", "NAME": "h/foo"}, sources=sources)
        assert plan.epoch == 42

    def test_may_fetch_a_repository_or_a_file_of_a_checksum(self, sources: FakeSources) -> None:
        git = "FROM scratch AS src\nADD --keep-git-dir=true https://h/r.git#v1 /\nFROM busybox\n"
        digest = Digest.of(b"foo")

        assert given("src", git, sources=sources) == 43
        assert given("src", STAGE.replace("ADD", f"ADD --checksum={digest}") + "FROM busybox\n", sources=sources) == 42
        assert sources.checksums == [digest]

    @pytest.mark.parametrize(
        ("body", "why", "place"),
        [
            ("FROM busybox AS src\nADD https://h/foo /\n", "src begins from an image", "Dockerfile:2: busybox"),
            (STAGE + "RUN x\n", "src has more than one ADD", "Dockerfile:4: RUN x"),
            (STAGE + "ADD https://h/foo /\n", "src has more than one ADD", "Dockerfile:4: ADD https://h/foo /"),
            ("FROM scratch AS src\n", "src fetches nothing", "Dockerfile:2: FROM scratch AS src"),
            ("FROM scratch AS src\nADD a /\n", "this ADD has not one URL", "Dockerfile:3: ADD a /"),
        ],
    )
    def test_that_does_more_is_no_date(self, body: str, why: str, place: str, sources: FakeSources) -> None:
        error = refused(f"ARG {EPOCH}=src\n{body}FROM busybox\n", sources=sources)

        assert error.message == f"SOURCE_DATE_EPOCH may be a stage that does nothing but fetch: {why}"
        assert marked(error) == place

    def test_whose_checksum_is_wrong_is_an_error_at_its_url(self, sources: FakeSources) -> None:
        error = refused(
            f"ARG {EPOCH}=src\nFROM scratch AS src\nADD --checksum=md5:0 https://h/foo /\nFROM busybox\n",
            sources=sources,
        )

        assert error.message == "SOURCE_DATE_EPOCH: unsupported digest algorithm 'md5' of a checksum"
        assert marked(error) == "Dockerfile:3: https://h/foo"


class TestArguments:
    def test_see_the_number_where_a_word_was_given(self, sources: FakeSources) -> None:
        assert seen({EPOCH: "src"}, text=STAGE + SEEN, sources=sources) == "42"
        assert seen({}, text=f"ARG {EPOCH}=src\n{STAGE}{SEEN}", sources=sources) == "42"

    def test_see_nothing_where_there_is_no_date(self, sources: FakeSources) -> None:
        assert seen({EPOCH: "context"}, sources=sources) is None
        assert seen({EPOCH: "context"}, text=SEEN.replace("EPOCH", "EPOCH=9"), sources=sources) == "9"

    def test_see_a_number_as_it_was_given(self, sources: FakeSources) -> None:
        assert seen({EPOCH: "007"}, sources=sources) == "7"
        assert history(SEEN, build_args={EPOCH: "7"})[-2] == "ARG SOURCE_DATE_EPOCH=7"


class TestStill:
    def test_what_is_to_be_still_always_has_a_date_which_its_arguments_see(self, sources: FakeSources) -> None:
        plan = planned(SEEN, times="still")

        assert (plan.epoch, plan.times) == (STILL, "still")
        (op,) = operations(plan, Run)
        assert dict(op.env)[EPOCH] == str(STILL)

    def test_another_date_wins(self, sources: FakeSources) -> None:
        assert given("7", sources=sources, times="still") == 7
        assert planned(f"ARG {EPOCH}=5\nFROM busybox\n", times="still").epoch == 5
        assert planned("FROM busybox\n", sources=sources, location=parse("https://h/foo"), times="still").epoch == 42
        assert (
            planned("FROM busybox\n", sources=sources, location=parse("https://h/undated"), times="still").epoch
            == STILL
        )


def test_a_date_that_has_not_come_is_told_where_it_should_clamp_something() -> None:
    said = ahead(11, "still", 10.0)

    assert said is not None
    assert said.startswith("SOURCE_DATE_EPOCH 11 is in the future, so files that are made now keep the time")
    assert [ahead(11, times, 10.0) for times in ("kept", "exact")] == [None, None]
    assert [ahead(date, "clamped", 10.0) for date in (None, 9, 10)] == [None] * 3
