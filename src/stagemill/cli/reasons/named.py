"""`named`: what a build is called where it is told of; apart, so that a build from the cache loads no more than that."""

from __future__ import annotations

from stagemill.cli.frame import table

NOTHING = "nothing ran, all was cached"


def named(number: int, title: str, begun: float, *, now: float) -> str:
    """`build 12 of web, 3 minutes ago`."""
    return f"build {number} of {title}, {table.age(begun, now).lower()}"
