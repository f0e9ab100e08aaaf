"""Which images a `--filter` lets through."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stagemill.cli.listing.filters import ImageFilters
from stagemill.errors import UsageError
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform

NOW = 1_700_000_000.0
APP = "docker.io/library/app:latest"
TEAM = "registry.example:5000/team/app:1.0"
DIGEST = "ghcr.io/o/app@sha256:" + "1" * 64


def filters(*texts: str, created: float = 0.0) -> ImageFilters:
    return ImageFilters.parse(texts, created=lambda _name: created, now=NOW)


def image(created: float | None = NOW, **labels: str) -> Image:
    text = datetime.fromtimestamp(created, UTC).isoformat() if created is not None else ""
    return Image.build(ImageConfig(Platform("linux", "amd64"), RunConfig(labels=labels), created=text), ())


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("app", [APP]),
        ("app:latest", [APP]),
        ("a*", [APP]),
        ("*:latest", [APP]),
        ("docker.io/library/app", [APP]),
        ("docker.io/library/app:latest", [APP]),
        ("registry.example:5000/team/app", [TEAM]),
        ("*/*/app", [TEAM, DIGEST]),
        ("*/*/app:1.?", [TEAM]),
        ("*app", [APP]),
        ("ap", []),
        ("other", []),
    ],
)
def test_a_reference_is_a_pattern_whose_star_stops_at_a_slash(pattern: str, expected: list[str]) -> None:
    assert filters(f"reference={pattern}").names([APP, TEAM, DIGEST]) == expected


def test_of_several_references_any_will_do_and_without_one_all() -> None:
    assert filters("reference=app", "reference=ghcr.io/*/*").names([APP, TEAM, DIGEST]) == [APP, DIGEST]
    assert filters().names([APP, TEAM]) == [APP, TEAM]


@pytest.mark.parametrize(
    ("texts", "taken"),
    [
        (["label=a"], True),
        (["label=a=1"], True),
        (["label=a=2"], False),
        (["label=b"], False),
        (["label=a", "label=c=x=y"], True),
        (["label=a", "label=b"], False),
    ],
)
def test_all_labels_have_to_be_there(texts: list[str], taken: bool) -> None:
    assert filters(*texts).takes(image(a="1", c="x=y"), [APP]) is taken


@pytest.mark.parametrize(
    ("text", "named", "nameless"),
    [("dangling=true", False, True), ("dangling=false", True, False), ("dangling=1", False, True)],
)
def test_an_image_without_a_name_is_dangling(text: str, named: bool, nameless: bool) -> None:
    assert filters(text).takes(image(), [APP]) is named
    assert filters(text).takes(image(), []) is nameless


def test_both_answers_to_dangling_are_all() -> None:
    assert filters("dangling=true", "dangling=false").takes(image(), [APP])


@pytest.mark.parametrize(
    ("key", "older", "same", "younger"), [("before", True, False, False), ("since", False, False, True)]
)
def test_images_are_older_or_younger_than_another(key: str, older: bool, same: bool, younger: bool) -> None:
    chosen = filters(f"{key}=other", created=NOW)

    assert [chosen.takes(image(NOW + seconds), [APP]) for seconds in (-1, 0, 1)] == [older, same, younger]


@pytest.mark.parametrize(
    "text", ["until=24h", "until=2023-11-13T22:13:20Z", "until=2023-11-13T23:13:20+01:00", "until=1699913600", "until=1699913600.0"],
)  # fmt: skip
def test_until_is_a_time_or_how_long_ago(text: str) -> None:
    chosen = filters(text)

    assert chosen.takes(image(NOW - 86401), [APP])
    assert not chosen.takes(image(NOW - 86399), [APP])


def test_what_cannot_be_read_has_neither_labels_nor_time() -> None:
    assert filters().takes(None, [APP])
    assert not filters("label=a").takes(None, [APP])
    assert not filters("until=1h").takes(None, [APP])
    assert not filters("since=x").takes(image(None), [APP])


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("lable=a", "invalid --filter 'lable=a'", "did you mean label=…?"),
        ("label", "invalid --filter 'label'", "write KEY=VALUE; keys are before, dangling, label, reference, since, until"),
        ("label=", "invalid --filter 'label='", "write KEY=VALUE; keys are before, dangling, label, reference, since, until"),
        ("zzz=a", "invalid --filter 'zzz=a'", "write KEY=VALUE; keys are before, dangling, label, reference, since, until"),
        ("dangling=maybe", "invalid --filter 'dangling=maybe'", "write dangling=true or dangling=false"),
        ("until=soon", "invalid --filter 'until=soon'", "write until=24h for how long ago"),
        ("reference=[", "invalid --filter 'reference=[': \"[\" is not a valid pattern: a set that `[` begins is not closed",
         "write [[] for a name that holds a `[`"),
    ],
)  # fmt: skip
def test_what_is_no_filter_is_told(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        filters(text)

    assert caught.value.message == message
    assert (caught.value.hint or "").startswith(hint)
