"""What a sandbox is told of its tree."""

from __future__ import annotations

from fakes.tree import MemoryTree, directory, file, link
from stagemill.sandbox.inside.tree import Facts
from stagemill.sandbox.seen import facts

ROOT = Facts(directory=True, link=None, mode=0o755, uid=0, gid=0, mtime_ns=0, xattrs=[])


def test_paths_on_the_way_to_a_target_are_told_and_no_others() -> None:
    tree = MemoryTree(
        {"etc": directory(mode=0o700, uid=1, mtime_ns=5), "etc/hosts": "", "etc/passwd": "", "usr": directory()}
    )

    assert facts(tree, ["/etc/hosts", "/srv/new"]) == {
        "": ROOT,
        "etc": ROOT._replace(mode=0o700, uid=1, mtime_ns=5),
        "etc/hosts": ROOT._replace(directory=False, mode=0o644),
    }


def test_links_are_told_with_what_they_lead_to() -> None:
    tree = MemoryTree({"var/run": link("/run"), "run": directory(xattrs=(("user.note", b"\xff"),)), "run/x": file()})

    told = facts(tree, ["/var/run/x"])

    assert list(told) == ["", "var", "var/run", "run", "run/x"]
    assert told["var/run"].link == "/run"
    assert told["run"].xattrs == [("user.note", "ff")]


def test_a_circle_of_links_is_told_as_it_is() -> None:
    assert facts(MemoryTree({"a": link("b"), "b": link("a")}), ["/a/x"]).keys() == {"", "a", "b"}
