"""What the mounts of a RUN become, in a sandbox that runs nothing; what the kernel makes of them is in integration/."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import pytest

from fakes.sandbox import Call
from fakes.tree import directory, file, link
from fakes.workshop import Workshop
from stagemill.errors import StagemillError, StoreError
from stagemill.execute.progress import quiet
from stagemill.execute.running import Step, run
from stagemill.execute.tree import Tree
from stagemill.graph.mounts import BindMount, CacheMount, Mount, SecretMount, SshMount, TmpfsMount
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Label, Vertex
from stagemill.sandbox.process import Bind, Data, Stack, Tmpfs

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def ran(
    workshop: Workshop, *mounts: Mount, sources: Sequence[Tree] = (), do: Callable[[Call], None] | None = None
) -> Call:
    """The process of a RUN with these mounts, while which `do` is done."""
    op = Run(args=("make",), env=(("A", "1"),), cwd="/", user="", mounts=mounts)
    if do:
        workshop.sandbox.acts["make"] = do
    step = Step(Vertex(op, (), Label("")), quiet, Event())
    run(op, workshop.tree({"f": ""}), sources, services=workshop.services, forms=workshop.forms, step=step)
    return workshop.sandbox.calls[-1]


class TestBind:
    def test_it_is_the_path_in_the_stacked_layers_of_its_source(self, workshop: Workshop) -> None:
        low = workshop.tree({"d/e": "", "way": link("d")})
        source = workshop.tree({"g": ""}, on=low)

        call = ran(workshop, BindMount("/m", "way"), BindMount("/f", "d/e"), BindMount("/r"), sources=[source] * 3)

        layers = workshop.forms.directories(source)
        assert call.process.mounts == (
            Stack(layers, "d", "/m"),
            Stack(layers, "d/e", "/f", directory=False),
            Stack(layers, "", "/r"),
        )

    def test_what_is_written_has_a_place_that_is_gone_afterwards(self, workshop: Workshop) -> None:
        seen: list[Path] = []

        def look(call: Call) -> None:
            for mount in call.process.mounts:
                assert isinstance(mount, Stack)
                assert mount.upper is not None
                assert mount.work is not None
                assert list(mount.upper.iterdir()) == list(mount.work.iterdir()) == []
                seen.append(mount.upper)

        ran(
            workshop,
            BindMount("/a", writable=True),
            BindMount("/b", writable=True),
            sources=[workshop.tree({"x": ""})] * 2,
            do=look,
        )

        workshop.store.temporary.finish_discarding()
        assert len(set(seen)) == 2
        assert not any(path.exists() for path in seen)

    def test_the_empty_tree_can_be_bound(self, workshop: Workshop) -> None:
        assert ran(workshop, BindMount("/m"), sources=[Tree()]).process.mounts == (Stack((), "", "/m"),)

    def test_a_source_that_is_not_there_is_an_error_with_a_hint(self, workshop: Workshop) -> None:
        with pytest.raises(StagemillError) as caught:
            ran(workshop, BindMount("/m", "no*"), sources=[workshop.tree({"x": ""})])

        assert caught.value.message == '"/no*" of the mount at /m was not found'
        assert caught.value.hint


class TestCache:
    def test_it_is_a_directory_of_the_store_with_a_mode_and_an_owner(self, workshop: Workshop) -> None:
        mounts = (CacheMount("/c", "/c", mode=0o750, uid=5, gid=6), CacheMount("/r", "/r", read_only=True))

        first, second = ran(workshop, *mounts).process.mounts

        assert isinstance(first, Bind)
        assert isinstance(second, Bind)
        status = first.source.stat()
        assert first.source.is_relative_to(workshop.store.root / "caches")
        assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o750, 5, 6)
        assert {(m.target, m.read_only) for m in (first, second)} == {("/c", False), ("/r", True)}
        assert first.source != second.source

    def test_an_old_one_keeps_what_it_has(self, workshop: Workshop) -> None:
        (before,) = ran(workshop, CacheMount("/c", "/c", mode=0o700)).process.mounts
        (after,) = ran(workshop, CacheMount("/c", "/c", mode=0o755, uid=9)).process.mounts

        assert isinstance(before, Bind)
        assert before == after
        assert (stat.S_IMODE(before.source.stat().st_mode), before.source.stat().st_uid) == (0o700, 0)

    def test_one_that_is_mounted_twice_is_taken_once_and_as_strictly_as_anybody_wants(self, workshop: Workshop) -> None:
        def look(call: Call) -> None:
            (first, second) = call.process.mounts
            assert isinstance(first, Bind)
            assert isinstance(second, Bind)
            assert first.source == second.source
            with workshop.store.caches.use("/x", sharing="private", fill=lambda _: None) as other:
                assert other != first.source

        ran(workshop, CacheMount("/a", "/x"), CacheMount("/b", "/x", sharing="locked"), do=look)

    def test_a_source_is_made_in_it(self, workshop: Workshop) -> None:
        (mount,) = ran(workshop, CacheMount("/c", "/x", source="a/b", mode=0o700)).process.mounts

        assert isinstance(mount, Bind)
        assert mount.inside == "a/b"
        assert stat.S_IMODE((mount.source / "a/b").stat().st_mode) == 0o700

    def test_a_source_behind_a_link_is_refused(self, workshop: Workshop) -> None:
        def plant(call: Call) -> None:
            (mount,) = call.process.mounts
            assert isinstance(mount, Bind)
            (mount.source / "link").symlink_to("/")

        ran(workshop, CacheMount("/c", "/x"), do=plant)

        with pytest.raises(StoreError, match="a symbolic link might lead outside"):
            ran(workshop, CacheMount("/c", "/x", source="link/etc"))

    def test_one_that_begins_with_a_tree_has_copies_of_its_files(self, workshop: Workshop) -> None:
        seed = workshop.tree({"s": directory(mode=0o711), "s/f": file("1", uid=7), "s/l": link("/f"), "other": ""})

        (mount,) = ran(
            workshop, CacheMount("/c", "/x", source="s", seeded=True, mode=0o700), sources=[seed]
        ).process.mounts

        assert isinstance(mount, Bind)
        assert mount.inside == ""
        assert sorted(path.name for path in mount.source.iterdir()) == ["f", "l"]
        copied = (mount.source / "f").stat()
        assert (copied.st_uid, copied.st_nlink, stat.S_IMODE(mount.source.stat().st_mode)) == (7, 1, 0o700)

    def test_another_tree_to_begin_with_makes_another_cache(self, workshop: Workshop) -> None:
        def of(text: str) -> object:
            mount = CacheMount("/c", "/x", seeded=True)
            return ran(workshop, mount, sources=[workshop.tree({"f": text})]).process.mounts

        assert of("1") == of("1")
        assert of("1") != of("2")
        assert of("1") != ran(workshop, CacheMount("/c", "/x")).process.mounts

    @pytest.mark.parametrize(("source", "what"), [("none", "was not found"), ("f", "is no directory")])
    def test_a_tree_that_cannot_be_begun_with_is_an_error(self, workshop: Workshop, source: str, what: str) -> None:
        with pytest.raises(StagemillError) as caught:
            ran(workshop, CacheMount("/c", "/x", source=source, seeded=True), sources=[workshop.tree({"f": ""})])

        assert caught.value.message == f'"/{source}", which a cache is to begin with, {what}'
        assert caught.value.hint == "check its source"

    def test_it_is_free_when_the_process_has_ended(self, workshop: Workshop) -> None:
        ran(workshop, CacheMount("/c", "/x", sharing="locked"))

        with workshop.store.caches.use("/x", sharing="private", fill=lambda _: None) as place:
            assert place.name == "0"


def test_a_tmpfs_is_memory(workshop: Workshop) -> None:
    assert ran(workshop, TmpfsMount("/t", 5)).process.mounts == (Tmpfs("/t", 5),)


class TestSecret:
    def test_it_is_a_file_in_memory(self, workshop: Workshop) -> None:
        workshop.secrets["t"] = b"\xff words"

        process = ran(workshop, SecretMount("t", "/t", mode=0o440, uid=1, gid=2)).process

        assert process.mounts == (Data(b"\xff words", "/t", mode=0o440, uid=1, gid=2),)
        assert process.env == (("A", "1"),)

    def test_it_is_a_variable_which_wins_over_the_images(self, workshop: Workshop) -> None:
        workshop.secrets["t"] = b"\xff words"

        process = ran(workshop, SecretMount("t", env="A")).process

        assert process.mounts == ()
        assert dict(process.env) == {"A": "\udcff words"}

    def test_it_may_be_both(self, workshop: Workshop) -> None:
        workshop.secrets["t"] = b"words"

        process = ran(workshop, SecretMount("t", "/t", env="T")).process

        assert process.mounts == (Data(b"words", "/t"),)
        assert process.env[-1] == ("T", "words")

    def test_nothing_that_can_be_printed_shows_it(self, workshop: Workshop) -> None:
        workshop.secrets["t"] = b"words"

        process = ran(workshop, SecretMount("t", "/t", env="T")).process

        assert "words" not in repr(process)
        assert "words" not in repr(process.mounts)

    def test_without_one_there_is_nothing(self, workshop: Workshop) -> None:
        process = ran(workshop, SecretMount("t", "/t", env="T")).process

        assert (process.mounts, process.env) == ((), (("A", "1"),))

    def test_one_that_is_required_must_be_given(self, workshop: Workshop) -> None:
        with pytest.raises(StagemillError) as caught:
            ran(workshop, SecretMount("t", "/t", required=True))

        assert caught.value.message == "secret t: not found"
        assert caught.value.hint == "give it with --secret id=t,src=FILE or --secret id=t,env=VARIABLE"
        assert workshop.sandbox.calls == []

    def test_no_variable_can_hold_a_nul(self, workshop: Workshop) -> None:
        workshop.secrets["t"] = b"a\0b"

        with pytest.raises(StagemillError) as caught:
            ran(workshop, SecretMount("t", env="T"))

        assert caught.value.message == "secret t cannot be in a variable: it holds a NUL"
        assert caught.value.hint == "mount it as a file, with target"


class TestSsh:
    def test_without_an_agent_there_is_nothing(self, workshop: Workshop) -> None:
        process = ran(workshop, SshMount("default", "/s")).process

        assert (process.mounts, process.env) == ((), (("A", "1"),))

    @pytest.mark.parametrize(("name", "hint"), [("default", "--ssh default"), ("git", "--ssh git=SOCKET")])
    def test_one_that_is_required_must_be_given(self, workshop: Workshop, name: str, hint: str) -> None:
        with pytest.raises(StagemillError) as caught:
            ran(workshop, SshMount(name, "/s", required=True))

        assert caught.value.message == f"no SSH agent {name} was given"
        assert caught.value.hint == f"build with {hint}"


def test_an_insecure_run_is_an_insecure_process(workshop: Workshop) -> None:
    op = Run(args=("make",), env=(), cwd="/", user="", security="insecure")
    step = Step(Vertex(op, (), Label("")), quiet, Event())

    run(op, workshop.tree({"f": ""}), services=workshop.services, forms=workshop.forms, step=step)

    assert workshop.sandbox.calls[0].process.insecure
    assert not ran(workshop).process.insecure
