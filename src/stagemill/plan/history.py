"""The words of an image's history, as BuildKit has them, since other tools read them; it prints values as Go does.

Source: BuildKit, frontend/dockerfile/dockerfile2llb/convert.go and convert_copy.go; Go, strconv.Quote and time.Duration.
"""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.oci.config import Healthcheck
from stagemill.plan.scope import Scope

_MILLISECOND = 10**6
_SECOND = 10**9
_ESCAPES = {
    '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


def run(args: Iterable[str], scope: Scope) -> str:
    """`RUN |1 A=b /bin/sh -c make # buildkit`: the arguments that ARG declared stand before the command."""
    declared = [f"{name}={scope.values.get(name, '')}" for name in scope.args]
    counted = [f"|{len(declared)}", *declared] if declared else []
    return " ".join(["RUN", *counted, *args, "# buildkit"])


def listed(keyword: str, args: Iterable[str]) -> str:
    """`CMD ["node" "server.js"]`."""
    return f"{keyword} [{' '.join(map(_quoted, args))}]"


def healthcheck(check: Healthcheck) -> str:
    fields = {
        "Test": f"[{' '.join(check.test)}]",
        "Interval": duration(check.interval),
        "Timeout": duration(check.timeout),
        "StartPeriod": duration(check.start_period),
        "StartInterval": duration(check.start_interval),
        "Retries": str(check.retries),
    }
    return f"HEALTHCHECK {{{' '.join(f'{name}:{value}' for name, value in fields.items())}}}"


def duration(nanoseconds: int) -> str:
    """`1h0m30s`, `1.5s` or `250ms`; 0 is `0s`. Whole milliseconds and more only."""
    if 0 < nanoseconds < _SECOND:
        return f"{_decimal(nanoseconds, _MILLISECOND)}ms"
    minutes, rest = divmod(nanoseconds, 60 * _SECOND)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_decimal(rest, _SECOND)}s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    fraction = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    code = ord(char)
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # a byte that is no UTF-8
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
