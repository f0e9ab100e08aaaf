"""Which qemu runs what, and how the kernel is told of it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from stagemill.errors import SandboxError
from stagemill.oci.platform import Platform
from stagemill.sandbox import emulators
from stagemill.sandbox.emulators import FORMATS, Emulator, find, is_registered, needed

pytestmark = pytest.mark.skipif(
    Platform.local().architecture != "amd64", reason="tells of foreign platforms from amd64"
)

BUSYBOX = next((path for path in ("/bin/busybox", "/usr/bin/busybox") if os.path.exists(path)), None)
S390X = Platform("linux", "s390x")


@pytest.fixture
def unregistered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that nobody has told of anything, whatever this one knows."""
    monkeypatch.setattr(emulators, "is_registered", lambda _architecture: False)


def data(escaped: str) -> bytes:
    return escaped.encode().decode("unicode_escape").encode("latin-1")


def program(folder: Path, name: str) -> Path:
    """A static program under a name."""
    if BUSYBOX is None:
        pytest.skip("needs a static busybox")
    folder.mkdir(exist_ok=True)
    shutil.copy(BUSYBOX, folder / name)
    return folder / name


class TestRules:
    def test_a_rule_tells_the_head_of_a_file_and_what_counts_of_it(self) -> None:
        assert Emulator("arm64", Path("/usr/bin/qemu-aarch64-static")).rule == (
            r":stagemill-aarch64:M:"
            r":\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
            r":\xff\xff\xff\xff\xff\xff\xff\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
            r":/usr/bin/qemu-aarch64-static:FCP"
        )

    def test_numbers_are_in_the_order_of_the_architecture(self) -> None:
        rule = Emulator("s390x", Path("/q")).rule

        assert r"\x02\x02\x01\x00" in rule
        assert r"\x00\x02\x00\x16:" in rule
        assert r"\xff\xfe\xff\xff:" in rule

    def test_a_path_may_have_what_divides_a_rule(self) -> None:
        assert Emulator("arm", Path("/a:b/q")).rule.startswith("|stagemill-arm|M||")
        assert Emulator("arm", Path("/a:b/q")).rule.endswith("|/a:b/q|FCP")

    @pytest.mark.skipif(not os.path.isdir("/usr/lib/binfmt.d"), reason="needs the rules of Debian's qemu-user-static")
    @pytest.mark.parametrize("architecture", sorted(FORMATS.keys() - {"amd64", "386"}))
    def test_debian_has_the_same_rules(self, architecture: str) -> None:
        file = Path(f"/usr/lib/binfmt.d/qemu-{FORMATS[architecture].qemu}.conf")
        if not file.exists():
            pytest.skip(f"needs {file}")

        ours = data(Emulator(architecture, Path("/q")).rule.split(":")[4])

        magic, mask = (data(field) for field in file.read_text().split(":")[4:6])
        assert [one & bits for one, bits in zip(ours, mask, strict=False)] == [
            one & bits for one, bits in zip(magic[: len(ours)], mask, strict=False)
        ]


class TestFind:
    @pytest.mark.parametrize("name", ["qemu-s390x-static", "buildkit-qemu-s390x", "qemu-s390x"])
    def test_a_static_qemu_is_found_under_its_names(self, tmp_path: Path, name: str) -> None:
        path = program(tmp_path / "bin", name)

        assert find("s390x", search=f"{tmp_path}/none::{tmp_path}/bin") == Emulator("s390x", path)
        assert find("riscv64", search=f"{tmp_path}/bin") is None

    def test_debian_s_name_is_taken_first(self, tmp_path: Path) -> None:
        program(tmp_path, "qemu-s390x")
        path = program(tmp_path, "qemu-s390x-static")

        assert find("s390x", search=str(tmp_path)) == Emulator("s390x", path)

    def test_what_cannot_run_in_another_tree_is_passed_over(self, tmp_path: Path) -> None:
        shutil.copy(os.path.realpath(sys.executable), tmp_path / "qemu-s390x")
        (tmp_path / "qemu-riscv64").write_text("#!/bin/sh\n")
        (tmp_path / "qemu-arm").write_bytes(b"\x7fELF\x02")
        for path in tmp_path.iterdir():
            path.chmod(0o755)
        program(tmp_path, "qemu-mips").chmod(0o644)

        for architecture in ("s390x", "riscv64", "arm", "mips"):
            assert find(architecture, search=str(tmp_path)) is None

    def test_nobody_has_one_for_an_architecture_without_a_format(self) -> None:
        assert find("wasm", search="/usr/bin") is None


class TestNeeded:
    @pytest.mark.parametrize("text", ["linux/amd64", "linux/amd64/v3", "linux/386"])
    def test_this_machine_needs_none_for_its_own(self, text: str) -> None:
        assert needed(Platform.parse(text), search="/none") == ()

    def test_another_platform_needs_its_emulator(self, tmp_path: Path) -> None:
        path = program(tmp_path, "qemu-s390x-static")

        assert needed(S390X, search=str(tmp_path)) == (Emulator("s390x", path),)

    def test_one_that_runs_two_kinds_of_programs_gets_both_if_they_are_there(self, tmp_path: Path) -> None:
        arm64, arm = program(tmp_path, "qemu-aarch64-static"), program(tmp_path, "qemu-arm-static")

        assert needed(Platform.parse("arm64"), search=str(tmp_path)) == (Emulator("arm64", arm64), Emulator("arm", arm))

    @pytest.mark.usefixtures("unregistered")
    def test_where_there_is_none_the_command_that_helps_is_told(self, tmp_path: Path) -> None:
        program(tmp_path, "qemu-arm-static")
        for platform, name in ("s390x", "qemu-s390x-static"), ("arm64", "qemu-aarch64-static"):
            with pytest.raises(SandboxError) as caught:
                needed(Platform.parse(platform), search=str(tmp_path))

            assert caught.value.message == (
                f"cannot run a process of linux/{platform} on this linux/amd64 machine: there is no {name} in PATH"
            )
            assert caught.value.hint == "apt-get install qemu-user-static"

    def test_what_the_kernel_has_been_told_of_needs_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(emulators, "is_registered", lambda architecture: architecture == "s390x")

        assert needed(S390X, search=str(tmp_path)) == ()

    def test_another_system_cannot_be_emulated(self) -> None:
        with pytest.raises(SandboxError) as caught:
            needed(Platform("windows", "amd64"), search="/usr/bin")

        assert caught.value.message == "a process of windows/amd64 cannot run on linux/amd64"
        assert caught.value.hint == (
            "run it in a stage that begins FROM --platform=$BUILDPLATFORM, and COPY what it makes"
        )


def test_the_kernel_is_asked_whether_it_knows_a_format() -> None:
    known = Path("/proc/sys/fs/binfmt_misc")
    if not (known / "register").exists():
        assert not any(is_registered(architecture) for architecture in FORMATS if architecture not in {"amd64", "386"})
    assert not is_registered("wasm")
