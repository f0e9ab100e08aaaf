"""Which changes count for a build that watches its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.watching.scope import scope


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "app"
    path.mkdir()
    (path / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.chdir(path)
    return path


def write(folder: Path, name: str, text: str = "") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_every_file_of_the_context_counts_and_no_other(folder: Path) -> None:
    what = scope(".", None)

    assert what.counts(f"{folder}/src/main.c")
    assert not what.counts(f"{folder.parent}/other")
    assert not what.counts(f"{folder}-not/main.c")


def test_what_is_ignored_does_not_count_but_the_exceptions_do(folder: Path) -> None:
    write(folder, ".dockerignore", "dist\n*.log\n!dist/keep\n")

    what = scope(".", None)

    assert [what.counts(f"{folder}/{path}") for path in ("a.log", "dist/x", "dist/keep", "src/a.log")] == [
        False, False, True, True,
    ]  # fmt: skip


def test_the_dockerfile_and_the_ignore_files_count_though_they_are_ignored(folder: Path) -> None:
    write(folder, ".dockerignore", "*\n")

    what = scope(".", None)

    assert [what.counts(f"{folder}/{name}") for name in ("Dockerfile", "Dockerfile.dockerignore", ".dockerignore", "a")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_a_dockerfile_that_is_not_there_yet_counts(folder: Path) -> None:
    (folder / "Dockerfile").unlink()
    write(folder, ".dockerignore", "*file\n")

    what = scope(".", None)

    assert what.counts(f"{folder}/Containerfile")


def test_a_dockerfile_elsewhere_counts_and_so_does_what_it_links_to(folder: Path) -> None:
    write(folder.parent, "real/of.Dockerfile")
    (folder.parent / "conf").mkdir()
    (folder.parent / "conf/Dockerfile").symlink_to("../real/of.Dockerfile")

    what = scope(".", Path("../conf/Dockerfile"))

    assert what.counts(f"{folder.parent}/conf/Dockerfile")
    assert what.counts(f"{folder.parent}/real/of.Dockerfile")
    assert not what.counts(f"{folder.parent}/conf/other")
    assert {f"{folder.parent}/conf", f"{folder.parent}/real"} <= set(what.folders())


def test_a_file_of_rules_that_is_named_takes_the_place_of_the_others(folder: Path) -> None:
    write(folder, ".dockerignore", "a\n")
    write(folder.parent, "rules", "b\n")

    what = scope(".", None, ignore_file="../rules")

    assert [what.counts(f"{folder}/{name}") for name in ("a", "b", "../rules".replace("../", ""))] == [
        True, False, True,
    ]  # fmt: skip
    assert what.counts(f"{folder.parent}/rules")


def test_named_contexts_have_rules_of_their_own(folder: Path) -> None:
    write(folder, ".dockerignore", "lib.c\n")
    write(folder.parent, "lib/.dockerignore", "*.o\n")

    what = scope(".", None, named=[Path("../lib"), Path("../gone")])

    assert what.counts(f"{folder.parent}/lib/lib.c")
    assert what.counts(f"{folder.parent}/lib/.dockerignore")
    assert not what.counts(f"{folder.parent}/lib/lib.o")


def test_rules_that_cannot_be_read_leave_nothing_out(folder: Path) -> None:
    write(folder, ".dockerignore", "[\n")

    assert scope(".", None).counts(f"{folder}/a")


def test_what_the_build_writes_does_not_count_nor_its_drafts(folder: Path) -> None:
    what = scope(".", None, own=["iid", "out"])

    assert [what.counts(f"{folder}/{path}") for path in ("iid", ".iid.0a1b2c3d", "out/a/b", ".other.0a1b2c3d", "iid2")] == [
        False, False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("name", [".main.c.swp", "main.c~", "4913", ".#main.c", "main.c___jb_tmp___"])
def test_what_editors_leave_beside_a_file_does_not_count(folder: Path, name: str) -> None:
    assert not scope(".", None).counts(f"{folder}/src/{name}")


def test_the_directories_are_those_that_a_build_looks_into_and_links_are_not_followed(folder: Path) -> None:
    write(folder, ".dockerignore", "node_modules\nkept\n!kept/this/a\n")
    for name in ("src/deep/a", "node_modules/x/y", "kept/this/a", "out/b"):
        write(folder, name)
    (folder / "link").symlink_to("/usr")

    found = scope(".", None, own=["out"]).folders()

    assert found == [
        str(folder.parent), *(f"{folder}{end}" for end in ("", "/kept", "/kept/this", "/src", "/src/deep")),
    ]  # fmt: skip


def test_of_a_context_that_is_gone_the_directory_above_is_watched_until_it_comes(folder: Path) -> None:
    what = scope("none/such", None)

    assert what.folders() == [str(folder)]
    assert what.counts(f"{folder}/none")
    assert what.counts(f"{folder}/none/such")
