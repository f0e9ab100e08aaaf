"""Flags of docker run that there are not; each is tried in `test_run.py`."""

from __future__ import annotations

from stagemill.cli.container.options import run_options
from stagemill.cli.container.refusals import REFUSED


def test_none_of_them_hides_a_flag_that_there_is() -> None:
    refused = {flag for refusal in REFUSED for flag in refusal.flags}

    assert refused & {name for option in run_options() for name in option.opts} == set()


def test_each_has_a_reason_and_a_way_out() -> None:
    assert [refusal.flags for refusal in REFUSED if not refusal.why or not refusal.hint] == []
