"""What a sandboxed root may do: Docker's default capabilities, and no other.

Source: moby, profiles in oci/caps/defaults.go; numbers from linux/capability.h. As in runc, a user other than root has
none in effect, and the bounding set is what a set-user-id program can get.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from stagemill.sandbox.inside import syscalls

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBERS = {
    "chown": 0,
    "dac_override": 1,
    "fowner": 3,
    "fsetid": 4,
    "kill": 5,
    "setgid": 6,
    "setuid": 7,
    "setpcap": 8,
    "net_bind_service": 10,
    "net_raw": 13,
    "sys_chroot": 18,
    "mknod": 27,
    "audit_write": 29,
    "setfcap": 31,
}
DEFAULT = sum(1 << number for number in _NUMBERS.values())

# dac_read_search, sys_module, sys_rawio, sys_pacct, sys_admin, sys_boot, sys_nice, sys_time, sys_tty_config, syslog,
# perfmon, bpf: the seccomp profile denies the calls that each of them is for, so who is given one has no profile.
BEYOND_THE_FILTER = sum(1 << number for number in (2, 16, 17, 20, 21, 22, 23, 25, 26, 34, 38, 39))


def allowed(added: Iterable[int], dropped: Iterable[int]) -> int:
    """The default set, with some more and less."""
    mask = DEFAULT
    for number in added:
        mask |= 1 << number
    for number in dropped:
        mask &= ~(1 << number)
    return mask


def bound(mask: int) -> None:
    """Takes all other capabilities out of the bounding set: no program that is run later can gain them."""
    number = 0
    while number < 64:
        if not mask >> number & 1:
            try:
                syscalls.drop_bounding(number)
            except OSError as error:
                if error.errno == errno.EINVAL:  # the kernel knows no such capability, nor any after it
                    return
                raise
        number += 1


def limit(mask: int, *, uid: int, held: int) -> None:
    """Leaves root those of a set that are held, and everybody else none."""
    syscalls.set_capabilities(mask & held if uid == 0 else 0)


def held() -> int:
    """The capabilities that are permitted to this process."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("CapPrm:"):
                return int(line.split()[1], 16)
    return 0
