"""The flags that are for every RUN: limits, capabilities, directories of this machine, name servers. Spelling: docker's."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Container, Iterable, Iterator
from dataclasses import field
from pathlib import Path

from stagemill.cli.frame.command import Option
from stagemill.cli.frame.values import Values
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.graph.mounts import HostMount
from stagemill.plan.request import EveryRun
from stagemill.sandbox import privileges
from stagemill.sandbox.limits import ULIMITS, Resources, numbers, size
from stagemill.values import dataclass

_KEYS = ("memory", "memory-swap", "cpu-shares", "cpu-period", "cpu-quota", "cpuset-cpus", "cpuset-mems")
_LETTERS = {"memory": "-m", "cpu-shares": "-c"}
_LEAST_MEMORY = 6 << 20
_CAP_SYS_RESOURCE = 24
# Beyond ro and rw they say what a mount is here anyway, on Linux and without SELinux.
_VOLUME_OPTIONS = {"ro", "rw", "z", "Z", "cached", "consistent", "delegated", "private", "rprivate"}


def limit_options(taken: Container[str], *, who: str = "a RUN") -> Iterator[Option]:
    """`taken` are letters that the command has for something else."""
    yield Option(
        ["--resource"], multiple=True, metavar="NAME=VALUE",
        help=f"What all processes of {who} may use: memory, memory-swap, cpu-shares, cpu-period, cpu-quota, cpuset-cpus, cpuset-mems.",
    )  # fmt: skip
    for key in _KEYS:
        letters = [letter for name, letter in _LETTERS.items() if name == key and letter not in taken]
        yield Option([*letters, f"--{key}"], hidden=True, metavar="VALUE")
    yield Option(["--cgroup-parent"], metavar="PATH", help=f"The control group that {who} is put into.")
    yield Option(
        ["--ulimit"], multiple=True, metavar="NAME=SOFT[:HARD]",
        help="A limit of each process, such as nofile=1024:4096.",
    )  # fmt: skip
    yield Option(["--shm-size"], metavar="SIZE", help="The size of /dev/shm. [64m]")


def sandbox_options(*, volume: str = "; what is in it is in no key") -> Iterator[Option]:
    """`volume` is what is to be said of a volume beside what it is."""
    yield Option(
        ["-v", "--volume"], multiple=True, metavar="SOURCE:TARGET[:ro]",
        help=f"Show it a file or directory of this machine{volume}.",
    )  # fmt: skip
    yield Option(["--cap-add"], multiple=True, metavar="NAME", help="Give it a capability.")
    yield Option(["--cap-drop"], multiple=True, metavar="NAME", help="Take one away; ALL for all.")
    yield Option(["--dns"], multiple=True, metavar="IP", help="A name server, instead of this machine's.")
    yield Option(["--dns-search"], multiple=True, metavar="DOMAIN", help="A domain to look up in.")
    yield Option(["--dns-option", "--dns-opt"], multiple=True, metavar="OPTION", help="An option of the resolver.")


@dataclass(frozen=True, slots=True)
class Dns:
    """What /etc/resolv.conf is to say; what is empty is as it is on this machine."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Values) -> Dns:
        for text in values.texts("dns"):
            try:
                import ipaddress

                ipaddress.ip_address(text)
            except ValueError as error:
                raise UsageError(f"invalid --dns {text!r}: it is no IP address", hint="write --dns 9.9.9.9") from error
        return cls(values.texts("dns"), values.texts("dns_search"), values.texts("dns_option"))

    def applied(self, resolv_conf: str) -> str:
        """The text of a resolv.conf, changed. A search of `.` is none, as docker has it."""
        given = {"nameserver": self.servers, "search": self.search, "domain": self.search, "options": self.options}
        replaced = {word for word, values in given.items() if values}
        kept = [line for line in resolv_conf.splitlines() if line.strip() and line.split()[0] not in replaced]
        servers = [f"nameserver {server}" for server in self.servers]
        search = [f"search {' '.join(self.search)}"] if self.search not in {(), (".",)} else []
        options = [f"options {' '.join(self.options)}"] if self.options else []
        return "\n".join([*servers, *search, *kept, *options, ""])

    def __bool__(self) -> bool:
        return bool(self.servers or self.search or self.options)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the command line says of every RUN: what is in its key, and what is this machine's affair."""

    every_run: EveryRun = field(default_factory=EveryRun)
    resources: Resources = field(default_factory=Resources)
    dns: Dns = field(default_factory=Dns)

    @classmethod
    def of(cls, values: Values) -> Surroundings:
        """Raises UsageError."""
        every_run = EveryRun(
            ulimits=ulimits(values.texts("ulimit")),
            shm_size=_size("--shm-size", values.text("shm_size") or "0"),
            capabilities=capabilities(values.texts("cap_add"), values.texts("cap_drop")),
            volumes=tuple(map(volume, values.texts("volume"))),
        )
        return cls(every_run, resources(values), Dns.of(values))


