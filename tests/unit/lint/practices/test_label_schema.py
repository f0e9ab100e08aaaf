"""`LabelSchema`: labels that the house wants and that are missing, or that do not have their form."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found
from stagemill.lint.file import Known
from stagemill.lint.policy import Policy

RULE = "LabelSchema"


def house(*, only: bool = False) -> Known:
    return Known(policy=Policy(labels={"team": "text", "home": "url"}, only_labels=only))


@pytest.mark.parametrize(
    ("label", "message", "number"),
    [
        ("a..b=c", "the name of the label `a..b` has two separators side by side", "DL3048"),
        (".b=c", "the name of the label `.b` does not begin with a letter, or not end with a letter or digit", "DL3048"),
        ("com.docker.x=c", "the name of the label `com.docker.x` is in a namespace that Docker keeps for itself", "DL3048"),
        ('a=""', "the label `a` is empty", "DL3051"),
        ("org.opencontainers.image.url=nowhere", "the label `org.opencontainers.image.url` is no URL", "DL3052"),
        ("org.opencontainers.image.created=today", "the label `org.opencontainers.image.created` is no time in RFC 3339", "DL3053"),
        ("org.opencontainers.image.licenses='free for all'", "the label `org.opencontainers.image.licenses` is no SPDX expression", "DL3054"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_label_is_found(label: str, message: str, number: str) -> None:
    assert [(f.message, f.alias) for f in findings(RULE, f"FROM x\nLABEL {label}\n")] == [(message, number)]


@pytest.mark.parametrize(
    "label",
    [
        "a=b",
        'a.b-c_d="e f"',
        "a=$UNKNOWN",
        "org.opencontainers.image.created=2025-11-29T08:00:00Z",
        "org.opencontainers.image.licenses='MIT OR Apache-2.0'",
        "org.opencontainers.image.source=https://x/y",
    ],
)
def test_good_labels_and_what_is_not_known_are_fine(label: str) -> None:
    assert lines_found(RULE, f"FROM x\nLABEL {label}\n") == []


def test_labels_that_the_house_wants_are_missing_where_an_image_can_be_made() -> None:
    text = "FROM x AS a\nLABEL team=b\nFROM a AS test\nFROM a\nLABEL home=https://x\n"

    assert [(f.span.line, f.message, f.alias) for f in findings(RULE, text, known=house())] == [
        (3, "`test` has no label `home`", "DL3049")
    ]


def test_a_house_may_want_no_others() -> None:
    text = "FROM x\nLABEL team=a home=nowhere other=b\n"

    assert [f.alias for f in findings(RULE, text, known=house(only=True))] == ["DL3052", "DL3050"]
