"""The capabilities of Linux by name. Source: linux/capability.h, capabilities(7)."""

from __future__ import annotations

NAMES = (
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
    "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
    "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
    "checkpoint_restore",
)  # fmt: skip
"""By number."""


def changes(texts: tuple[str, ...]) -> tuple[frozenset[int], frozenset[int]]:
    """The numbers of those that are added (behind a `+`) and of those that are dropped (`-`); `all` is every one.

    What is named goes before what is in `all`; what is added is there even if it is dropped too. Source: moby,
    daemon/pkg/oci/caps, TweakCapabilities.
    """
    added, dropped = _numbers(texts, "+"), _numbers(texts, "-")
    everything = frozenset(range(len(NAMES)))
    if "+all" in texts:
        return everything, dropped
    return added, (everything if "-all" in texts else dropped) - added


def _numbers(texts: tuple[str, ...], sign: str) -> frozenset[int]:
    names = {text[1:] for text in texts if text[0] == sign}
    return frozenset(number for number, name in enumerate(NAMES) if name in names)
