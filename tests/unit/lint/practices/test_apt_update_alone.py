"""`AptUpdateAlone`: `apt-get update` in a RUN of its own, so that its cached lists grow old under the installs."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "AptUpdateAlone"


def test_an_update_apart_from_the_install_is_found() -> None:
    text = "FROM x\nRUN apt-get -q update\nRUN a\nRUN apt-get install -y b\n"

    assert lines_found(RULE, text) == [2]
    assert findings(RULE, text)[0].message.startswith("this is cached for long, and `apt-get` in line 4 then looks")


@pytest.mark.parametrize(
    "text",
    [
        "RUN apt-get update && apt-get install a", "RUN apt-get update", "RUN apt-get install a",
        "RUN apt-get update\nRUN apt-get update && apt-get install a", "RUN apt-get update\nFROM y\nRUN apt-get install a",
        "RUN <<EOF\napt-get update\napt-get install a\nEOF",
    ],
)  # fmt: skip
def test_one_run_for_both_is_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []
