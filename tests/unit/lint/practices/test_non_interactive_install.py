"""`NonInteractiveInstall`: a package manager that would ask whether to go on, where nobody can answer."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, mended

RULE = "NonInteractiveInstall"


@pytest.mark.parametrize(
    "command",
    [
        "apt-get install curl",
        "apt-get -q install a b",
        "yum install a",
        "dnf install a",
        "zypper install a",
        "sudo apt-get upgrade",
    ],
)
def test_a_call_that_asks_is_found(command: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN a && {command}\n") == [2]


@pytest.mark.parametrize(
    "command",
    [
        "apt-get install -y curl", "apt-get install -q -q a", "apt-get -y install curl", "apt-get install -qqy a", "apt-get -qq install a",
        "yes | apt-get install a", "apt-get update", "yum -y install a", "zypper -n in a", "zypper --non-interactive in a",
        "zypper in --no-confirm a", "apt-get install --quiet --quiet a", "apt-get install -q --quiet a",
        "apt-get install $APT_OPTIONS a", "apk add a", "echo apt-get install a", "yum clean all", "dnf install --assumeyes a", "microdnf install a",
    ],
)  # fmt: skip
def test_a_call_that_does_not_ask_is_fine(command: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {command}\n") == []


def test_the_fix_puts_the_switch_where_it_belongs() -> None:
    assert mended(RULE, "FROM x\nRUN apt-get -q install \\\n    a\n") == "FROM x\nRUN apt-get -q install -y \\\n    a\n"
    assert mended(RULE, "FROM x\nRUN zypper in a\n") == "FROM x\nRUN zypper -n in a\n"


def test_a_call_in_json_form_has_no_fix() -> None:
    assert [found.fix for found in findings(RULE, 'FROM x\nRUN ["apt-get", "install", "a"]\n')] == [None]
