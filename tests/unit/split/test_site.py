"""What lies where the image works."""

from __future__ import annotations

from fakes.splitting import facts_of
from fakes.tree import MemoryTree
from stagemill.split.site import Site

FACTS = facts_of(
    "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN x\nCMD y\n", {"app.js": 'open("docs/a")', "docs/a": "", "test/b": ""}
)


def test_before_a_build_it_is_what_is_copied_and_what_will_be_made() -> None:
    site = Site.foreseen(FACTS).making("dist/index.js", "")

    assert site.names == ("app.js", "dist", "docs", "test")
    assert (site.has("dist/index.js"), site.has("none"), site.is_directory("dist")) == (True, False, True)


def test_after_a_build_it_is_what_is_there() -> None:
    site = Site.after(FACTS, MemoryTree({"app/x": "", "app/dist/y": ""})).making("never")

    assert site.names == ("dist", "x")
    assert (site.path("x"), site.absolute("x"), site.is_directory("x")) == ("app/x", "/app/x", False)


def test_a_path_of_the_image_may_lie_in_it() -> None:
    site = Site.foreseen(FACTS)

    assert [site.relative(path) for path in ("/app/x", "./x", "/srv/x", "/app")] == ["x", "x", "", ""]


def test_a_doubtful_directory_stays_where_a_file_names_it() -> None:
    kept, left = Site.foreseen(FACTS).sorted_out("node", also_left={"docs": "of no use"})

    assert [(item.path, item.why) for item in kept] == [("/app/app.js", ""), ("/app/docs", "app.js names it")]
    assert [item.path for item in left] == ["/app/test"]


def test_the_root_has_what_every_image_has() -> None:
    facts = facts_of("FROM debian\nCOPY . .\nCOPY x /usr/bin/\nRUN x\nCMD y\n", {"app.js": "", "x": ""})

    assert Site.after(facts, MemoryTree({"app.js": "", "usr/bin/sh": "", "etc/passwd": ""})).names == ("app.js",)
    assert Site.foreseen(facts).names == ("app.js", "x")
    assert [Site.foreseen(facts).relative(path) for path in ("/usr/bin/x", "/app/x")] == ["", "app/x"]


def test_packages_that_a_bundle_was_made_of_are_not_taken_back() -> None:
    site = Site.after(FACTS, MemoryTree({"app/dist/a.js": "// node_modules/ms/index.js", "app/node_modules/ms/x": ""}))

    assert [item.path for item in site.sorted_out("node", also_left={"node_modules": "no"})[0]] == ["/app/dist"]
