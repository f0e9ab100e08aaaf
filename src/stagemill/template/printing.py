"""`printf`: Go's verbs for texts, numbers and truth values. Source: the documentation of Go's package fmt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stagemill.regex import regex
from stagemill.template.failure import MisuseError
from stagemill.template.values import Value, brief, shown

_VERB = regex(r"%(?P<flags>[-+# 0]*)(?P<width>\d*)(?P<dot>\.(?P<precision>\d*))?(?P<verb>.?)", re.DOTALL)
_INTEGERS = {"d": "d", "b": "b", "o": "o", "x": "x", "X": "X"}
_VERBS = "%s %v %q %d %t %x %f %e %g %c %%"


def printf(form: str, values: Sequence[Value]) -> str:
    """The text with each verb's value in its place. Raises MisuseError for a verb and a value that do not fit."""
    rest = list(values)

    def filled(match: re.Match[str]) -> str:
        if match["verb"] == "%":
            return "%"
        if not rest:
            raise MisuseError(f"{match[0]} has no value")
        return _padded(_formatted(match, rest.pop(0)), match)

    text = _VERB.sub(filled, form)
    if rest:
        raise MisuseError(f"there are {len(values)} values, and verbs for {len(values) - len(rest)}")
    return text


def _padded(text: str, match: re.Match[str]) -> str:
    width = int(match["width"] or 0)
    if "-" in match["flags"]:
        return text.ljust(width)
    if "0" in match["flags"] and match["verb"] in "dbofegxX":
        sign = text[:1] if text[:1] in {"-", "+"} else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _formatted(match: re.Match[str], value: Value) -> str:
    verb = match["verb"]
    precision = int(match["precision"] or 0) if match["dot"] else None
    match verb:
        case "s" | "v":
            return shown(value)[:precision]
        case "q":
            return _quoted(value, match)
        case "t" if isinstance(value, bool):
            return shown(value)
        case "c" if isinstance(value, int):
            return chr(value)
        case "x" | "X" if isinstance(value, str):
            found = value[:precision].encode().hex()
            return found.upper() if verb == "X" else found
        case _ if verb in _INTEGERS and isinstance(value, int) and not isinstance(value, bool):
            return _signed(format(value, _INTEGERS[verb]), match)
        case "f" | "e" | "g" if isinstance(value, float):
            return _signed(format(value, f".{6 if precision is None else precision}{verb}"), match)
        case _ if verb and f"%{verb}" in _VERBS:
            raise MisuseError(f"%{verb} is not for {brief(value)}")
        case _:
            raise MisuseError(f"there is no verb %{verb}; there are {_VERBS}")


def _signed(text: str, match: re.Match[str]) -> str:
    if text.startswith("-"):
        return text
    return f"+{text}" if "+" in match["flags"] else f" {text}" if " " in match["flags"] else text


def _quoted(value: Value, match: re.Match[str]) -> str:
    """`%q` of a text, of the texts in a list, or of a character's number."""
    match value:
        case str():
            return quote(value)
        case bool() | float() | None:
            raise MisuseError(f"{match[0]} is not for {brief(value)}")
        case int():
            return f"'{chr(value)}'"
        case Sequence():
            return f"[{' '.join(_quoted(item, match) for item in value)}]"
        case _:
            raise MisuseError(f"{match[0]} is not for {brief(value)}")


_SPECIAL = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
}


def quote(text: str) -> str:
    """A text in double quotes, as Go writes it."""
    return f'"{"".join(_SPECIAL.get(sign) or _visible(sign) for sign in text)}"'


def _visible(sign: str) -> str:
    if sign.isprintable():
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