def resources(values: Values) -> Resources:
    """`--resource NAME=VALUE`, or the flag of that name; the last one wins. Raises UsageError."""
    given = {key: text for key in _KEYS if (text := values.text(key.replace("-", "_"))) is not None}
    for text in values.texts("resource"):
        for part in re.split(r",(?=[a-z-]+=)", text):
            key, equals, value = part.partition("=")
            if key not in _KEYS or not equals:
                near = nearest(key, _KEYS)
                hint = f"did you mean {near}?" if near else f"write NAME=VALUE; names are {', '.join(_KEYS)}"
                raise UsageError(f"invalid --resource {text!r}", hint=hint)
            given[key] = value
    found = Resources(
        memory=_size("memory", given.get("memory", "0")),
        memory_swap=-1 if given.get("memory-swap") == "-1" else _size("memory-swap", given.get("memory-swap", "0")),
        cpu_shares=_number("cpu-shares", given.get("cpu-shares", "0"), least=2),
        cpu_period=_number("cpu-period", given.get("cpu-period", "0"), least=1000),
        cpu_quota=_quota(given.get("cpu-quota", "0")),
        cpuset_cpus=_list("cpuset-cpus", given.get("cpuset-cpus", "")),
        cpuset_mems=_list("cpuset-mems", given.get("cpuset-mems", "")),
        parent=_parent(values.text("cgroup_parent") or ""),
    )
    _check_memory(found)
    return found


def _check_memory(found: Resources) -> None:
    if found.memory and found.memory < _LEAST_MEMORY:
        raise UsageError("the memory limit is less than 6m", hint="give more: --memory 512m")
    if found.memory_swap and not found.memory:
        raise UsageError("--memory-swap needs --memory", hint="memory-swap is memory and swap together")
    if 0 < found.memory_swap < found.memory:
        raise UsageError(
            "--memory-swap is less than --memory", hint="it is memory and swap together, or -1 for any amount of swap"
        )


def _size(flag: str, text: str) -> int:
    try:
        return size(text)
    except ValueError as error:
        hint = "write a number of bytes, or such as 512m or 1.5g"
        raise UsageError(f"invalid {flag} {text!r}: it is no size", hint=hint) from error


def _number(flag: str, text: str, *, least: int) -> int:
    if not re.fullmatch("[0-9]{1,12}", text) or 0 < int(text) < least:
        raise UsageError(f"invalid {flag} {text!r}", hint=f"give a number from {least} on")
    return int(text)


def _quota(text: str) -> int:
    return -1 if text == "-1" else _number("cpu-quota", text, least=1000)


def _list(flag: str, text: str) -> str:
    try:
        return text if not text or numbers(text) else ""
    except ValueError as error:
        raise UsageError(f"invalid {flag} {text!r}", hint="write a list such as 0-3 or 0,2") from error


def _parent(text: str) -> str:
    if ".." in Path(text).parts or (text and not text.strip("/")):
        raise UsageError(f"invalid --cgroup-parent {text!r}", hint="name a group below the root, such as /builds")
    return text


