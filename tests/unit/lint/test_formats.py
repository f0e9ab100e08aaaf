"""How findings are shown."""

from __future__ import annotations

import json

from fakes.linting import findings
from stagemill.dockerfile.parser import parse
from stagemill.lint import LintFile, check, short
from stagemill.lint.formats import json as as_json
from stagemill.lint.formats import text as as_text

TEXT = "FROM a AS b\nFROM c AS d\nCOPY --from=0 /x /x\n"
FOUND = findings("index-from", TEXT)


def test_the_text_shows_place_line_caret_hint_and_diff() -> None:
    shown = as_text.render(FOUND, dockerfile=parse(TEXT))

    assert shown == (
        "Dockerfile:3:13: index-from: COPY copies from stage 0 by its number\n"
        "3 | COPY --from=0 /x /x\n"
        "  |             ^\n"
        "hint: numbers move when a stage is added; write `b`, the name of that stage\n"
        "fix: write `b` for 0\n"
        "--- Dockerfile\n+++ Dockerfile\n@@ -1,3 +1,3 @@\n"
        " FROM a AS b\n FROM c AS d\n-COPY --from=0 /x /x\n+COPY --from=b /x /x\n"
    )


def test_the_text_has_colours_only_where_they_are_wanted() -> None:
    assert "\x1b[" not in as_text.render(FOUND, dockerfile=parse(TEXT))
    assert "\x1b[32m+COPY --from=b /x /x\x1b[0m\n" in as_text.render(FOUND, dockerfile=parse(TEXT), colour=True)


def test_the_last_line_counts() -> None:
    assert as_text.summary([]) == "no findings\n"
    assert as_text.summary(FOUND) == "1 finding, 1 of them mended by --fix\n"
    assert as_text.summary(FOUND * 2, fixing=True) == "nothing mended, 2 findings left\n"
    assert as_text.summary(FOUND, done=2, fixing=True) == "2 findings mended, 1 left\n"
    assert as_text.summary([], done=1, fixing=True) == "1 finding mended, nothing left\n"


def test_mended_findings_are_one_line_each() -> None:
    assert as_text.mended(FOUND) == "mended: Dockerfile:3: index-from: write `b` for 0\n"


def test_json_holds_everything() -> None:
    document = json.loads(as_json.render(FOUND, dockerfile=parse(TEXT)))

    diff = document["findings"][0]["fix"].pop("diff")
    assert diff.startswith("--- Dockerfile\n")
    assert document == {
        "file": "Dockerfile",
        "findings": [
            {
                "rule": "index-from",
                "level": "warning",
                "hadolint": None,
                "message": "COPY copies from stage 0 by its number",
                "line": 3,
                "column": 13,
                "end_line": 3,
                "end_column": 14,
                "hint": "numbers move when a stage is added; write `b`, the name of that stage",
                "fix": {
                    "summary": "write `b` for 0",
                    "safe": True,
                    "edits": [{"line": 3, "column": 13, "end_line": 3, "end_column": 14, "text": "b"}],
                },
            }
        ],
        "mended": [],
        "diff": None,
    }


def test_json_tells_what_was_mended() -> None:
    document = json.loads(as_json.render([], dockerfile=parse(TEXT), done=FOUND, diff="the diff"))

    assert document["findings"] == []
    assert [item["summary"] for item in document["mended"]] == ["write `b` for 0"]
    assert document["diff"] == "the diff"


def test_bytes_that_are_no_text_can_be_shown() -> None:
    dockerfile = parse(b"FROM a\n# \xff\nFROM b\nRUN echo \xff\n")
    found = check(LintFile.of(dockerfile))

    as_text.render(found, dockerfile=dockerfile).encode()
    as_json.render(found, dockerfile=dockerfile).encode()


def test_short_is_one_line_for_each() -> None:
    assert short(FOUND) == [" - index-from: COPY copies from stage 0 by its number (line 3)"]
