"""What a sandboxed root may do: Docker's default capabilities, and no other.

Source: moby, profiles in oci/caps/defaults.go; numbers from linux/capability.h. As in runc, a user other than root has
none in effect, and the bounding set is what a set-user-id program can get.
"""

from __future__ import annotations

import errno

from stagemill.sandbox.inside import syscalls

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


def bound() -> None:
    """Takes all other capabilities out of the bounding set: no program that is run later can gain them."""
    number = 0
    while number < 64:
        if not DEFAULT >> number & 1:
            try:
                syscalls.drop_bounding(number)
            except OSError as error:
                if error.errno == errno.EINVAL:  # the kernel knows no such capability, nor any after it
                    return
                raise
        number += 1


def limit(*, uid: int, held: int) -> None:
    """Leaves root the default capabilities among those held, and everybody else none."""
    syscalls.set_capabilities(DEFAULT & held if uid == 0 else 0)


def held() -> int:
    """The capabilities that are permitted to this process."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("CapPrm:"):
                return int(line.split()[1], 16)
    return 0
