"""`CopyArchive`: an archive is copied and unpacked by a RUN, so that the image holds it twice."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "CopyArchive"


@pytest.mark.parametrize(
    "run", ["tar xzf /x/a.tgz", "cd /x && tar -xf a.tgz && rm a.tgz", "tar --extract --file a.tgz"]
)
def test_an_archive_that_a_run_unpacks_is_found_at_its_copy(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nCOPY b dir/a.tgz /x/\nRUN {run}\n") == [2]


@pytest.mark.parametrize(
    "text",
    [
        "COPY a.tgz /x/\nRUN tar czf a.tgz b",
        "COPY a.txt /x/\nRUN tar xf a.txt",
        "ADD a.tgz /x",
        "COPY a.tgz /x/\nRUN tar xf b.tgz",
        "COPY --from=y a.tgz /\nRUN tar xf a.tgz",
    ],
)
def test_what_is_packed_added_or_of_another_stage_is_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []


def test_a_build_stage_may_hold_it_twice() -> None:
    assert lines_found(RULE, "FROM x AS a\nCOPY a.tgz /\nRUN tar xf a.tgz\nFROM y\nCOPY --from=a /b /\n") == []


def test_an_archive_that_gets_another_name_is_followed() -> None:
    assert lines_found(RULE, "FROM x\nCOPY a.tgz /b.tgz\nRUN tar xf /b.tgz\n") == [2]
    assert lines_found(RULE, "FROM x\nCOPY a.tgz /b.tgz\nRUN tar xf /a.tgz\n") == []


def test_it_says_where_it_is_unpacked() -> None:
    (found,) = findings(RULE, "FROM x\nCOPY a.tgz /\nRUN b\nRUN tar xf /a.tgz\n")

    assert found.message == "a.tgz is in this layer, and what is in it once more in that of line 4"
