"""Tables and sizes for people, without a library: columns as wide as what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

_UNITS = ("kB", "MB", "GB", "TB")


def size(count: int) -> str:
    """Bytes in decimal units, three digits at least: 412 MB, 1.23 GB, 0 B."""
    value = float(count)
    unit = "B"
    for larger in _UNITS:
        if abs(value) < 999.5:
            break
        value, unit = value / 1000, larger
    if unit == "B":
        return f"{count} B"
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{digits}f} {unit}"


def tight(count: int) -> str:
    """The same as docker writes it, without a space and without zeros at the end: 412MB, 1.2GB, 0B."""
    number, unit = size(count).split()
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number}{unit}"


# From how many hours on a unit is too small, how many it has, and its name. Source: docker/go-units, HumanDuration.
_LONG = ((48, 1, "hour"), (24 * 14, 24, "day"), (24 * 60, 24 * 7, "week"), (24 * 730, 24 * 30, "month"))


def age(then: float, now: float) -> str:
    """How long ago, in docker's words: `3 minutes ago`, `About an hour ago`."""
    seconds = max(0, int(now - then))
    minutes, hours = seconds // 60, (seconds + 1800) // 3600
    if seconds < 60:
        text = _counted(seconds, "second") if seconds else "Less than a second"
    elif minutes < 60:
        text = _counted(minutes, "minute") if minutes > 1 else "About a minute"
    elif hours == 1:
        text = "About an hour"
    else:
        length, name = next(((length, name) for most, length, name in _LONG if hours < most), (24 * 365, "year"))
        text = _counted(hours // length, name)
    return f"{text} ago"


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def timestamp(text: str) -> float | None:
    """Seconds since the epoch of an RFC 3339 time, or None."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def render(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Lines with the columns under their heads; those named in `right` (by number) are flush right."""
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [
            cell.rjust(w) if n in right else cell.ljust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("   ".join(cells).rstrip())
    return "\n".join(lines)
