"""What the text of a policy calls and reads."""

from __future__ import annotations

import pytest

from stagemill.sources.rego_text import Absent, RegoText

HEAD = "package docker\n"


def text(body: str) -> RegoText:
    return RegoText("p.rego", HEAD + body)


def check(body: str) -> None:
    found = text(body)
    found.check((found,), lambda name: name in {"startswith", "count"})


@pytest.mark.parametrize(
    "body",
    [
        "allow if verify_git_signature(input.git, `key`)",
        "allow if {\n  not docker_github_builder (input.image, x)\n}",
        "allow if other(1)",
        "allow if {\nother(1)\n}",
        "other(x) if x == 1\nallow if data.docker.another(1)",
        "verify_git_signature(x, y) := true",
        "allow if opa.runtime().env.HOME",
        'allow if { print("x") }',
        "allow if not input.image.hasProvenance",
        'allow if not input["image"]["signatures"]',
        "i := input.image\nallow if count(i.provenance.materials) == 0",
        "allow if not input.git.commit",
        "allow if not input.git.tag.tagger",
        "allow if not alowed",
        "import data.helpers\nallow if helpers.x",
        'decision := {"allow": true, "caps": {"exec.proxy": true}}',
    ],
)
def test_what_is_not_there_is_found(body: str) -> None:
    with pytest.raises(Absent):
        check(body)


@pytest.mark.parametrize(
    "body",
    [
        "# verify_git_signature(input.git)\nallow if startswith(input.http.path, `/`)",
        'deny_msg contains "verify_git_signature(x) is meant, and signatures"',
        "own(x) if x == 1\nallow if own(1)\nallow if data.docker.own(2)",
        "default own(_) := false\nallow if own (1)",
        'allow if { some x in ["a"]; not (x == "b") }',
        'allow if input.image.tag == "1"',
        "bad if input.http\nallow if not bad\nallow if not input.git\nallow if not false",
        "import rego.v1\nimport future.keywords.in\nallow := true",
    ],
)
def test_what_is_there_is_let_be(body: str) -> None:
    check(body)


def test_a_word_is_named_that_is_not_there() -> None:
    with pytest.raises(Absent) as caught:
        check("allow if pin_image(input.image, x)")

    assert caught.value.what == "there is no function pin_image"


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("allow if input.image.labels.x", True),
        ('allow if input.image["labels"]', True),
        ("i := input.image\nallow if i.labels.x", True),
        ("allow if input.env.labels.x", False),
        ("# input.image.labels\nallow if input.image.tag", False),
        ('allow if input.image.tag == "no labels"', False),
    ],
)
def test_a_field_is_read_by_its_name_or_through_a_variable(body: str, read: bool) -> None:
    assert text(body).reads("image", "labels") is read


def test_imports_of_what_the_language_has_are_left_out() -> None:
    assert text("import rego.v1\nimport data.docker.x\n").plain == f"{HEAD}\nimport data.docker.x\n"
