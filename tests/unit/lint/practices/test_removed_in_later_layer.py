"""`RemovedInLaterLayer`: a RUN removes what a COPY or ADD brought, which stays in the image all the same."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "RemovedInLaterLayer"


@pytest.mark.parametrize(
    "text",
    [
        "COPY a /t/a\nRUN b && rm -f /t/a",
        "COPY a b /t/\nRUN rm /t/b",
        "WORKDIR /t\nADD a .\nRUN rm a",
        "ADD https://x/a.tgz /t/\nRUN rm -rf /t/a.tgz",
    ],
)
def test_what_is_removed_a_layer_later_is_found_at_the_rm(text: str) -> None:
    (found,) = findings(RULE, f"FROM x\n{text}\n")

    assert "stays in the image: line" in found.message
    assert found.span.line == len(text.split("\n")) + 1


@pytest.mark.parametrize(
    "text",
    [
        "RUN rm /t/a",
        "COPY a /t/a\nRUN rm /t/b",
        "COPY . /t\nRUN rm -rf /t/x",
        "COPY a /t/a\nRUN cd /u && rm a",
        "COPY a /t/a\nRUN rm $X",
    ],
)
def test_other_files_are_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []


def test_a_build_stage_may_do_so() -> None:
    assert lines_found(RULE, "FROM x AS a\nCOPY a /a\nRUN rm /a\nFROM y\nCOPY --from=a /b /b\n") == []
