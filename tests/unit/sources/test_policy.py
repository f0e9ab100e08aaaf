"""Which sources rules allow, and which they make of others."""

from __future__ import annotations

import pytest

from stagemill.errors import SourceError
from stagemill.sources.policy import Action, Condition, Constraint, Match, Policy, Rule, Selector, Updates, Wanted

BUSYBOX = "docker-image://docker.io/library/busybox:latest"


def rule(action: Action, identifier: str, to: str = "", *, by: Match = "WILDCARD", **attributes: str) -> Rule:
    return Rule(f"rule of {identifier}", action, Selector(identifier, by), Updates(to, attributes))


def verdict(*rules: Rule, of: str = BUSYBOX) -> str:
    """What a build gets."""
    return Policy(rules).verdict(Wanted(of)).source.identifier


def denied(*rules: Rule, of: str = BUSYBOX) -> str:
    with pytest.raises(SourceError) as caught:
        Policy(rules).verdict(Wanted(of))
    return caught.value.message


class TestSelector:
    @pytest.mark.parametrize(
        ("identifier", "by", "fits"),
        [
            (BUSYBOX, "EXACT", True),
            ("docker-image://*", "EXACT", False),
            ("*", "WILDCARD", True),
            ("docker-image://docker.io/library/busybox:*", "WILDCARD", True),
            ("docker-image://*/busybox:*", "WILDCARD", True),
            ("docker-image://docker.io/library/busybox", "WILDCARD", False),
            ("docker-image://docker.io/library/busybox?latest", "WILDCARD", False),
            ("http://docker.io/library/busybox:*", "WILDCARD", False),
            (r"library/b.+:latest$", "REGEX", True),
            (r"^library", "REGEX", False),
        ],
    )
    def test_fits_what_its_identifier_means(self, identifier: str, by: Match, fits: bool) -> None:
        assert Selector(identifier, by).fits(Wanted(BUSYBOX)) is fits

    def test_a_pattern_that_is_the_source_as_it_stands_fits_it(self) -> None:
        assert Selector("a(b", "EXACT").fits(Wanted("a(b"))
        assert Selector("https://h/a+b", "REGEX").fits(Wanted("https://h/a+b"))

    @pytest.mark.parametrize(
        ("condition", "value", "fits"),
        [
            ("EQUAL", "pull", True),
            ("EQUAL", "pul", False),
            ("NOTEQUAL", "pull", False),
            ("NOTEQUAL", "", True),
            ("MATCHES", "^p.l", True),
            ("MATCHES", "^ull", False),
        ],
    )
    def test_attributes_must_be_what_it_says(self, condition: Condition, value: str, fits: bool) -> None:
        selector = Selector("*", constraints=(Constraint("mode", value, condition),))

        assert selector.fits(Wanted("x", {"mode": "pull"})) is fits

    def test_an_attribute_that_is_not_there_is_empty(self) -> None:
        assert Selector("*", constraints=(Constraint("mode", ""),)).fits(Wanted("x"))
        assert not Selector("*", constraints=(Constraint("mode", "", "NOTEQUAL"),)).fits(Wanted("x"))


class TestAllowAndDeny:
    def test_without_a_rule_that_fits_all_is_allowed(self) -> None:
        assert verdict() == BUSYBOX
        assert verdict(rule("DENY", "git://*"), rule("ALLOW", "http://*")) == BUSYBOX

    def test_the_last_one_that_fits_decides(self) -> None:
        assert verdict(rule("DENY", "*"), rule("ALLOW", BUSYBOX)) == BUSYBOX
        assert denied(rule("ALLOW", BUSYBOX), rule("DENY", "*"), rule("ALLOW", "git://*")) == (
            f"source '{BUSYBOX}' is denied by the source policy: rule of *, DENY \"*\""
        )


class TestConvert:
    def test_a_source_becomes_another(self) -> None:
        assert verdict(rule("CONVERT", BUSYBOX, "docker-image://other")) == "docker-image://other"

    @pytest.mark.parametrize(
        ("identifier", "by", "to", "expected"),
        [
            (
                "docker-image://*:*",
                "WILDCARD",
                "docker-image://m/${1}:$2-x",
                "docker-image://m/docker.io/library/busybox:latest-x",
            ),
            ("*busybox*", "WILDCARD", "docker-image://$2$$3$nosuch${9}", "docker-image://:latest$3"),
            ("library/(?P<name>\\w+)", "REGEX", "mirror/$name", "docker-image://docker.io/mirror/busybox:latest"),
            ("b(u)s", "REGEX", "$1x", "docker-image://docker.io/library/ybox:latest"),
            ("^.*$", "REGEX", "x", "x"),
            (".*", "REGEX", "x", "x"),
            (BUSYBOX, "EXACT", "a$1b", "a$1b"),
        ],
    )
    def test_what_stands_for_anything_goes_into_the_other(
        self, identifier: str, by: Match, to: str, expected: str
    ) -> None:
        assert Selector(identifier, by).rewritten(BUSYBOX, to) == expected

    def test_attributes_are_added_and_the_identifier_stays(self) -> None:
        found = Policy((rule("CONVERT", "https://*", c="2", a="3"),)).verdict(
            Wanted("https://h/f", {"a": "1", "b": "1"})
        )

        assert found.source == Wanted("https://h/f", {"a": "3", "b": "1", "c": "2"})
        assert [str(each) for each in found.because] == ['rule of https://*, CONVERT "https://*"']

    def test_all_rules_are_looked_at_again_for_what_it_makes(self) -> None:
        chain = rule("CONVERT", "b", "c"), rule("CONVERT", "a", "b"), rule("DENY", "a"), rule("DENY", "b")

        assert verdict(*chain, of="a") == "c"
        assert denied(*chain, rule("DENY", "c"), of="a") == (
            "source 'c', which rule of b, CONVERT \"b\" makes of another, is denied by the source policy: "
            'rule of c, DENY "c"'
        )

    def test_one_that_changes_nothing_is_passed_over(self) -> None:
        assert verdict(rule("CONVERT", "docker*", BUSYBOX), rule("CONVERT", "*:latest", "x")) == "x"

    def test_rules_that_undo_each_other_are_an_error(self) -> None:
        assert denied(rule("CONVERT", "a", "b"), rule("CONVERT", "b", "a"), of="a") == (
            "source 'a' is changed by the source policy again and again, at last by rule of a, CONVERT \"a\""
        )
