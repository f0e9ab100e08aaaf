"""`DebianFrontendEnv`: an ENV that tells apt not to ask, also whoever works in the container later."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found, unsafely_mended

RULE = "DebianFrontendEnv"


def test_the_setting_is_found_in_the_image_only() -> None:
    text = "FROM x AS a\nENV DEBIAN_FRONTEND=noninteractive\nFROM y\nENV A=b DEBIAN_FRONTEND='noninteractive'\n"

    assert lines_found(RULE, text) == [4]


@pytest.mark.parametrize(
    "text",
    [
        "ARG DEBIAN_FRONTEND=noninteractive",
        "ENV DEBIAN_FRONTEND=noninteractive\nENV DEBIAN_FRONTEND=",
        "ENV DEBIAN_FRONTEND=dialog",
        "RUN DEBIAN_FRONTEND=noninteractive a",
    ],
)
def test_what_is_gone_in_the_image_is_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []


def test_the_fix_makes_it_an_argument() -> None:
    text = "FROM x\nENV DEBIAN_FRONTEND=noninteractive\n"

    assert unsafely_mended(RULE, text) == "FROM x\nARG DEBIAN_FRONTEND=noninteractive\n"
