"""What a copy does not bring, and what brings it."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.splitting import facts_of
from fakes.tree import MemoryTree, Node, directory, link
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.split import finish
from stagemill.split.draft import Draft, Kept, Line
from stagemill.split.evidence import Evidence, Wrote
from stagemill.split.finish import Runtime

FACTS = facts_of("FROM debian\nWORKDIR /app\nRUN make\nCMD x\n")
BASE: Mapping[str, Node | str] = {"app": directory(), "etc/passwd": "root", "var/log": directory()}
DRAFT = Draft("c", "", "debian", "")


def lacking(
    old: Mapping[str, Node | str], new: Mapping[str, Node | str], draft: Draft = DRAFT, *gone: str
) -> list[str]:
    """The commands for a runtime, where the steps have made all that the base has not, and have removed these."""
    view = MemoryTree({**BASE, **old})
    entries = [IndexEntry(path, node.entry) for path, node in view.nodes.items() if node.entry.kind == "dir"]
    entries += [IndexEntry(path, node.entry) for path, node in view.nodes.items() if path.endswith(".crt")]
    entries += [IndexEntry(path, directory().entry, whiteout=True) for path in gone]
    evidence = Evidence(view, MemoryTree(BASE), [Wrote(3, LayerIndex(entries))])
    found = finish.lacking(FACTS, draft, Runtime(evidence, MemoryTree({**BASE, **new}), MemoryTree(BASE)))
    return [line.text for line in finish.in_order(found)]


def test_a_runtime_that_is_what_the_image_was_lacks_nothing() -> None:
    same: dict[str, Node | str] = {"data": directory(uid=5, mode=0o700), "etc/x": ""}

    assert lacking(same, same) == []


def test_directories_get_their_owners_and_modes() -> None:
    old: dict[str, Node | str] = {
        "app": directory(uid=5, gid=6),
        "var/log": directory(mode=0o1777),
        "tmp": directory(mode=0o1777),
        "gone": directory(mode=0o700),
    }

    assert lacking(old, {"tmp": directory()}) == ["chown 5:6 /app", "chmod 1777 /var/log"]


def test_links_are_made_and_not_copied() -> None:
    draft = Draft("c", "", "debian", "", links=(("/usr/local/bin/tool", "/opt/tool/tool"), ("/a/b/c", "/x y")))
    there: dict[str, Node | str] = {"usr/local/bin/tool": link("/opt/tool/tool")}

    assert lacking(there, there, draft) == ["mkdir -p /a/b && ln -sfn '/x y' /a/b/c"]
    assert [line.text for line in finish.links(draft)] == [
        "ln -sfn /opt/tool/tool /usr/local/bin/tool",
        "mkdir -p /a/b && ln -sfn '/x y' /a/b/c",
    ]


def test_places_to_write_to_are_made_as_they_were() -> None:
    draft = Draft("c", "", "debian", "", folders=("/var/log/app",))

    assert lacking({"var/log/app": directory(uid=5)}, {}, draft) == ["mkdir -p /var/log/app", "chown 5:0 /var/log/app"]


def test_what_was_removed_is_removed_again() -> None:
    came_back: dict[str, Node | str] = {"etc/nginx/default": "", "usr/bin/su": "", "usr/share/doc/x": ""}

    assert lacking({}, came_back, DRAFT, "usr/bin/su", "usr/share/doc/x") == ["rm -rf /etc/nginx/default /usr/bin/su"]


def test_the_loader_learns_of_libraries_that_its_list_has_not() -> None:
    new: dict[str, Node | str] = {
        "usr/local/lib/libx.so.1": "",
        "etc/ld.so.conf": "/usr/local/lib\n",
        "etc/ld.so.cache": "/usr/local/lib/liby.so\0",
    }
    draft = Draft("c", "", "debian", "", kept=(Kept("/usr/local/lib/libx.so.1", directory=False),))

    assert lacking(new, new, draft) == ["ldconfig"]
    assert lacking(new, {**new, "etc/ld.so.cache": "/usr/local/lib/libx.so.1\0"}, draft) == []
    assert lacking(new, new, DRAFT) == []


def test_certificates_of_its_own_are_trusted_again() -> None:
    old: dict[str, Node | str] = {
        "usr/local/share/ca-certificates/own.crt": "own",
        "etc/ssl/certs/ca-certificates.crt": "own and others",
    }

    assert lacking(old, {"etc/ssl/certs/ca-certificates.crt": "others"}) == ["update-ca-certificates"]
    assert lacking(old, old) == []


def test_what_is_done_already_is_not_said_again() -> None:
    draft = Draft("c", "", "debian", "", finish=(Line("chown 5:6 /app", "why"),))

    assert lacking({"app": directory(uid=5, gid=6)}, {}, draft) == []
