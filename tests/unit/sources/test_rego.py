"""Policies that are programs: what they decide, what they say, and what is wrong with them."""

from __future__ import annotations

import sys

import pytest

from stagemill.errors import SourceError, UsageError
from stagemill.sources.policy import Wanted
from stagemill.sources.rego import Level, Rego
from stagemill.sources.rego_text import RegoText

ALPINE = Wanted("docker-image://docker.io/library/alpine:3")
HEAD = "package docker\n"


def rego(*bodies: str, strict: bool = False, level: Level = "warn", said: list[str] | None = None) -> Rego:
    files = tuple(RegoText(f"p{number}.rego", HEAD + body) for number, body in enumerate(bodies))
    return Rego(files, strict=strict, level=level, say=(said if said is not None else []).append)


def denied(policy: Rego, wanted: Wanted = ALPINE) -> str:
    with pytest.raises(SourceError) as caught:
        policy.verdict(wanted)
    return caught.value.message


def test_what_is_allowed_stays_as_it_is() -> None:
    policy = rego('default allow = false\nallow if input.image.repo == "alpine"\ndecision := {"allow": allow}')

    assert policy.verdict(ALPINE).source == ALPINE
    assert policy.verdict(ALPINE).because == ()
    assert denied(policy, Wanted("docker-image://docker.io/library/busybox:1")) == (
        "source 'docker-image://docker.io/library/busybox:1' is denied by the policy p0.rego"
    )


def test_the_reasons_are_told() -> None:
    policy = rego(
        'deny_msg contains "one"\ndeny_msg contains "two"\ndecision := {"allow": false, "deny_msg": deny_msg}'
    )

    assert denied(policy).endswith(" is denied by the policy p0.rego: one; two")


def test_files_of_one_policy_are_one_program() -> None:
    policy = rego('decision := {"allow": ours(input.image.repo)}', 'ours(x) if x == "alpine"')

    assert policy.verdict(ALPINE).source == ALPINE


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("allow := true", "has no decision for"),
        ('decision := {"deny_msg": ["x"]}', "is denied"),
        ("decision := true", "has no decision for"),
        ('decision := {"allow": "yes"}', "has a decision of another form"),
        ('decision := {"allow": true, "deny_msg": {"a": 1}}', "has a decision of another form"),
        ('a := true\na := false\ndecision := {"allow": a}', "cannot be evaluated"),
        ('decision := {"allow": x}', "cannot be evaluated"),
        ('decision := {"allow": startswith("a")}', "cannot be evaluated"),
    ],
)
def test_what_decides_nothing_allows_nothing(body: str, why: str) -> None:
    assert why in denied(rego(body))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("allow if {", "the policy p0.rego is no Rego: this is unclosed"),
        (
            'decision := {"allow": true} if not verify_git_signature(input.git, "k")',
            "the policy p0.rego cannot be kept to: there is no function verify_git_signature",
        ),
    ],
)
def test_a_policy_that_cannot_be_kept_to_is_told_at_once(
    body: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        rego(body).load()

    assert caught.value.message == message
    assert capfd.readouterr() == ("", "")


def test_without_the_library_it_is_said_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "regopy", None)

    with pytest.raises(UsageError) as caught:
        rego('decision := {"allow": true}').load()

    assert caught.value.message == "the policy p0.rego is in Rego, and regopy is not installed"
    assert "pip install 'stagemill[policy]'" in (caught.value.hint or "")


class TestUnknown:
    BODY = 'bad if input.image.labels.bad\ndecision := {"allow": true} if not bad'

    def test_fields_are_undefined_and_told_of(self) -> None:
        said: list[str] = []

        rego(self.BODY, said=said).verdict(ALPINE)

        assert said == [
            f"policy p0.rego: reads input.image.labels, which is not known of {ALPINE.identifier!r}: it is undefined"
        ]

    def test_fields_are_an_error_for_who_is_strict(self) -> None:
        assert denied(rego(self.BODY, strict=True)) == (
            f"the policy p0.rego reads input.image.labels, which is not known of {ALPINE.identifier!r}"
        )

    def test_fields_of_other_sources_are_no_matter(self) -> None:
        context = Wanted("local://context")

        assert rego(self.BODY, strict=True).verdict(context).source == context


@pytest.mark.parametrize(("level", "lines"), [("none", 0), ("error", 0), ("warn", 0), ("info", 2), ("debug", 4)])
def test_it_says_as_much_as_is_asked_for(level: Level, lines: int) -> None:
    said: list[str] = []

    rego('decision := {"allow": true}', level=level, said=said).verdict(ALPINE)

    assert len(said) == lines


class TestLater:
    ASKED = Wanted("git://h.io/r.git#v1", {}, later=True)
    BODY = 'decision := {"allow": input.git.tagName == "v1"}'

    @pytest.mark.parametrize("ref", ["refs/tags/v1", "refs/tags/v2"])
    def test_what_a_name_is_decides_when_it_was_looked_up(self, ref: str) -> None:
        policy, found = rego(self.BODY), Wanted("git://h.io/r.git#v1", {"git.found.ref": ref})

        assert policy.verdict(self.ASKED).source == self.ASKED
        if ref == "refs/tags/v1":
            policy.confirm(found)
        else:
            assert "is denied" in denied(policy, found)
            with pytest.raises(SourceError, match="is denied"):
                policy.confirm(found)

    def test_what_needs_nothing_more_is_decided_before(self) -> None:
        policy = rego('decision := {"allow": input.git.host == "other"}')

        assert "is denied" in denied(policy, self.ASKED)
