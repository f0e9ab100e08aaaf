"""`regex`: a regular expression that is compiled when it is first used.

The modules that a build loads have a hundred of them, of which it uses a few; to compile all takes longer than the rest of a small build.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

T = TypeVar("T", str, bytes)

if TYPE_CHECKING:

    def regex(pattern: T, flags: int = 0) -> re.Pattern[T]: ...

else:

    class regex:  # noqa: N801  it is called as re.compile is
        """What `re.compile` gives, later; mistakes in the pattern are found then, too."""

        def __init__(self, pattern: str | bytes, flags: int = 0) -> None:
            self.pattern = pattern
            self._flags = flags

        def __getattr__(self, name: str) -> object:
            """A method or attribute of the pattern, which is kept: the next time nobody asks here."""
            compiled = re.compile(self.pattern, self._flags)
            for each in (
                "match",
                "fullmatch",
                "search",
                "sub",
                "subn",
                "split",
                "findall",
                "finditer",
                "flags",
                "groups",
                "groupindex",
            ):
                setattr(self, each, getattr(compiled, each))
            return getattr(compiled, name)
