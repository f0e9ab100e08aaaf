"""`NoInstallRecommends`: apt-get brings recommended packages into the image."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, unsafely_mended

RULE = "NoInstallRecommends"


@pytest.mark.parametrize("command", ["apt-get install -y a", "apt install a", "apt-get update; apt-get -y install a b"])
def test_an_install_with_them_is_found_in_the_image(command: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {command}\n") == [2]


def test_a_build_stage_may_have_them() -> None:
    text = "FROM x AS build\nRUN apt-get install -y gcc\nFROM y\nCOPY --from=build /a /a\n"

    assert lines_found(RULE, text) == []
    assert lines_found(RULE, text + "FROM build\n") == [2]


@pytest.mark.parametrize(
    "command",
    [
        "apt-get install --no-install-recommends a", "apt-get install $OPTIONS a", "apt-get install -f", "apk add a",
        "echo 'APT::Install-Recommends 0;' > /etc/apt/apt.conf.d/x && apt-get install a",
        "apt-get -o APT::Install-Recommends=false install a",
    ],
)  # fmt: skip
def test_without_them_it_is_fine(command: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {command}\n") == []


def test_the_fix_is_made_only_where_it_is_wanted() -> None:
    text = "FROM x\nRUN apt-get install a\n"

    assert [found.fix and found.fix.safe for found in findings(RULE, text)] == [False]
    assert unsafely_mended(RULE, text) == "FROM x\nRUN apt-get install --no-install-recommends a\n"