def ulimits(texts: Iterable[str]) -> tuple[tuple[str, int, int], ...]:
    """`NAME=SOFT[:HARD]` as name, soft and hard limit, by name; the last one wins. Raises UsageError."""
    found: dict[str, tuple[str, int, int]] = {}
    for text in texts:
        name, _, value = text.partition("=")
        soft, colon, hard = value.partition(":")
        if name not in ULIMITS:
            near = nearest(name, ULIMITS)
            hint = f"did you mean {near}?" if near else f"names are {', '.join(ULIMITS)}"
            raise UsageError(f"invalid --ulimit {text!r}: there is no limit {name!r}", hint=hint)
        limits = [int(part) for part in (soft, hard if colon else soft) if re.fullmatch("-1|[0-9]{1,18}", part)]
        if len(limits) != 2:
            raise UsageError(f"invalid --ulimit {text!r}", hint=f"write --ulimit {name}=SOFT[:HARD], -1 for no limit")
        if limits[1] != -1 and (limits[0] == -1 or limits[0] > limits[1]):
            raise UsageError(f"invalid --ulimit {text!r}: the soft limit is above the hard one")
        found[name] = (name, limits[0], limits[1])
    return tuple(found[name] for name in sorted(found))


def beyond(limits: Iterable[tuple[str, int, int]], *, who: str = "RUN") -> Iterator[str]:
    """What to say of limits that are above this process's own where the kernel does not let it raise them."""
    if _may_raise():
        return
    for name, _, hard in limits:
        most = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}", resource.RLIMIT_CORE))[1]
        known = hasattr(resource, f"RLIMIT_{name.upper()}")
        if known and most != resource.RLIM_INFINITY and (hard == -1 or hard > most):
            yield (
                f"--ulimit {name}: {who} gets {most}, the most that this user may have\n"
                "hint: raise it in /etc/security/limits.conf, or be root"
            )


def _may_raise() -> bool:
    """CAP_SYS_RESOURCE counts in the first user namespace only, which has all ids."""
    try:
        maps = Path("/proc/self/uid_map").read_text().split()
        status = Path("/proc/self/status").read_text()
    except OSError:
        return False
    effective = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    return maps == ["0", "0", "4294967295"] and bool(effective and int(effective[1], 16) >> _CAP_SYS_RESOURCE & 1)


def capabilities(added: Iterable[str], dropped: Iterable[str]) -> tuple[str, ...]:
    """Names behind a `+` or a `-`, in order. Raises UsageError."""
    return tuple(
        sorted({f"{sign}{_capability(text)}" for sign, texts in (("+", added), ("-", dropped)) for text in texts})
    )


def _capability(text: str) -> str:
    name = text.lower().removeprefix("cap_")
    if name != "all" and name not in privileges.NAMES:
        near = nearest(name, privileges.NAMES)
        hint = f"did you mean {near.upper()}?" if near else "capabilities(7) lists them"
        raise UsageError(f"there is no capability {text!r}", hint=hint)
    return name


def volume(text: str) -> HostMount:
    """`source:target[:ro|rw]`; the source is made absolute, and has to be there. Raises UsageError."""
    parts = text.split(":")
    hint = "write -v /path/here:/path/inside, or …:ro"
    options = set(parts[2].split(",")) if len(parts) == 3 else set()
    if len(parts) not in {2, 3} or not parts[0]:
        raise UsageError(f"invalid --volume {text!r}: it is no SOURCE:TARGET", hint=hint)
    if not parts[1].startswith("/"):
        raise UsageError(f"invalid --volume {text!r}: {parts[1]!r} is no absolute path", hint=hint)
    if unknown := sorted(options - _VOLUME_OPTIONS):
        raise UsageError(f"invalid --volume {text!r}: unknown option {unknown[0]!r}", hint=hint)
    source = os.path.abspath(parts[0])
    if not os.path.exists(source):
        hint = f"make it first, mkdir -p {source}, or give another one"
        if "/" not in parts[0]:
            hint = f"stagemill keeps no volumes by name: make a directory, mkdir {parts[0]}, or give another one"
        raise UsageError(f"invalid --volume {text!r}: there is no {source}", hint=hint)
    return HostMount(source, parts[1], read_only="ro" in options)
