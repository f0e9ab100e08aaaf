"""What a build shows: who wrote what, and what of it is kept."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.splitting import facts_of
from fakes.tree import MemoryTree, Node, directory, file, link
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.split.draft import Draft, Kept, Kind
from stagemill.split.evidence import Evidence, Wrote

BASE: Mapping[str, Node | str] = {"etc/passwd": "root", "usr/bin/sh": "", "tmp": directory()}
FACTS = facts_of("FROM debian\nWORKDIR /app\nRUN make\nCMD x\n")


def evidence(made: Mapping[str, Node | str], *, packages: bool = False, own: bool = False, line: int = 3) -> Evidence:
    """As after a step that has made these beside the base."""
    view = MemoryTree({**BASE, **made})
    base = MemoryTree(BASE)
    new = [path for path in view.nodes if path and (path not in base.nodes or path in made)]
    entries = [
        IndexEntry(path, view.nodes[path].entry, view.digest(path) if view.nodes[path].entry.kind == "file" else None)
        for path in new
    ]
    return Evidence(view, base, [Wrote(line, LayerIndex(entries), packages, own)])


def refined(
    made: Mapping[str, Node | str], kind: Kind = "other", *, packages: bool = False, kept: tuple[Kept, ...] = ()
) -> Draft:
    draft = Draft(kind, "", "debian", "", kept=kept, users=("useradd app",))
    return evidence(made, packages=packages).refined(draft, FACTS)


def test_the_uppermost_new_path_is_what_was_made() -> None:
    assert list(evidence({"data/a/b": "", "data/c": "", "usr/bin/tool": ""}).made()) == [
        ("data", 3),
        ("usr/bin/tool", 3),
    ]


def test_what_was_written_as_it_was_has_not_been_made() -> None:
    assert list(evidence({"etc/passwd": "root"}).made()) == []
    assert list(evidence({"etc/passwd": "root, app"}).made()) == [("etc/passwd", 3)]


def test_a_place_outside_of_the_working_directory_is_kept_with_its_line() -> None:
    draft = refined({"data/a": "", "app/x": ""})

    assert [(item.path, item.directory, item.why) for item in draft.kept] == [("/data", True, "Line 3 has made it.")]


def test_caches_logs_and_users_are_not() -> None:
    draft = refined(
        {"root/.cache/x": "", "tmp/y": "", "var/log/z": "", "etc/passwd": "app", "usr/lib/__pycache__/a.pyc": ""}
    )

    assert draft.kept == ()
    assert [item.path for item in draft.left] == ["/root/.cache", "/tmp/y", "/usr/lib/__pycache__/a.pyc"]
    assert draft.folders == ("/var/log",)


def test_what_packages_bring_is_theirs() -> None:
    made: dict[str, Node | str] = {
        "usr/bin/gcc": "",
        "usr/share/new/x": "",
        "usr/bin/made": "",
        "var/lib/dpkg/info/gcc.list": "/usr/bin/gcc\n/usr/share/new\n/usr/share/new/x\n",
    }

    assert [item.path for item in refined(made).kept] == ["/usr/bin/made"]
    assert refined(made, packages=True).kept == ()


def test_tools_of_npm_and_packages_of_python_have_their_place() -> None:
    made: dict[str, Node | str] = {
        "usr/local/lib/node_modules/pnpm/x": "",
        "usr/local/bin/pnpm": link("../lib/node_modules/pnpm/x"),
    }

    assert refined(made, "node").kept == ()
    assert [item.path for item in refined(made).kept] == ["/usr/local/lib/node_modules/pnpm"]
    assert refined(made).links == (("/usr/local/bin/pnpm", "../lib/node_modules/pnpm/x"),)


def test_a_copy_gives_a_directory_to_whom_it_belonged() -> None:
    made: dict[str, Node | str] = {
        "data": directory(uid=5, gid=6),
        "data/a": file(uid=5, gid=6),
        "both": directory(uid=5),
        "both/b": "",
    }

    assert [(item.path, item.owner) for item in refined(made).kept] == [("/both", ""), ("/data", "5:6")]


def test_the_place_where_the_program_was_compiled_is_no_second_program() -> None:
    made: dict[str, Node | str] = {"app/tool": "program", "app/data": "words", "usr/local/bin/tool": "program"}
    kept = (
        Kept("/usr/local/bin/tool", directory=False),
        Kept("/app/tool", directory=False),
        Kept("/app/data", directory=False),
    )

    assert [item.path for item in refined(made, "c", kept=kept).kept] == ["/usr/local/bin/tool", "/app/data"]


def test_packages_that_the_runtime_has_not_are_weighed() -> None:
    found = evidence(
        {
            "usr/bin/gcc": "12345",
            "var/lib/dpkg/info/gcc.list": "/usr/bin/gcc\n",
            "var/lib/dpkg/info/jq.list": "/usr/bin/jq\n",
        }
    )

    left = found.packages_left(MemoryTree({"var/lib/dpkg/info/jq.list": "/usr/bin/jq\n"}), asked=[])

    assert [(item.path, item.size) for item in left] == [("gcc", 5)]
    assert found.packages_left(MemoryTree({}), asked=["gcc", "jq"]) == ()


def test_a_program_that_was_named_by_a_link_is_not_kept_twice() -> None:
    made: dict[str, Node | str] = {"bin": link("usr/bin"), "usr/bin/tool": "program"}
    kept = (Kept("/bin/tool", directory=False),)

    assert [item.path for item in refined(made, "go", kept=kept).kept] == ["/bin/tool", "/bin"]


def test_a_virtual_environment_takes_the_place_of_packages() -> None:
    made: dict[str, Node | str] = {"usr/local/lib/python3.11/dist-packages/pip/x": "", "usr/local/bin/pip": ""}
    found = evidence(made).refined(Draft("python", "", "debian", "", environment="/opt/venv"), FACTS)

    assert (found.kept, {item.why for item in found.left}) == ((), {"the virtual environment takes its place"})


CONF: dict[str, Node | str] = {
    "etc/nginx.conf": "changed",
    "etc/other.conf": "a",
    "var/lib/dpkg/info/nginx.list": "/etc/nginx.conf\n/etc/other.conf\n",
    "var/lib/dpkg/status": "Package: nginx\nConffiles:\n /etc/nginx.conf 00\n /etc/other.conf 0cc175b9c0f1b6a831c399e269772661\n",
}


def test_a_package_s_file_that_a_step_has_changed_is_kept() -> None:
    facts = Draft("other", "", "debian", "")

    assert [item.path for item in evidence(CONF).refined(facts, FACTS).kept] == ["/etc/nginx.conf"]
    assert evidence(CONF, packages=True).refined(facts, FACTS).kept == ()


def test_what_a_copy_has_written_is_nobody_else_s() -> None:
    made: dict[str, Node | str] = {
        "root/.config/app": "",
        "etc/environment": "",
        "tmp/list": "",
        "root/.npmrc": "secret",
    }
    draft = Draft("other", "", "debian", "")

    assert [item.path for item in evidence(made, own=True).refined(draft, FACTS).kept] == [
        "/etc/environment",
        "/root/.config",
    ]
    assert evidence(made).refined(draft, FACTS).kept == ()


def test_a_directory_that_a_compiler_has_worked_in_leaves_its_sources() -> None:
    made: dict[str, Node | str] = {
        "src/main.go": "",
        "src/go.mod": "",
        "src/conf.d/a": "",
        "src/bin": "program",
        "usr/bin/srv": "program",
    }
    kept = (Kept("/usr/bin/srv", directory=False),)

    draft = refined(made, "go", kept=kept)

    assert [item.path for item in draft.kept] == ["/usr/bin/srv", "/src/conf.d"]
    assert [item.path for item in draft.left] == ["/src/bin", "/src/go.mod", "/src/main.go"]


def test_what_lies_beside_the_working_directory_counts() -> None:
    facts = facts_of("FROM debian\nWORKDIR /repo/packages/api\nRUN make\nCMD x\n")
    made: dict[str, Node | str] = {"repo/packages/api/x": "", "repo/packages/lib/y": "", "repo/node_modules/z": ""}

    draft = evidence(made).refined(Draft("node", "", "debian", ""), facts)

    assert [item.path for item in draft.kept] == ["/repo/node_modules", "/repo/packages/lib"]


def test_what_nothing_has_touched_is_not_kept_where_the_base_has_it() -> None:
    draft = Draft(
        "c",
        "",
        "debian",
        "",
        kept=(Kept("/app/x", directory=False), Kept("/usr/bin/sh", directory=False), Kept("/tmp", directory=True)),
    )

    assert [item.path for item in evidence({"app/x": ""}).refined(draft, FACTS).kept] == ["/app/x"]


def test_a_tool_of_npm_that_the_image_starts_is_kept() -> None:
    made: dict[str, Node | str] = {
        "usr/local/lib/node_modules/@a/pm/x": "",
        "usr/local/lib/node_modules/tsc/x": "",
        "usr/local/bin/pm": link("../lib/node_modules/@a/pm/x"),
    }

    draft = evidence(made).refined(Draft("node", "", "node:22-slim", ""), FACTS, ["pm"])

    assert [item.path for item in draft.kept] == ["/usr/local/lib/node_modules/@a"]
    assert draft.links == (("/usr/local/bin/pm", "../lib/node_modules/@a/pm/x"),)


def test_packages_that_the_text_does_not_name_are_asked_for_too() -> None:
    made: dict[str, Node | str] = {
        "var/lib/dpkg/status": "Package: jq\nVersion: 1\n\nPackage: gcc\nVersion: 1\n\nPackage: libjq1\nVersion: 1\n",
        "var/lib/apt/extended_states": "Package: libjq1\nAuto-Installed: 1\n",
    }

    assert evidence(made).unnamed(FACTS) == ("jq",)
    assert evidence({"var/lib/dpkg/status": made["var/lib/dpkg/status"]}).unnamed(FACTS) == ()
