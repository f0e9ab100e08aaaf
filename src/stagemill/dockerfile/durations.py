"""Durations as Go writes them: `1h30m`, `1.5s`, `250ms`.

Source: Go, time.ParseDuration.
"""

from __future__ import annotations

from stagemill.regex import regex

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "\xb5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = regex(r"(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?(ns|us|\xb5s|\u03bcs|ms|s|m|h)")
_DIGITS = 18


def parse(text: str) -> int:
    """Nanoseconds. ValueError where it is no duration, or longer than 292 years."""
    negative = text.startswith("-")
    body = text[1:] if text[:1] in {"+", "-"} else text
    if body == "0":
        return 0
    total = 0
    at = 0
    while at < len(body) or not body:
        match = _PART.match(body, at)
        if match is None or len(match[1].lstrip("0")) > _DIGITS:
            raise ValueError(f"not a duration: {text!r}")
        unit = _UNITS[match[3]]
        fraction = (match[2] or "")[:_DIGITS]
        total += int(match[1] or "0") * unit + int(fraction or "0") * unit // 10 ** len(fraction)
        at = match.end()
    if total >= 1 << 63:
        raise ValueError(f"too long a duration: {text!r}")
    return -total if negative else total
