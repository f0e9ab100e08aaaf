"""`Counts`: the system calls of a command and all its processes, by strace. The machine's speed and load are not in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fakes.mill import Mill

_CALL = re.compile(r"\d+ +(?:<\.\.\. )?([a-z0-9_]+)(\(| resumed)(.*)")
_CHANCE = frozenset(
    [
        "brk",
        "mmap",
        "munmap",
        "mprotect",
        "madvise",
        "mremap",
        "futex",
        "sched_yield",
        "restart_syscall",
        "clock_nanosleep",
        "poll",
        "ppoll",
        "select",
        "epoll_wait",
        "wait4",
        "getrandom",
        "rseq",
        "rt_sigreturn",
    ]
)
"""How often a process asks for memory or waits depends on its luck."""
_OPENS = ("open", "openat", "openat2", "creat")
_STARTS = ("fork", "vfork", "clone", "clone3")


@dataclass(frozen=True, slots=True)
class Counts:
    """`calls` by name, less those that depend on chance; `opened` are files opened, `processes` those started, threads left out."""

    calls: Mapping[str, int]
    opened: int
    processes: int

    @property
    def all(self) -> int:
        return sum(self.calls.values())

    def less(self, other: Counts) -> Counts:
        """What is more than in another."""
        calls = Counter(self.calls)
        calls.subtract(other.calls)
        return Counts(calls, self.opened - other.opened, self.processes - other.processes)


def counted(mill: Mill, log: Path, *arguments: str) -> Counts:
    """Those of a command that must go well."""
    replace(mill, prefix=("strace", "-f", "-qq", "-s", "16", "-o", str(log))).ok(*arguments)
    return parse(log.read_text(errors="replace"))


def parse(text: str) -> Counts:
    """What a log of `strace -f` counts up to. A call that was cut in two by another process's counts once."""
    calls: Counter[str] = Counter()
    opened = processes = 0
    for line in text.splitlines():
        found = _CALL.match(line)
        if found is None:
            continue
        name, sign, rest = found.groups()
        if sign == "(":
            calls[name] += name not in _CHANCE
            processes += name in _STARTS and "CLONE_THREAD" not in rest
        if name in _OPENS and re.search(r"= \d+(<.*>)?$", rest):
            opened += 1
    return Counts(+calls, opened, processes)
