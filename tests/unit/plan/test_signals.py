"""Which words STOPSIGNAL takes."""

from __future__ import annotations

import pytest

from stagemill.plan.signals import is_signal


@pytest.mark.parametrize(
    "text", ["SIGTERM", "TERM", "sigterm", "9", "09", "64", "SIGRTMIN", "RTMIN+15", "SIGRTMAX-14", "SIGWINCH"]
)
def test_names_and_numbers_of_linux_are_signals(text: str) -> None:
    assert is_signal(text)


@pytest.mark.parametrize(
    "text", ["", "0", "65", "-1", "SIG", "SIGSIGTERM", "SIGNOPE", "RTMIN+16", "RTMAX-15", "9 ", "٩"]
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_signal(text)
