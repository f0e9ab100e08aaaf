"""`RootUser`: a USER that makes an image run as root again."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "RootUser"


@pytest.mark.parametrize("user", ["root", "0", "0:0", "root:staff", '"root"'])
def test_an_image_that_ends_as_root_is_found(user: str) -> None:
    assert lines_found(RULE, f"FROM x\nUSER app\nUSER {user}\n") == [3]


def test_only_the_last_user_of_what_can_be_a_target_counts() -> None:
    text = (
        "FROM x AS build\nUSER root\nFROM y AS test\nUSER root\nFROM y\nCOPY --from=build /a /a\nUSER root\nUSER app\n"
    )

    assert lines_found(RULE, text) == [4]


def test_a_user_counts_for_the_stages_that_begin_from_its_stage() -> None:
    text = "FROM x AS base\nUSER root\nFROM base AS a\nFROM base AS b\nUSER app\n"

    assert lines_found(RULE, text) == [2]
    assert findings(RULE, text)[0].message == "`a` ends as root, so its program may do everything in the container"


@pytest.mark.parametrize("text", ["FROM x", "FROM x\nUSER 1000", "FROM x\nUSER $USER", "FROM x\nUSER roots"])
def test_other_users_and_none_are_fine(text: str) -> None:
    assert lines_found(RULE, text + "\n") == []
