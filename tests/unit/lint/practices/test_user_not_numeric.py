"""`UserNotNumeric`: an image ends as a user by name, which those who start it cannot tell from root."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "UserNotNumeric"


def test_a_name_is_found_where_an_image_ends_with_it() -> None:
    text = "# check=experimental=all\nFROM x AS a\nUSER one\nFROM a\nUSER two:three\n"

    assert lines_found(RULE, text) == [5]
    assert findings(RULE, text)[0].message == "nobody outside of the image knows which number two has"


@pytest.mark.parametrize("user", ["1000", "1000:app", "$USER", "root"])
def test_numbers_variables_and_root_are_fine(user: str) -> None:
    assert lines_found(RULE, f"# check=experimental=all\nFROM x\nUSER {user}\n") == []


def test_it_is_asked_only_where_it_is_wanted() -> None:
    assert lines_found(RULE, "FROM x\nUSER app\n") == []
