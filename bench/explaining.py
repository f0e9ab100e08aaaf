"""Stagemill as its users run it, or less what it writes down of a build so that it can be explained, for `explain.py`."""

from __future__ import annotations

import sys


def without_explaining() -> None:
    """From now on this process writes nothing down of a build but what the build itself needs."""
    from stagemill.cli.journal.journal import Journal  # noqa: PLC0415  only then
    from stagemill.store.records import Records  # noqa: PLC0415

    Journal.__call__ = lambda self, event: self._listener(event)  # type: ignore[method-assign]
    Journal.close = lambda *_: None  # type: ignore[method-assign]
    Records.note = lambda *_: None  # type: ignore[method-assign]


def run(way: str, scenario: str, arguments: list[str]) -> None:
    """The program as its users run it, less what is written down where that is asked for."""
    from stagemill.cli.main import main  # noqa: PLC0415  what begins first is measured

    if way == "off" and scenario != "warm":  # a receipt of a build that was not written down is not written down either
        without_explaining()
    sys.argv = ["stagemill", *arguments]
    main()


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], sys.argv[3:])
