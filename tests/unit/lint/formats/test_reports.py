"""Findings for other programs, each in the form that they read."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from fakes.linting import findings
from stagemill.dockerfile.parser import parse
from stagemill.lint.formats import checkstyle, github, gitlab, junit, sarif, xml

TEXT = 'FROM x\nRUN sudo "a<b>&" \\\n  && apt update\n'
DOCKERFILE = parse(TEXT, "sub/Dockerfile")
FOUND = [*findings("SudoUsed", TEXT), *findings("AptInsteadOfAptGet", TEXT), *findings("ImageTagMissing", TEXT)]


class TestSarif:
    DOCUMENT = json.loads(sarif.render(FOUND, dockerfile=DOCKERFILE))
    RUN = DOCUMENT["runs"][0]

    def test_each_finding_points_to_its_rule_and_its_place(self) -> None:
        rules = [rule["id"] for rule in self.RUN["tool"]["driver"]["rules"]]
        results = self.RUN["results"]

        assert self.DOCUMENT["version"] == "2.1.0"
        assert rules == ["AptInsteadOfAptGet", "ImageTagMissing", "SudoUsed"]
        assert [(r["ruleId"], rules[r["ruleIndex"]], r["level"]) for r in results] == [
            ("SudoUsed", "SudoUsed", "error"),
            ("AptInsteadOfAptGet", "AptInsteadOfAptGet", "warning"),
            ("ImageTagMissing", "ImageTagMissing", "warning"),
        ]
        assert results[1]["locations"] == [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "sub/Dockerfile"},
                    "region": {"startLine": 3, "startColumn": 6, "endLine": 3, "endColumn": 9},
                }
            }
        ]

    def test_a_fix_says_what_takes_the_place_of_what(self) -> None:
        (fix,) = self.RUN["results"][1]["fixes"]

        assert fix["artifactChanges"][0]["replacements"] == [
            {
                "deletedRegion": {"startLine": 3, "startColumn": 6, "endLine": 3, "endColumn": 9},
                "insertedContent": {"text": "apt-get"},
            }
        ]
        assert "fixes" not in self.RUN["results"][0]


def test_github_gets_a_command_for_each_and_marks_what_it_would_take_for_its_own() -> None:
    lines = github.render(FOUND, dockerfile=DOCKERFILE).splitlines()

    assert len(lines) == 3
    assert lines[0].startswith(
        "::error file=sub/Dockerfile,line=2,endLine=2,title=stagemill SudoUsed,col=5,endColumn=9::sudo starts"
    )
    assert "%0Awrite USER root" in lines[0]


def test_gitlab_gets_a_fingerprint_that_does_not_move() -> None:
    entries = json.loads(gitlab.render(FOUND, dockerfile=DOCKERFILE))
    moved = findings("SudoUsed", "# above\n" + TEXT)

    assert [(e["check_name"], e["severity"], e["location"]["lines"]["begin"]) for e in entries] == [
        ("SudoUsed", "critical", 2),
        ("AptInsteadOfAptGet", "major", 3),
        ("ImageTagMissing", "major", 1),
    ]
    assert json.loads(gitlab.render(moved, dockerfile=DOCKERFILE))[0]["fingerprint"] == entries[0]["fingerprint"]
    assert len({entry["fingerprint"] for entry in json.loads(gitlab.render(FOUND * 2, dockerfile=DOCKERFILE))}) == 6


def test_checkstyle_is_xml_with_a_file_and_its_errors() -> None:
    root = ET.fromstring(checkstyle.render(FOUND, dockerfile=DOCKERFILE))
    (file,) = root

    assert (root.tag, file.attrib) == ("checkstyle", {"name": "sub/Dockerfile"})
    assert [(e.attrib["line"], e.attrib["severity"], e.attrib["source"]) for e in file] == [
        ("2", "error", "SudoUsed"),
        ("3", "warning", "AptInsteadOfAptGet"),
        ("1", "warning", "ImageTagMissing"),
    ]


def test_junit_has_a_failure_for_each_and_a_passed_test_for_none() -> None:
    (suite,) = ET.fromstring(junit.render(FOUND, dockerfile=DOCKERFILE))
    (clean,) = ET.fromstring(junit.render([], dockerfile=DOCKERFILE))

    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("3", "3")
    assert [case.attrib["name"] for case in suite][:1] == ["SudoUsed in line 2"]
    assert (clean.attrib["tests"], clean.attrib["failures"], [c.attrib["name"] for c in clean]) == (
        "1",
        "0",
        ["no findings"],
    )


def test_xml_holds_what_it_can_and_nothing_else() -> None:
    text = 'a<b>&"\n\x00\x1b\udcff'

    assert xml.attribute(text) == '"a&lt;b&gt;&amp;&quot;&#10;\ufffd\ufffd\ufffd"'
    assert xml.body('<a> "b"') == '&lt;a&gt; "b"'
