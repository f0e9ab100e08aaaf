"""A verdict, as people and programs read it."""

from __future__ import annotations

import json

from stagemill.cli.verifying import verdict
from stagemill.cli.verifying.verdict import Verdict
from stagemill.errors import Excerpt
from stagemill.verify.difference import (
    Cause,
    Change,
    Differences,
    FileDifference,
    FirstByte,
    KeyDifference,
    LayerDifference,
)
from stagemill.verify.today import Suspect
from stagemill.verify.variation import Variation
from stagemill.verify.verification import Found

LINE = Excerpt("Dockerfile", 3, 1, 8, "RUN date")
TIME = Cause("the time", "write less")
BYTES = (Change("bytes", "sha256:1", "sha256:2"),)


def told(*files: FileDifference, **more: object) -> Verdict:
    return Verdict(Found("sha256:a", "sha256:b", Differences(files=files, **more)))  # type: ignore[arg-type]


def test_the_same_is_one_line() -> None:
    same = Found("sha256:a", "sha256:a", Differences())

    assert verdict.text(Verdict(same)) == "the same: two builds are sha256:a"
    assert verdict.text(Verdict(same, against="app")) == "the same: a fresh build and app are sha256:a"


def test_files_of_one_step_stand_below_its_line_and_those_of_one_cause_have_it_once() -> None:
    at = FirstByte(12, 3, b"abc1\n", b"abc2\n")
    files = (
        FileDifference("b", 0, BYTES, at, TIME, LINE),
        FileDifference("c", 0, BYTES, at, TIME, LINE),
        FileDifference("a", 0, (Change("mode", "0644", "0600"), Change("owner", "0:0", "5:5")), None, None, None),
    )

    assert verdict.text(told(*files)).splitlines() == [
        "not the same: 3 files of two builds",
        "  sha256:a",
        "  sha256:b",
        "",
        "/a: mode 0644 and 0600; owner 0:0 and 5:5",
        "  cause: none of those that are known",
        "",
        " --> Dockerfile:3",
        "3 | RUN date",
        "  | ^^^^^^^^",
        "/b: other bytes",
        "  the first byte that differs is number 12:",
        "    abc1\\n",
        "    abc2\\n",
        "       ^",
        "/c: other bytes",
        "  cause: the time",
        "  mend:  write less",
    ]


def test_bytes_that_are_no_text_are_in_hexadecimal() -> None:
    at = FirstByte(2, 1, b"\x00\x01", b"\x00\x02")

    lines = verdict.text(told(FileDifference("a", 0, BYTES, at, TIME))).splitlines()

    assert lines[-5:-2] == ["    00 01", "    00 02", "       ^"]


def test_a_path_of_one_image_says_which_and_how_it_is_called_in_the_other() -> None:
    changes = [("there", "not there"), ("not there", "there"), ("there", "tmp/x")]

    text = verdict.text(told(*(FileDifference("a", 0, (Change("path", *each),)) for each in changes)))

    assert "/a: only in the first\n/a: only in the second\n/a: /tmp/x in the second" in text


def test_what_comes_from_a_file_gives_a_terminal_no_orders() -> None:
    line = Excerpt("Dockerfile", 1, 1, 3, "RUN \x1b[2J")
    at = FirstByte(0, 0, b"\x9b2J", b"\xff")

    text = verdict.text(told(FileDifference("\x1b[2J", 0, BYTES, at, None, line)))

    assert "\x1b" not in text
    assert "\x9b" not in text


def test_many_files_of_one_cause_are_cut_short() -> None:
    files = [FileDifference(f"f{number:02}", 0, BYTES, None, TIME, LINE) for number in range(25)]

    text = verdict.text(told(*files))

    assert "/f19: other bytes\nand 5 more files; --json has all\n" in text
    assert "f20" not in text


def test_keys_and_layers_are_told() -> None:
    keys = (KeyDifference("config.User", "x", None), KeyDifference("manifest.annotations.a", None, "1", TIME))
    layers = (LayerDifference(1, "only in the first image", TIME, LINE),)

    lines = verdict.text(told(keys=keys, layers=layers)).splitlines()

    assert lines[0] == "not the same: 1 layer, 2 keys of two builds"
    assert 'config of the image: config.User: "x" and nothing' in lines
    assert 'manifest.annotations.a: nothing and "1"' in lines
    assert "layer 1: only in the first image" in lines


def test_what_has_todays_date_is_told_though_it_is_the_same() -> None:
    same = Found("a", "a", Differences(), (Suspect("built", 1, "2026-11-29", LINE),))

    lines = verdict.text(Verdict(same)).splitlines()

    assert lines[0] == "the same: two builds are a"
    assert "/built: the same today, and perhaps not tomorrow, for it has 2026-11-29 in it" in lines
    assert "  cause: today's date" in lines


def test_it_ends_with_what_was_varied() -> None:
    varied = (Variation("umask", "022", "077"), Variation("user", "you", "root", "only root can"))

    assert verdict.text(Verdict(Found("a", "a", Differences()), varied)).splitlines()[1:] == [
        "", "varied: umask", "not varied: user, since only root can",
    ]  # fmt: skip


def test_programs_get_all_of_it() -> None:
    file = FileDifference("a", 2, BYTES, FirstByte(1, 1, b"\x00a", b"\x00b"), TIME, LINE)
    varied = (Variation("umask", "022", "077"),)
    differences = Differences((KeyDifference("os", "x", "y"),), (LayerDifference(0, "t", TIME),), (file,))
    found = Found("sha256:a", "sha256:b", differences, (Suspect("b", 1, "2026-11-29", LINE),))

    assert json.loads(verdict.document(Verdict(found, varied, "app"))) == {
        "same": False,
        "against": "app",
        "digests": ["sha256:a", "sha256:b"],
        "varied": [{"name": "umask", "one": "022", "other": "077", "why": ""}],
        "keys": [{"key": "os", "one": "x", "other": "y", "cause": None}],
        "layers": [{"layer": 0, "text": "t", "cause": {"title": "the time", "mend": "write less"}, "step": None}],
        "files": [
            {
                "path": "/a",
                "layer": 2,
                "changes": [{"name": "bytes", "one": "sha256:1", "other": "sha256:2"}],
                "first_byte": {"offset": 1, "before": 1, "one": "0061", "other": "0062"},
                "cause": {"title": "the time", "mend": "write less"},
                "step": {"file": "Dockerfile", "line": 3, "text": "RUN date"},
            }
        ],
        "suspects": [
            {
                "path": "/b",
                "layer": 1,
                "text": "2026-11-29",
                "step": {"file": "Dockerfile", "line": 3, "text": "RUN date"},
            }
        ],
    }
