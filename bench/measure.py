"""`measure`: what a build costs: wall time, CPU time, memory, and how busy the rest of the machine was meanwhile."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
_TAIL = 3000


class BuildError(Exception):
    """A command that was to be timed failed; the text has the end of its output."""

    def __init__(self, command: str, *, status: int, output: str) -> None:
        super().__init__(f"exit status {status} from: {command}\n{output[-_TAIL:]}")
        self._output = output

    @property
    def reason(self) -> str:
        """One line where the command does not support what it was asked for, else all there is."""
        lines = [line.strip() for line in self._output.splitlines() if "not supported yet" in line]
        return lines[0] if lines else str(self)


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds and bytes. `cpu` is the builder's, its daemon included; `machine` that of everything that ran;
    `other` that of processes which were not the builder's; `rss` the highest sum over the builder's processes.
    """

    wall: float
    cpu: float
    machine: float
    other: float
    rss: int


def measure(command: str, *, env: Mapping[str, str], log: Path, daemon: int | None, patience: float) -> Sample:
    """Runs a shell command on an idle machine, for which it waits at most `patience` seconds. Raises BuildError.

    Its memory is never said to be less than what this process has had, for a child has as much until it is another program.
    """
    _settle(patience)
    with log.open("wb") as output:
        machine, own, start = _machine_cpu(), _process_cpu(daemon), time.perf_counter()
        child = subprocess.Popen(["/bin/sh", "-ec", command], env=env, stdout=output, stderr=output)
        sampler = _Sampler(child.pid, daemon)
        sampler.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        sampler.stop()
    if child.returncode:
        raise BuildError(command, status=child.returncode, output=log.read_text(errors="replace"))
    return Sample(
        wall=wall,
        cpu=max(usage.ru_utime + usage.ru_stime, sampler.inside) + _process_cpu(daemon) - own,
        machine=_machine_cpu() - machine,
        other=sampler.outside,
        rss=max(sampler.peak, usage.ru_maxrss * 1024),
    )


class _Sampler(threading.Thread):
    """Looks at all processes ten times a second: the memory of the trees below some roots, the CPU time of the rest."""

    def __init__(self, command: int, daemon: int | None) -> None:
        super().__init__()
        self.peak = 0
        self._command = command
        self._roots = {command, daemon} if daemon else {command}
        self._ours: dict[int, int] = {}
        self._others: dict[int, tuple[int, int]] = {}
        self._done = threading.Event()

    @property
    def inside(self) -> float:
        """The command's processes as they were last seen; one that nobody waits for counts nowhere else."""
        return sum(self._ours.values()) / TICK

    @property
    def outside(self) -> float:
        return sum(last - first for first, last in self._others.values()) / TICK

    def run(self) -> None:
        while True:
            self._look()
            if self._done.wait(0.1):
                return

    def stop(self) -> None:
        self._done.set()
        self.join()

    def _look(self) -> None:
        stats = {int(pid): fields for pid in os.listdir("/proc") if pid.isdigit() and (fields := _stat(pid))}
        rss = 0
        for pid, fields in stats.items():
            above = pid
            while above not in self._roots and above in stats:
                above = int(stats[above][1])
            ticks = int(fields[11]) + int(fields[12])
            if above in self._roots:
                rss += int(fields[21]) * PAGE
                if above == self._command:
                    self._ours[pid] = ticks
            elif pid != os.getpid():
                self._others[pid] = (self._others.get(pid, (ticks, 0))[0], ticks)
        self.peak = max(self.peak, rss)


def _stat(pid: int | str) -> list[str]:
    """The fields of /proc/PID/stat from the state on; none where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _process_cpu(pid: int | None) -> float:
    """CPU seconds of a process and of the children that it has waited for."""
    fields = _stat(pid) if pid else []
    return sum(map(int, fields[11:15])) / TICK


def _machine_cpu() -> float:
    user, nice, system, _idle, _iowait, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / TICK


def _settle(limit: float) -> None:
    """Waits until the machine is nearly idle."""
    os.sync()
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = _machine_cpu()
        time.sleep(0.5)
        if _machine_cpu() - before < 0.1:
            return
