"""`DistributionUpgrade`: a step upgrades the whole distribution to another release of it."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "DistributionUpgrade"


@pytest.mark.parametrize(
    "run", ["apt-get -y dist-upgrade", "zypper -n dup", "zypper dist-upgrade", "apt full-upgrade", "dnf distro-sync -y"]
)
def test_an_upgrade_of_all_is_found(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN a && {run}\n") == [2]


@pytest.mark.parametrize(
    "run", ["apt-get upgrade -y", "zypper up a", "dnf upgrade", "apk upgrade", "echo dist-upgrade"]
)
def test_an_upgrade_of_packages_is_fine(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == []


def test_the_number_is_that_of_the_manager() -> None:
    assert [f.alias for f in findings(RULE, "FROM x\nRUN zypper dup && apt-get dist-upgrade\n")] == ["DL3035", "DL3005"]
