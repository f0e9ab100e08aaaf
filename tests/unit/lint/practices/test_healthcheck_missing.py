"""`HealthcheckMissing`: an image that runs something, and says nothing of how to tell whether it is well."""

from __future__ import annotations

from fakes.linting import lines_found

RULE = "HealthcheckMissing"


WANTED = "# check=experimental=HealthcheckMissing\n"


def test_an_image_that_runs_something_without_one_is_found() -> None:
    assert lines_found(RULE, WANTED + 'FROM x AS build\nRUN a\nFROM y\nCOPY --from=build /a /a\nCMD ["a"]\n') == [4]


def test_one_of_the_stage_it_begins_from_counts_and_a_file_without_a_program_is_fine() -> None:
    assert lines_found(RULE, WANTED + "FROM x AS a\nHEALTHCHECK CMD b\nFROM a\nCMD c\n") == []
    assert lines_found(RULE, WANTED + "FROM x\nRUN a\n") == []
    assert lines_found(RULE, WANTED + "FROM x\nHEALTHCHECK NONE\nCMD a\n") == []
