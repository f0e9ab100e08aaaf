"""`Palette`: the colours of the live tree, and what `BUILDKIT_COLORS` makes of them. Source: BuildKit, util/progress/progressui/colors.go."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stagemill.values import dataclass

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_ROLES = {"run": ("green", "cyan"), "cancel": ("yellow",), "error": ("red",), "warning": ("warning",)}
_PLAIN = {"bold": "1", "dim": "2"}
_HINT = f"write ROLE=COLOUR, …: roles are {', '.join(_ROLES)}, a colour is {', '.join(_NAMES)}, light-… or R,G,B"


@dataclass(frozen=True, slots=True)
class Colour:
    """`code` is the parameter of ECMA-48's SGR, `name` what rich calls it."""

    code: str
    name: str


def _named(name: str) -> Colour | None:
    base = name.removeprefix("light-")
    if base not in _NAMES:
        return None
    bright = base != name
    return Colour(str((90 if bright else 30) + _NAMES.index(base)), f"bright_{base}" if bright else base)


def _mixed(text: str) -> Colour | None:
    match = re.fullmatch(r"([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3})", text)
    if not match or any(int(part) > 255 for part in match.groups()):
        return None
    red, green, blue = map(int, match.groups())
    return Colour(f"38;2;{red};{green};{blue}", f"rgb({red},{green},{blue})")


@dataclass(frozen=True, slots=True)
class Palette:
    """`colours` by the styles of the tree; `mistakes` are what to say of a wish that nobody understands."""

    colours: Mapping[str, Colour]
    coloured: bool = True
    mistakes: tuple[str, ...] = ()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Palette:
        """`NO_COLOR` wins; of `BUILDKIT_COLORS=run=green:error=255,0,0` every part that is right counts."""
        found = {name: colour for name in _NAMES if (colour := _named(name))}
        mistakes = []
        for part in filter(None, environ.get("BUILDKIT_COLORS", "").split(":")):
            role, _, text = part.strip().lower().partition("=")
            colour = _named(text) or _mixed(text)
            if colour is None or role not in _ROLES:
                mistakes.append(f"BUILDKIT_COLORS: {part!r} is left out\nhint: {_HINT}")
                continue
            found |= dict.fromkeys(_ROLES[role], colour)
        return cls(found, coloured=not environ.get("NO_COLOR"), mistakes=tuple(mistakes))

    def sgr(self, text: str, style: str) -> str:
        """Text between the codes of ECMA-48 (8.3.117) for its style; without colours, or such a style, as it is."""
        colour = self.colours.get(style)
        code = colour.code if colour else _PLAIN.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if self.coloured and code and text else text

    def rich(self, style: str) -> str:
        """What rich calls the style; it leaves colours out by itself."""
        colour = self.colours.get(style)
        return colour.name if colour else style if style in _PLAIN else ""
