"""What BuildKit took, and what stagemill is to take of that: seconds and ratios of issue 6, measured once on this kind of machine.

A run that has BuildKit in it is compared with its own figures; the seconds here stand in where there is none on PATH.
"""

from __future__ import annotations

from dataclasses import dataclass

PEER = "buildkit"
MEAN = 0.4
"""The geometric mean of all ratios to BuildKit that is wanted; none of them shall be above 1."""
MEMORY = 1.0
SIZE = 1.1


@dataclass(frozen=True, slots=True)
class Aim:
    """`seconds` that BuildKit took on the clock, and the `ratio` to them that is wanted at most."""

    seconds: float
    ratio: float


def _aims(row: str, seconds: str, ratios: str) -> dict[tuple[str, str], Aim]:
    pairs = zip(seconds.split(), ratios.split(), strict=True)
    scenarios = ("cold", "warm", "edit")
    return {(row, scenario): Aim(float(one), float(other)) for scenario, (one, other) in zip(scenarios, pairs)}  # noqa: B905


ALL: dict[tuple[str, str], Aim] = {
    **_aims("hello", "0.24 0.07 0.15", "0.8 1.0 1.0"),
    **_aims("node", "30.9 0.41 1.31", "0.8 0.4 0.6"),
    **_aims("parallel", "3.18 0.07", "0.8 1.0"),
    **_aims("bigctx", "31.3 1.77 20.1", "0.2 0.3 0.1"),
    **_aims("deep", "2.22 0.13 1.16", "0.5 1.0 0.5"),
    **_aims("go", "27.6 0.10 0.58", "0.95 1.0 0.7"),
    **_aims("bigfile", "23.5 2.46", "0.3 0.3"),
    **_aims("bigfile+zstd", "16.7 3.48", "0.3 0.3"),
    **_aims("pull", "7.36 1.87 1.17", "0.7 0.3 0.6"),
}
