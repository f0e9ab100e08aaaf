"""What a container sees of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.container import mounts
from stagemill.errors import UsageError
from stagemill.graph.mounts import HostMount
from stagemill.sandbox.process import Bind, Tmpfs


def test_volumes_are_binds() -> None:
    found = mounts.volumes([HostMount("/a", "/b"), HostMount("/c", "/d", read_only=True)])

    assert list(found) == [Bind(Path("/a"), "/b", read_only=False), Bind(Path("/c"), "/d", read_only=True)]


class TestMount:
    @pytest.mark.parametrize(
        ("rest", "read_only"),
        [
            ("source={},target=/x", False),
            ("src={},dst=/x,readonly", True),
            ("source={},destination=/x,ro=true", True),
            ("source={},target=/x,readonly=false", False),
            ("source={},target=/x,ro=1,bind-propagation=rprivate,consistency=cached", True),
        ],
    )
    def test_a_bind_is_a_path_here_and_one_inside(self, tmp_path: Path, rest: str, read_only: bool) -> None:
        assert mounts.mount(f"type=bind,{rest.format(tmp_path)}") == Bind(tmp_path, "/x", read_only=read_only)

    def test_a_relative_source_is_from_here_and_may_have_a_comma_in_quotes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a,b").mkdir()
        monkeypatch.chdir(tmp_path)

        assert mounts.mount('type=bind,"source=./a,b",target=/x') == Bind(tmp_path / "a,b", "/x", read_only=False)

    def test_memory_has_a_size_and_a_mode(self) -> None:
        assert mounts.mount("type=tmpfs,target=/x") == Tmpfs("/x", executable=False)
        assert mounts.mount("type=tmpfs,dst=/x,tmpfs-size=64m,tmpfs-mode=770") == Tmpfs(
            "/x", 64 << 20, mode=0o770, executable=False
        )

    @pytest.mark.parametrize(
        ("text", "message", "hint"),
        [
            ("source=a,target=/x", "stagemill keeps no volumes", "name a directory of this machine: "),
            ("type=volume,target=/x", "stagemill keeps no volumes", "name a directory of this machine: "),
            ("type=npipe,target=/x", "npipe is not supported", "name a directory of this machine: "),
            ("type=bind,source=/tmp,targt=/x", "there is no key 'targt'", "did you mean target?"),
            ("type=tmpfs,target=/x,source=/y", "there is no key 'source'", "keys are target, tmpfs-mode, tmpfs-size"),
            ("type=bind,source=/tmp", "it has no absolute target", "write target=/path/inside"),
            ("type=bind,source=/tmp,target=x", "it has no absolute target", "write target=/path/inside"),
            ("type=bind,target=/x", "there is no source", "make it first"),
            ("type=bind,source=/no/such,target=/x", "there is no /no/such", "make it first"),
            ("type=bind,source=/tmp,target=/x,bind-propagation=shared", "mounts are not shared with this machine", "leave out"),
            ("type=tmpfs,target=/x,tmpfs-size=big", "'big' is no size", "write such as 64m"),
            ("type=tmpfs,target=/x,tmpfs-mode=rwx", "'rwx' is no mode", "write such as 1777"),
            ("type=tmpfs,target=/x,tmpfs-mode=17777", "'17777' is no mode", "write such as 1777"),
        ],
    )  # fmt: skip
    def test_what_is_none_is_told(self, text: str, message: str, hint: str) -> None:
        with pytest.raises(UsageError) as caught:
            mounts.mount(text)

        assert caught.value.message == f"invalid --mount {text!r}: {message}"
        assert (caught.value.hint or "").startswith(hint)


class TestTmpfs:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("/run", Tmpfs("/run", executable=False)),
            ("/run:rw,noexec,nosuid,size=65536k,mode=755", Tmpfs("/run", 64 << 20, mode=0o755, executable=False)),
            ("/run:exec,uid=7,gid=8", Tmpfs("/run", uid=7, gid=8)),
        ],
    )
    def test_memory_is_at_a_path(self, text: str, expected: Tmpfs) -> None:
        assert mounts.tmpfs(text) == expected

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("run", "'run' is no absolute path"),
            ("/run:suid", "there is no option 'suid'"),
            ("/run:size=much", "'much' is no size"),
            ("/run:mode=9", "'9' is no mode"),
            ("/run:uid=me", "'me' is no number"),
        ],
    )
    def test_what_is_none_is_told(self, text: str, message: str) -> None:
        with pytest.raises(UsageError) as caught:
            mounts.tmpfs(text)

        assert caught.value.message == f"invalid --tmpfs {text!r}: {message}"


class TestDevice:
    @pytest.mark.parametrize("text", ["/dev/null", "/dev/null:/dev/null", "/dev/null:rwm", "/dev/null:/dev/null:rw"])
    def test_a_device_is_shown_where_it_is_or_elsewhere(self, text: str) -> None:
        assert list(mounts.device(text)) == [Bind(Path("/dev/null"), "/dev/null", read_only=False)]
        assert next(mounts.device("/dev/null:/dev/sink")).target == "/dev/sink"

    def test_of_a_directory_all_devices_are(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub/null").symlink_to("/dev/null")
        (tmp_path / "file").touch()
        (tmp_path / "sub/up").symlink_to("..")

        assert list(mounts.device(f"{tmp_path}:/dev/x")) == [
            Bind(tmp_path / "sub/null", "/dev/x/sub/null", read_only=False)
        ]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("/dev/null:r", "invalid --device '/dev/null:r'"),
            ("null", "invalid --device 'null'"),
            ("/dev/none", "invalid --device '/dev/none': /dev/none is no device"),
            ("/etc/passwd", "invalid --device '/etc/passwd': /etc/passwd is no device"),
        ],
    )
    def test_what_is_none_is_told(self, text: str, message: str) -> None:
        with pytest.raises(UsageError) as caught:
            list(mounts.device(text))

        assert caught.value.message == message

    @pytest.mark.parametrize(("text", "named"), [("nvidia.com/gpu=all", True), ("v/c=*", True), ("/dev/null", False)])
    def test_a_device_may_have_a_name(self, text: str, named: bool) -> None:
        assert mounts.is_name(text) is named
