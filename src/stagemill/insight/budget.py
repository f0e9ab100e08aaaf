"""`Budget`: how large an image and its stages may be, how much of it waste, how much it may grow; and what of that holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Self

from stagemill.values import dataclass

_AMOUNT = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3}))? ?(?:([kmgt])(i?)b?|b)?", re.IGNORECASE)
_PERCENT = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,3}))? ?%")


def amount(text: str) -> int:
    """Bytes of `120MB`, `1.5GB` or `100MiB`: units of 1000, as sizes are shown, and with an `i` of 1024. Raises ValueError."""
    match = _AMOUNT.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no size")
    whole, fraction, unit, binary = match.groups()
    factor: int = (1024 if binary else 1000) ** ("kmgt".index(unit.lower()) + 1 if unit else 0)
    return int(f"{whole}{(fraction or '').ljust(3, '0')}") * factor // 1000


@dataclass(frozen=True, slots=True)
class Share:
    """So many bytes, or so many thousandths of a percent of something."""

    bytes: int = 0
    thousandths: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """`5MB` or `2.5%`. Raises ValueError."""
        match = _PERCENT.fullmatch(text.strip())
        return cls(0, int(match[1] + (match[2] or "").ljust(3, "0"))) if match else cls(amount(text))

    def of(self, whole: int) -> int:
        """In bytes, rounded down."""
        return self.bytes if self.thousandths is None else whole * self.thousandths // 100_000


@dataclass(frozen=True, slots=True)
class Budget:
    """`size`, `growth` and `waste` are of what is pulled; `stages` say for titles of stages, in lower case, what their files may take on disk.

    `against` is the image that growth is measured from, empty where that is the one of the same name.
    """

    size: int | None = None
    growth: Share | None = None
    waste: Share | None = None
    stages: Mapping[str, int] = field(default_factory=dict, hash=False)
    against: str = ""

    def __bool__(self) -> bool:
        return bool(self.stages) or any(each is not None for each in (self.size, self.growth, self.waste))

    def over(self, other: Budget) -> Budget:
        """This one, and what it does not say as another one has it."""
        return Budget(
            other.size if self.size is None else self.size,
            other.growth if self.growth is None else self.growth,
            other.waste if self.waste is None else self.waste,
            {**other.stages, **self.stages},
            self.against or other.against,
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of what has a budget; `before` is the size of the image that it is compared with."""

    size: int
    waste: int | None = None
    before: int | None = None
    stages: Mapping[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Held:
    """One line of a budget: what it is of, how much there is, how much there may be."""

    what: str
    found: int
    most: int

    @property
    def holds(self) -> bool:
        return self.found <= self.most


def held(budget: Budget, figures: Figures) -> Iterator[Held]:
    """The lines of a budget of which the figures are known."""
    if budget.size is not None:
        yield Held("size", figures.size, budget.size)
    if budget.growth is not None and figures.before is not None:
        yield Held("growth", figures.size - figures.before, budget.growth.of(figures.before))
    if budget.waste is not None and figures.waste is not None:
        yield Held("waste", figures.waste, budget.waste.of(figures.size))
    found = {title.lower(): size for title, size in figures.stages.items()}
    for title, most in sorted(budget.stages.items()):
        if title in found:
            yield Held(f"stage {title}", found[title], most)
