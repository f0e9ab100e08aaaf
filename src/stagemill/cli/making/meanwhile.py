"""`load_the_rest`: for the time in which the first process of a build runs, and this one would only wait for it."""

from __future__ import annotations

from importlib import import_module

AFTER_THE_LAST_STEP = (
    "stagemill.layer.pack",
    "stagemill.export.local",
    "stagemill.export.oci",
    "stagemill.export.docker",
    "stagemill.cli.journal.account",
    "stagemill.cli.journal.document",
)


def load_the_rest() -> None:
    """Modules that most builds load after their last step, if they did not have them by then."""
    for name in AFTER_THE_LAST_STEP:
        import_module(name)
