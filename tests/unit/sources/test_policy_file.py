"""Policies as files have them, and what is wrong in one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stagemill.errors import UsageError
from stagemill.sources.policy import Constraint, Policy, Rule, Selector, Updates
from stagemill.sources.policy_file import parse


def refused(document: object) -> tuple[str, str | None]:
    with pytest.raises(UsageError) as caught:
        parse(document if isinstance(document, str) else json.dumps(document), "p.json")
    return caught.value.message, caught.value.hint


def of(*rules: Any) -> dict[str, Any]:
    return {"rules": list(rules)}


def test_a_file_is_its_rules_in_their_order() -> None:
    text = """{"version": 1, "rules": [
        {"action": "DENY", "selector": {"identifier": "*"}},
        {"action": "CONVERT", "updates": {"identifier": "b", "attrs": {"http.checksum": "sha256:0"}}, "selector":
            {"identifier": "a", "matchType": "REGEX", "constraints": [{"key": "k", "value": "v", "condition": "MATCHES"}]}}]}"""

    assert parse(text, "p.json") == Policy(
        (
            Rule("rule 1 of p.json", "DENY", Selector("*")),
            Rule(
                "rule 2 of p.json",
                "CONVERT",
                Selector("a", "REGEX", (Constraint("k", "v", "MATCHES"),)),
                Updates("b", {"http.checksum": "sha256:0"}),
            ),
        )
    )


def test_what_is_left_out_is_the_first_choice_and_numbers_are_names() -> None:
    assert parse('{"rules": [{"selector": {"identifier": "a"}, "updates": null}]}', "p").rules[0].action == "ALLOW"
    (rule,) = parse('{"Rules": [{"action": 1, "selector": {"match_type": 1}}]}', "p").rules
    assert (rule.action, rule.selector) == ("DENY", Selector("", "EXACT"))
    assert parse("{}", "p") == Policy()


@pytest.mark.parametrize(
    ("document", "message", "hint"),
    [
        ("{", "the source policy p.json is no JSON: ", "correct the file"),
        ([], "the source policy p.json is no object", "write {…}"),
        ({"rule": []}, "the source policy p.json: 'rule' is not known", "did you mean rules?"),
        ({"rules": {}}, "the source policy p.json: rules is {}", "write a list"),
        (of(1), "rule 1 of p.json is no object", "write {…}"),
        (of({"selector": {}}, {"action": "DENY"}), "rule 2 of p.json: it has no selector", None),
        (of({"action": "BLOCK", "selector": {}}), 'rule 1 of p.json: action is "BLOCK"', "write one of ALLOW, DENY, CONVERT"),
        (of({"action": True, "selector": {}}), "rule 1 of p.json: action is true", "write one of ALLOW, DENY, CONVERT"),
        (of({"action": "CONVERT", "selector": {}}), "rule 1 of p.json: updates are for CONVERT, which needs them", None),
        (of({"selector": {}, "updates": {}}), "rule 1 of p.json: updates are for CONVERT, which needs them", None),
        (of({"selector": {"identifier": "a**"}}), "the selector of rule 1 of p.json: invalid wildcard 'a**': \"**\"", "write *, which stands for anything"),
        (of({"selector": {"identifier": "(", "match_type": "REGEX"}}), "the selector of rule 1 of p.json: invalid regex '(': ", None),
        (of({"selector": {"identifier": 3}}), "the selector of rule 1 of p.json: identifier is 3", "write a text in quotes"),
        (of({"selector": {"constraints": [{"condition": "MATCHES", "value": "["}]}}), "a constraint of the selector of rule 1 of p.json: invalid regex '[': ", None),
        (of({"action": 2, "selector": {}, "updates": {"attrs": {"http.sum": "x"}}}), "the attributes in the updates of rule 1 of p.json: 'http.sum' is not known", "did you mean http.checksum?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(document: object, message: str, hint: str | None) -> None:
    found, what_to_do = refused(document)

    assert found.startswith(message)
    assert what_to_do == hint
