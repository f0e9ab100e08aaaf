"""`Values`, what a command line gave, by the names of its flags."""

from __future__ import annotations

from collections.abc import Mapping

from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Values:
    """The values of flags by name, each read as what it is."""

    given: Mapping[str, object]

    def text(self, name: str) -> str | None:
        value = self.given[name]
        assert value is None or isinstance(value, str)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.given[name]
        assert isinstance(value, tuple)
        return tuple(str(item) for item in value)

    def flag(self, name: str) -> bool:
        return self.given[name] is True

    def choice(self, name: str) -> bool | None:
        """What a flag of two words says; None where neither was given."""
        value = self.given[name]
        assert value is None or isinstance(value, bool)
        return value

    def number(self, name: str) -> int:
        """0 where it was not given."""
        value = self.given[name]
        assert value is None or isinstance(value, int)
        return value or 0
