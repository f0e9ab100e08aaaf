from __future__ import annotations

from stagemill.dockerfile.suggest import nearest


def test_a_near_name_is_found_in_any_case() -> None:
    assert nearest("fntrypoint", ["RUN", "ENTRYPOINT"]) == "ENTRYPOINT"


def test_a_far_name_is_none() -> None:
    assert nearest("abc", ["RUN", "ENTRYPOINT"]) is None


def test_an_endless_word_is_not_compared() -> None:
    assert nearest("RUN" * 100_000, ["RUN"]) is None
