"""The flags of `docker run` that stagemill does not have, each with its reason and what to do instead."""

from __future__ import annotations

from stagemill.cli.docker.refused import Refusal

_NO_DAEMON = "there is no daemon that would go on running it"
_NO_NETWORK = "a container has this machine's network or none, and no address of its own"
_SHARES = "it has namespaces of its own"
_NO_LIMIT = "no such limit is set"

REFUSED = (
    Refusal(
        ("-d", "--detach"), _NO_DAEMON,
        "put & behind the command, or start it with systemd-run --user stagemill run …", switch=True,
    ),
    Refusal(
        ("--restart",), _NO_DAEMON, "systemd-run -p Restart=always, or a loop of the shell, starts it again",
        harmless=frozenset({"", "no"}),
    ),
    Refusal(("--cidfile",), "a container has no id: nothing of it is left when it ends", "leave it out"),
    Refusal(("--detach-keys",), "there is nothing to detach from", "leave it out; Ctrl-C stops the command"),
    Refusal(
        ("-a", "--attach"), "standard output and error are always attached",
        "-i attaches standard input; redirect what you do not want to see",
    ),
    Refusal(
        ("--sig-proxy",), "signals always go to the command", "leave it out; setsid keeps signals of the terminal away",
        default_on=True,
    ),
    Refusal(
        ("--disable-content-trust",), "signatures are not verified", "leave it out", default_on=True,
    ),
    Refusal(("-P", "--publish-all"), "ports are not mapped", "leave it out: each port is reachable as it is", switch=True),
    Refusal(("--ip",), _NO_NETWORK, "leave it out"),
    Refusal(("--ip6",), _NO_NETWORK, "leave it out"),
    Refusal(("--link-local-ip",), _NO_NETWORK, "leave it out"),
    Refusal(("--mac-address",), _NO_NETWORK, "leave it out"),
    Refusal(("--link",), _NO_NETWORK, "--add-host NAME:127.0.0.1 gives a service of this machine a name"),
    Refusal(("--network-alias", "--net-alias"), _NO_NETWORK, "--add-host NAME:127.0.0.1 gives a service a name"),
    Refusal(("--domainname",), "a container has a host name alone", "--hostname NAME.DOMAIN"),
    Refusal(("--volumes-from",), "there are no other containers", "-v SOURCE:TARGET, with the same directory for each"),
    Refusal(("--volume-driver",), "there are no volumes but directories of this machine", "-v SOURCE:TARGET"),
    Refusal(("--use-api-socket",), "there is no daemon, and so no socket of it", "leave it out", switch=True),
    Refusal(("--ipc",), _SHARES, "leave it out", harmless=frozenset({"", "private"})),
    Refusal(("--pid",), _SHARES, "leave it out"),
    Refusal(("--uts",), _SHARES, "leave it out"),
    Refusal(("--userns",), "root's containers have this machine's user ids, a user's have subordinate ones", "leave it out"),
    Refusal(("--cgroupns",), "it is in this machine's namespace of control groups, and sees its own group only", "leave it out"),
    Refusal(("--isolation",), "a container is namespaces of Linux", "leave it out", harmless=frozenset({"", "default"})),
    Refusal(("--runtime",), "stagemill runs containers itself", "leave it out"),
    Refusal(("--storage-opt",), "layers are directories of the store", "leave it out"),
    Refusal(("--sysctl",), "settings of the kernel are read-only in a container", "set it on this machine"),
    Refusal(
        ("--gpus",), "devices are asked for by name", "--device nvidia.com/gpu=all, described by nvidia-ctk cdi generate --format=json",
    ),
    Refusal(("--device-cgroup-rule",), "a container has the devices that it is given, and no others", "--device /dev/NAME"),
    Refusal(("--oom-kill-disable",), _NO_LIMIT, "leave it out", switch=True),
    *(
        Refusal((flag,), _NO_LIMIT, "the limits are --memory, --memory-swap, --cpus, --cpu-shares, --cpuset-cpus, --pids-limit")
        for flag in (
            "--blkio-weight", "--blkio-weight-device", "--cpu-count", "--cpu-percent", "--cpu-rt-period", "--cpu-rt-runtime",
            "--device-read-bps", "--device-read-iops", "--device-write-bps", "--device-write-iops", "--io-maxbandwidth",
            "--io-maxiops", "--kernel-memory", "--memory-reservation", "--memory-swappiness", "--oom-score-adj",
        )
    ),
)  # fmt: skip
