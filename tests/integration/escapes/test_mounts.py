"""RUN --mount: no source, id, target or race of one leads to a file of this machine."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

from integration.escapes.conftest import Attack, Prey

pytestmark = pytest.mark.root

FROM = "FROM busybox\n"


def test_a_source_that_is_a_link_to_the_root_is_the_stage_s_own_root(attack: Attack) -> None:
    """CVE-2024-1753 (buildah): a bind mount whose source is a link to `/` showed this machine, and wrote to it."""
    found = attack.build(
        "FROM busybox AS s\nRUN mkdir /a && ln -s / /a/root && ln -s {prey} /a/prey && ln -s {up} /a/up && mkdir -p {prey} && echo own > {prey}/secret\n"
        "FROM busybox\n"
        "RUN --mount=type=bind,from=s,source=/a/root,target=/m,rw ls -a /m > /names; touch /m/BREAKOUT; cat /m{prey}/secret > /own\n"
        "RUN --mount=type=bind,from=s,source=/a/prey,target=/m,rw cat /m/secret >> /own; echo x > /m/secret\n"
        "RUN --mount=type=bind,from=s,source=/a/up,target=/m,rw cat /m/secret >> /own; rm /m/secret\n"
        "RUN --mount=type=cache,from=s,source=/a/prey,target=/m cat /m/secret >> /own; rm /m/secret\n"
        "RUN --mount=type=bind,from=s,source=/a/root/../../..{prey},target=/m,rw cat /m/secret >> /own\n",
        fails=False,
    )

    assert found["own"] == "own\n" * 5
    assert set(found["names"].split()) & {"bin", "etc"} == {"bin", "etc"}
    assert not Path("/BREAKOUT").exists()


@pytest.mark.parametrize(
    "options",
    [
        "bind-propagation=shared", "bind-propagation=rslave,exec", "Z", "z", "U", "relabel=shared", "bind-nonrecursive",
        "idmap", "volume-opt=x=y", "type=volume", "type=devpts", "type=ramfs", "type=image", "type=glob", "type=overlay",
        "type=tmpfs,tmpfs-mode=4777", "type=tmpfs,size=1m\\,suid", "propagation=shared", "dev", "suid", "exec", "lowerdir={prey}", "upperdir={prey}",
    ],
)  # fmt: skip
def test_options_of_the_kernel_s_mounts_are_none_of_ours(attack: Attack, options: str) -> None:
    """CVE-2024-9407 (buildah): what stood behind `bind-propagation` went to the mount as it was."""
    attack.build(f"{FROM}RUN --mount=source=.,target=/m,{options} ls /m\n", fails=True)


@pytest.mark.parametrize("name", ["{up}", "../../../..", "{prey}", "..", ".", "/", "a/../../../..{prey}", "x\\nname"])
def test_the_id_of_a_cache_is_no_path(attack: Attack, name: str) -> None:
    """CVE-2024-9675 (buildah): a cache was the directory of its id below the cache directory, `../..` and all."""
    found = attack.build(
        f"{FROM}RUN --mount=type=cache,id={name},target=/c ls -A /c > /x; cat /c/secret; touch /c/new; rm -rf /c/*\n"
        f"RUN --mount=type=cache,id={name},source={name},target=/d ls -A /d >> /x; rm -rf /d/*\n"
    )

    assert found.get("x", "") == ""


@pytest.mark.parametrize("source", ["l", "l/dir", "d/l", "d/../l", "l/", "d/l/../l"])
def test_a_source_in_a_cache_follows_no_link(attack: Attack, source: str) -> None:
    """CVE-2024-9675 (buildah), CVE-2024-23651 (BuildKit): a link in a cache led its source out."""
    attack.build(
        f"{FROM}RUN --mount=type=cache,id=links-{source},target=/c rm -rf /c/* && mkdir /c/d && ln -s {{prey}} /c/l && ln -s {{up}} /c/d/l\n"
        f"RUN --mount=type=cache,id=links-{source},source={source},target=/m cat /m/secret; touch /m/new\n",
        fails=True,
    )


@contextmanager
def swapped(directory: Path, prey: Prey) -> Iterator[None]:
    """A name in a directory that is now an empty directory, now a link to the prey, as fast as the machine can."""
    stop = threading.Event()
    place, link = directory / "x", directory / "link"
    link.symlink_to(prey.place)
    place.mkdir(exist_ok=True)

    def swap() -> None:
        for number in count():
            if stop.is_set():
                return
            with suppress(OSError):  # the build makes it anew where it is missing
                place.rename(directory / f"real-{number}")
                link.rename(place)
            with suppress(OSError):
                if place.is_symlink():
                    place.rename(link)
                (directory / f"real-{number}").rename(place)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_directory_that_becomes_a_link_in_a_race_is_not_followed(attack: Attack) -> None:
    """CVE-2024-23651 (BuildKit): one step swapped a directory of a cache for a link while another one mounted it."""
    attack.build(f"{FROM}RUN --mount=type=cache,id=race,target=/c mkdir -p /c/x/dir\n", fails=False)
    (cache,) = (
        path.parent / "0" for path in (attack.mill.root / "caches").glob("*/name") if path.read_text() == "/race"
    )
    step = "RUN --mount=type=cache,id=race,source=x/dir,target=/m cat /m/secret /m/../secret; touch /m/new; true\n"

    with swapped(cache, attack.prey):
        for number in range(12):
            attack.build(f"{FROM}ARG N={number}\nRUN true\n{step}")


def test_steps_that_swap_what_others_mount_show_nothing_of_this_machine(attack: Attack) -> None:
    """CVE-2024-11218 (buildah): two stages at once, of which one swapped what the other one mounted, by links in its own tree."""
    swap = "i=0; while [ $i -lt 300 ]; do mv /c/x /c/y 2> /dev/null; ln -s {prey} /c/x; rm -f /c/x; mv /c/y /c/x; i=$((i+1)); done; true"
    mounts = "".join(
        f"RUN --mount=type=cache,id=both,source=x,target=/m cat /m/secret; touch /m/{number}; true\n"
        for number in range(8)
    )

    attack.build(
        f"FROM busybox AS a\nRUN --mount=type=cache,id=both,target=/c mkdir -p /c/x && {swap}\n"
        f"FROM busybox AS b\n{mounts}FROM busybox\nCOPY --from=a /etc/passwd /a\nCOPY --from=b /etc/passwd /b\n"
    )


def test_a_stage_that_is_mounted_is_not_changed_by_another(attack: Attack) -> None:
    """CVE-2024-11218 (buildah): a mount of a stage was a directory that others could still write to."""
    found = attack.build(
        "FROM busybox AS s\nRUN mkdir /d && echo 1 > /d/f\n"
        "FROM s AS t\nRUN --mount=from=s,target=/m,rw rm -r /m/d && ln -s {prey} /m/d && ln -s {prey} /m/bin2; rm -r /d && ln -s {prey} /d\n"
        "FROM busybox\nRUN --mount=from=s,source=/d,target=/m cat /m/f > /x\nCOPY --from=s /d/f /y\nCOPY --from=t /etc/passwd /z\n",
        fails=False,
    )

    assert (found["x"], found["y"]) == ("1\n", "1\n")


TARGETS = {
    "a link": ("ln -s {prey} /l", "/l"),
    "below a link": ("ln -s {prey} /l", "/l/dir"),
    "below one that climbs": ("ln -s {up} /l", "/l/dir"),
    "a new name below a link": ("ln -s {prey} /l", "/l/new/deep"),
    "climbs": ("true", "{up}/dir"),
    "a link to proc": ("ln -s /proc/self /l", "/l/attr"),
    "a link in a circle": ("ln -s l /l", "/l"),
    "the root": ("true", "/"),
    "a name of proc": ("true", "/proc/self/exe"),
    "of dev": ("true", "/dev/null"),
    "of sys": ("true", "/sys/kernel"),
}


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("kind", ["tmpfs", "cache", "bind,source=.", "secret,id=s"])
def test_a_target_stays_inside(attack: Attack, name: str, kind: str) -> None:
    """CVE-2021-30465, CVE-2019-19921 and CVE-2019-16884 (runc), CVE-2026-41568 and CVE-2026-42306 (docker cp): mount points that
    are links, or lie in /proc.
    """
    before, target = TARGETS[name]
    attack.mill.write({"token": "x"})

    attack.build(
        f"{FROM}RUN {before}\nRUN --mount=type={kind},target={target} ls {target}; echo x > {target}/x; true\n",
        *("--secret", "id=s,src=token"),
    )


def test_what_is_removed_after_a_step_is_not_this_machine_s(attack: Attack) -> None:
    """CVE-2024-23652 (BuildKit): mount points were removed after a step, by paths that the step had made links of."""
    moved = "mv /a /b && ln -s {prey} /a && mv /c/d /c/e && ln -s {prey} /c/d"

    attack.build(
        f"{FROM}RUN --mount=type=tmpfs,target=/a/dir --mount=type=bind,source=Dockerfile,target=/a/empty \\\n"
        f"  --mount=type=cache,id=stubs,target=/c/d/dir --mount=type=tmpfs,target=/c/d/new sh -c '{moved}; ls -d /b /c/e'; true\n"
        "RUN ! [ -e /a/dir/new ]\n",
        fails=False,
    )


def test_users_and_groups_are_read_inside_and_not_for_ever(attack: Attack) -> None:
    """CVE-2024-9676 (containers/storage): /etc/passwd of an image may be a link, a pipe or a device that never ends.

    CVE-2019-14271 (docker cp): and no library or service switch of the image is used to look names up.
    """
    library = "mkdir -p /lib64 && echo 'passwd: evil' > /etc/nsswitch.conf && cp /bin/true /lib64/libnss_evil.so.2\n"
    for make, fails in {
        "rm /etc/passwd && ln -s {prey}/secret /etc/passwd": True,
        "rm /etc/passwd && ln -s {up}/secret /etc/passwd": True,
        "rm /etc/passwd && mkfifo /etc/passwd": True,
        "rm /etc/passwd && ln -s /dev/zero /etc/passwd": True,
        "rm /etc/passwd && ln -s /proc/self/environ /etc/passwd": True,
        "rm -r /etc && ln -s {prey} /etc": True,
        "rm /etc/group && ln -s {prey}/secret /etc/group": False,
        "rm /etc/passwd && ln -s passwd /etc/passwd": True,
        library.strip(): False,
    }.items():
        attack.build(f"{FROM}RUN {make}\nCOPY --chown=alice Dockerfile /x\n", fails=fails)
        attack.build(f"{FROM}RUN {make}\nUSER alice\nRUN true\nWORKDIR /made\n", fails=fails)


def test_names_for_the_network_that_are_links_lead_nowhere(attack: Attack) -> None:
    """CVE-2025-52565 and CVE-2025-31133 (runc): what is mounted over was a link of the image."""
    for path in "/etc/hosts", "/etc/resolv.conf", "/dev", "/proc", "/sys", "/dev/console", "/etc":
        for target in "{prey}/dir", "/proc/sys/kernel/core_pattern":
            attack.build(
                f"FROM scratch AS evil\nADD evil.tar /\nFROM evil\nCOPY --from=busybox /bin/busybox /bin/sh\nRUN echo x > {path}; true\n",
                files={"evil.tar": link(path.lstrip("/"), attack.meant(target))},
            )


def link(name: str, target: str) -> bytes:

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, target
        archive.addfile(info)
    return out.getvalue()
