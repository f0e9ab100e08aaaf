"""What package managers are told to install."""

from __future__ import annotations

import pytest

from fakes.linting import lint_file
from stagemill.lint import managers
from stagemill.lint.ran import ran


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("apt-get -o A=b install -y -t sid a b", ("apt", ["a", "b"])),
        ("sudo apt install a", ("apt", ["a"])),
        ("apk --no-cache add -t .deps a", ("apk", ["a"])),
        ("microdnf install a", ("dnf", ["a"])),
        ("zypper -n in a", ("zypper", ["a"])),
        ("python3.13 -m pip install -r x a", ("pip", ["a"])),
        ("pip3.12 install --index-url https://x a", ("pip", ["a"])),
        ("npm i -g a", ("npm", ["a"])),
        ("go install -ldflags -s a.b/c@v1", ("go", ["a.b/c@v1"])),
        ("gem install -v 1 a", ("gem", ["a"])),
        ("gem install a b -- --with-x y", ("gem", ["a", "b"])),
    ],
)  # fmt: skip
def test_an_install_names_its_packages(run: str, expected: tuple[str, list[str]]) -> None:
    (found,) = managers.installs(lint_file(f"FROM x\nRUN {run}\n"))

    assert (found.manager, [word.text for word in found.packages]) == expected


@pytest.mark.parametrize(
    "run", ["apt-get update", "npm ci", "python -m venv a", "go build", "echo pip install a", "apk del a"]
)
def test_other_commands_install_nothing(run: str) -> None:
    assert list(managers.installs(lint_file(f"FROM x\nRUN {run}\n"))) == []


def test_options_are_seen_alone_with_a_value_and_among_letters() -> None:
    (command,) = ran(lint_file("FROM x\nRUN a -xyz --long=1 -short word\n"))

    assert [command.has(option) for option in ("-y", "--long", "-short", "-q", "--lon")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_the_places_of_words_in_json_are_not_for_insertions() -> None:
    (shell,) = ran(lint_file("FROM x\nRUN a b\n"))
    (json,) = ran(lint_file('FROM x\nRUN ["a", "b"]\n'))

    edit = shell.insertion(shell.words[0], "c")
    assert edit
    assert (edit.span.column, edit.text) == (8, " c")
    assert json.insertion(json.words[0], "c") is None


def test_only_the_same_run_can_take_packages_out_again() -> None:
    first, second = managers.installs(lint_file("FROM x\nRUN apk add a && apk del a\nRUN apk add b\nRUN apk del b\n"))

    assert (managers.removes(first), managers.removes(second)) == (True, False)
