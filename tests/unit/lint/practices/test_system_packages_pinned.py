"""`SystemPackagesPinned`: packages of the system without a version, in the image."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "SystemPackagesPinned"
WANTED = "# check=experimental=SystemPackagesPinned\n"


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("apt-get install -y a b=1", "DL3008"), ("apk add --no-cache -t .deps a", "DL3018"), ("yum install -y a", "DL3033"),
        ("dnf install -y a", "DL3041"), ("microdnf install a", "DL3041"), ("zypper -n in a", "DL3037"), ("dnf module install -y a", "DL3041"),
    ],
)  # fmt: skip
def test_a_package_without_a_version_is_found(command: str, number: str) -> None:
    (found,) = findings(RULE, WANTED + f"FROM x\nRUN {command}\n")

    assert found.message == "any version of a may come"
    assert found.alias == number


@pytest.mark.parametrize(
    "command",
    [
        "apt-get install a=1 ./b.deb c/stable $D", "apk add a=1 'b>2' c~3", "yum install a-1.2 @group /tmp/x.rpm",
        "zypper in a=1", "apt-get update", "apt-get -t sid install a=1", "apk add --virtual .deps a=1 b=2",
    ],
)  # fmt: skip
def test_versions_files_and_variables_are_fine(command: str) -> None:
    assert lines_found(RULE, WANTED + f"FROM x\nRUN {command}\n") == []


def test_a_build_stage_is_not_looked_at() -> None:
    assert lines_found(RULE, WANTED + "FROM x AS a\nRUN apk add b\nFROM y\nCOPY --from=a /b /b\n") == []


def test_a_number_leaves_out_one_manager_only() -> None:
    text = WANTED + "# hadolint global ignore=DL3008\nFROM x\nRUN apt-get install a\nRUN apk add a\n"

    assert lines_found(RULE, text) == [5]


def test_it_is_asked_only_where_it_is_wanted() -> None:
    assert lines_found(RULE, "FROM x\nRUN apk add a\n") == []
