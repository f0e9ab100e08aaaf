"""What is said where a machine does not let an ordinary user build."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from stagemill.errors import SandboxError
from stagemill.sandbox import userns


def ordinary(monkeypatch: pytest.MonkeyPatch, uid: int = 54321) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


def tools(directory: Path) -> str:
    for name in ("newuidmap", "newgidmap"):
        (directory / name).write_text("#!/bin/false\n")
        (directory / name).chmod(0o755)
    return str(directory)


def test_missing_newuidmap_is_an_error_that_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ordinary(monkeypatch)

    with pytest.raises(SandboxError) as caught:
        userns.enter(search=str(tmp_path))

    assert caught.value.message == "cannot build as an ordinary user: the program newuidmap is not installed"
    assert caught.value.hint is not None
    assert "apt install uidmap" in caught.value.hint


def test_missing_subordinate_ids_are_an_error_that_names_both_lines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ordinary(monkeypatch)
    (tmp_path / "subuid").write_text("bob:100000:65536\n")

    with pytest.raises(SandboxError) as caught:
        userns.enter(etc=tmp_path, search=tools(tmp_path))

    both = f"{tmp_path / 'subuid'} and {tmp_path / 'subgid'}"
    assert caught.value.message == f"cannot build as an ordinary user: 54321 has no subordinate ids in {both}"
    assert caught.value.hint == (
        f"as root, add the line `54321:165536:65536` to {tmp_path / 'subuid'}"
        f" and the line `54321:100000:65536` to {tmp_path / 'subgid'}"
    )


def test_only_the_file_that_lacks_the_user_is_blamed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ordinary(monkeypatch)
    (tmp_path / "subuid").write_text("54321:100000:65536\n")

    with pytest.raises(SandboxError) as caught:
        userns.enter(etc=tmp_path, search=tools(tmp_path))

    assert caught.value.message == (
        f"cannot build as an ordinary user: 54321 has no subordinate ids in {tmp_path / 'subgid'}"
    )


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=65536"),
    ],
)
def test_a_setting_that_forbids_namespaces_is_named(tmp_path: Path, name: str, value: str, hint: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(f"{value}\n")

    error = userns.refusal(OSError(errno.EPERM, ""), settings=tmp_path)

    assert error.message == (
        "cannot build as an ordinary user: the kernel refuses a user namespace (operation not permitted)"
    )
    assert error.hint == f"as root: sysctl -w {hint}, and write that into /etc/sysctl.d to keep it"


def test_settings_that_forbid_nothing_are_not_named(tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    (tmp_path / "user/max_user_namespaces").write_text("90000\n")

    refused = userns.refusal(OSError(errno.EPERM, ""), settings=tmp_path)
    used_up = userns.refusal(OSError(errno.ENOSPC, ""), settings=tmp_path)

    assert (
        refused.hint == "run as root; inside another container, switch its seccomp off, or start it with --privileged"
    )
    assert used_up.hint is not None
    assert used_up.hint.startswith("too many namespaces, or nested too deep")


@pytest.mark.parametrize(
    ("status", "mode", "hint"),
    [
        ("NoNewPrivs:\t1\nCapBnd:\t00000000a80425fb\n", 0o4755, "in a pod, write allowPrivilegeEscalation: true"),
        (
            "NoNewPrivs:\t0\nCapBnd:\t0000000000000000\n",
            0o755,
            "give this container the capabilities SETUID and SETGID",
        ),
        (
            "NoNewPrivs:\t0\nCapBnd:\t00000000a80425fb\n",
            0o4755,
            "chmod u-s {0} && setcap cap_setuid+ep {0} && chmod u-s",
        ),
        ("NoNewPrivs:\t0\nCapBnd:\t00000000a80425fb\n", 0o755, "are the ranges in /etc/subuid and /etc/subgid right"),
        ("NoNewPrivs:\t0\nCapBnd:\t000001ffffffffff\n", 0o4755, "is newuidmap set-user-id root?"),
        ("", 0o4755, "is newuidmap set-user-id root?"),
    ],
)
def test_maps_that_cannot_be_written_in_a_container_say_what_that_lacks(
    tmp_path: Path, status: str, mode: int, hint: str
) -> None:
    programs = [Path(tools(tmp_path)) / name for name in ("newuidmap", "newgidmap")]
    for program in programs:
        program.chmod(mode)

    assert hint.format(programs[0]) in userns.unmapped(programs, status)
