"""What a file of one stage says of its project."""

from __future__ import annotations

import pytest

from fakes.splitting import facts_of, refusal
from stagemill.split.facts import Facts

GO = 'FROM golang:1.23\nWORKDIR /src\nCOPY . .\nRUN cd cmd && go build -o /app .\nCMD ["/app"]\n'


def test_a_command_runs_where_cd_has_led() -> None:
    ran = facts_of(GO).commands[-1]

    assert (ran.program, ran.directory, ran.line) == ("go", "/src/cmd", 4)
    assert ran.option("-o", "--output") == "/app"


def test_a_well_known_base_has_a_directory_of_its_own() -> None:
    assert facts_of("FROM golang:1.23\nRUN go build\nCMD ./x\n").workdir == "/go"
    assert facts_of("FROM debian\nRUN true\nCMD ./x\n").workdir == "/"


def test_names_are_copied_from_the_top_of_the_context() -> None:
    files = {"package.json": "", "package-lock.json": "", "src/a.js": "", "docs/x": ""}
    text = "FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nCOPY src ./src\nRUN true\nCMD node a.js\n"

    assert facts_of(text, files).copied_names() == ("package-lock.json", "package.json", "src")
    assert facts_of(GO, files).copied_names() == ("docs", "package-lock.json", "package.json", "src")


def test_from_may_name_an_argument() -> None:
    text = "ARG TAG=22\nFROM node:$TAG\nRUN true\nCMD node a.js\n"

    assert facts_of(text).base == "node:22"
    assert facts_of(text, TAG="20").base == "node:20"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("FROM a AS b\nRUN x\nFROM b\nCMD y\n", "it has 2 stages already", "stagemill size shows"),
        ('FROM scratch\nCOPY a /\nCMD ["/a"]\n', "it begins from scratch", "nothing to leave out"),
        ("FROM debian\nONBUILD RUN x\nRUN y\nCMD z\n", "it has ONBUILD", "split what begins from it"),
        ("FROM debian\nCOPY a /\nCMD /a\n", "it has no RUN", "nothing to leave out"),
        ("ARG BASE\nFROM $BASE\nRUN x\nCMD y\n", "what FROM names is not known", "--build-arg NAME=VALUE"),
        ("FROM debian\nRUN x\n", "neither CMD nor ENTRYPOINT says what the image runs", "end the file with CMD"),
    ],
)  # fmt: skip
def test_what_cannot_be_split_is_refused_with_its_reason(text: str, message: str, hint: str) -> None:
    said, proposed = refusal(text)

    assert f"cannot split it: {message}" in said
    assert hint in proposed


def test_a_file_of_the_context_is_read_where_it_is_small() -> None:
    facts = facts_of(GO, {"a": "text", "large": "x" * (1 << 20) + "x"})

    assert (facts.read("a"), facts.read("large"), facts.read("none")) == ("text", "", "")
    assert isinstance(facts, Facts)
    assert facts.at_top("none", "a") == "a"


def test_what_is_copied_elsewhere_is_told_by_its_place() -> None:
    text = "FROM debian\nWORKDIR /app\nCOPY a.sh /usr/local/bin/\nCOPY conf /etc/app\nADD b.txt /srv/c.txt\nCOPY a.sh .\nRUN x\nCMD y\n"

    assert facts_of(text, {"a.sh": "", "conf/d": "", "b.txt": ""}).copied_elsewhere() == (
        ("/etc/app", True),
        ("/srv/c.txt", False),
        ("/usr/local/bin/a.sh", False),
    )
