"""How a container is set up beyond its command: network, limits, rights."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from stagemill.cli.frame.values import Values
from stagemill.cli.given import every_run
from stagemill.errors import UsageError
from stagemill.execute.container import Rights
from stagemill.sandbox import privileges
from stagemill.sandbox.limits import Resources

_PERIOD = 100_000  # microseconds
_LEAST_QUOTA = 1000
# Options that ask for what there is anyway: no profile of AppArmor, no label of SELinux.
_USUAL = {"apparmor=unconfined", "label=disable", "no-new-privileges=false", "no-new-privileges:false"}
_SECURITY = {
    "no-new-privileges": "no_new_privileges", "no-new-privileges=true": "no_new_privileges",
    "no-new-privileges:true": "no_new_privileges", "seccomp=unconfined": "unfiltered",
}  # fmt: skip


def network(text: str) -> Literal["host", "none"]:
    """Raises UsageError for networks that only a daemon has."""
    if text in {"", "host", "default"}:
        return "host"
    if text == "none":
        return "none"
    why = "a container has this machine's network or none"
    hint = "leave it out for this machine's, where services are at 127.0.0.1; or give --network none"
    raise UsageError(f"--network {text} is not supported: {why}", hint=hint)


def resources(values: Values) -> Resources:
    """The limits of `every_run`, with `--cpus` and `--pids-limit`. Raises UsageError."""
    found = every_run.resources(values)
    if cpus := values.text("cpus"):
        if found.cpu_quota or found.cpu_period:
            raise UsageError("--cpus and --cpu-quota exclude each other", hint="--cpus 1.5 is --cpu-quota 150000")
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", cpus) or float(cpus) * _PERIOD < _LEAST_QUOTA:
            raise UsageError(f"invalid --cpus {cpus!r}", hint="write a number such as 1.5, from 0.01 on")
        found = replace(found, cpu_period=_PERIOD, cpu_quota=int(float(cpus) * _PERIOD))
    if pids := values.text("pids_limit"):
        if not re.fullmatch("-1|[0-9]{1,9}", pids):
            raise UsageError(f"invalid --pids-limit {pids!r}", hint="write a number; -1 is any number")
        found = replace(found, pids=max(int(pids), 0))
    return found


def rights(values: Values, capabilities: tuple[str, ...]) -> Rights:
    """What a container may do. Raises UsageError."""
    asked: set[str] = set()
    for text in values.texts("security_opt"):
        option = text.replace("label:", "label=").replace("apparmor:", "apparmor=").replace("seccomp:", "seccomp=")
        if option in _SECURITY:
            asked.add(_SECURITY[option])
        elif option not in _USUAL:
            hint = "there are no-new-privileges and seccomp=unconfined; --cap-add and --cap-drop change capabilities"
            raise UsageError(f"--security-opt {text} is not supported", hint=hint)
    added, dropped = privileges.changes(capabilities)
    return Rights(
        added=added,
        dropped=dropped,
        privileged=values.flag("privileged"),
        read_only=values.flag("read_only"),
        no_new_privileges="no_new_privileges" in asked,
        filtered="unfiltered" not in asked,
    )
