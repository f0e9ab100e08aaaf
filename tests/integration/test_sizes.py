"""`size`, `diff` and budgets over real builds, beside what Python's tarfile reads in the same layers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fakes import weighing
from fakes.mill import Mill
from fakes.user import make_user

NOISE = "dd if=/dev/urandom bs=1000"
LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"devDependencies": {"tester": "1"}, "dependencies": {"needed": "1"}},
        "node_modules/needed": {"version": "1.0.0"},
        "node_modules/tester": {"version": "1.0.0", "dev": True},
    },
}
FAULTS = f"""FROM busybox AS tools
RUN mkdir /out && {NOISE} count=40 of=/out/app
FROM busybox AS runtime
RUN {NOISE} count=90 of=/big && {NOISE} count=9 of=/kept
RUN rm /big
COPY --from=tools /out/app /app
RUN chmod 700 /app
RUN mkdir -p /var/cache/apk && {NOISE} count=70 of=/var/cache/apk/index.tar.gz
RUN cp /kept /copy
COPY project /srv
"""
PROJECT = {
    "project/package.json": json.dumps({"name": "project"}),
    "project/package-lock.json": json.dumps(LOCK),
    "project/node_modules/needed/package.json": '{"name": "needed", "version": "1.0.0"}',
    "project/node_modules/needed/index.js": "x" * 5000,
    "project/node_modules/tester/package.json": '{"name": "tester", "version": "1.0.0"}',
    "project/node_modules/tester/index.js": "y" * 6000,
}


@pytest.fixture(scope="module")
def faulty(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Mill:
    """An image with five faults: the archive of it is `faulty.tar`."""
    mill = Mill(base.root, base.folder).copy(tmp_path_factory.mktemp("faulty") / "mill")
    mill.write(PROJECT)
    mill.build(FAULTS, "-t", "faulty", "-o", "type=oci,dest=faulty.tar")
    return mill


def document(mill: Mill, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(mill.ok("size", "--json", "--progress=quiet", *arguments).out)
    return found


def tar_of(layers: list[weighing.Layer], path: str, *, first: bool = True) -> tuple[int, int]:
    """What the first (or the last) member of a path takes of its tar, and its size, as tarfile reads it."""
    found = [member for layer in layers for member in layer.members if member.path == path]
    member = found[0 if first else -1]
    return member.tar, member.size


def test_five_planted_faults_are_found_to_the_byte_and_nothing_else(faulty: Mill) -> None:
    layers = weighing.layers((faulty.folder / "faulty.tar").read_bytes())

    found = document(faulty, "faulty")

    tester = "srv/node_modules/tester"
    wanted = {
        ("deleted later", "big", 1, 2, *tar_of(layers, "big")),
        ("overwritten by itself", "app", 3, 4, *tar_of(layers, "app")),
        ("package manager's cache", "var/cache/apk/index.tar.gz", 5, None, *tar_of(layers, "var/cache/apk/index.tar.gz")),
        ("copy of another file", "copy", 6, None, *tar_of(layers, "copy")),
        ("development dependency", f"{tester}/index.js", 7, None, *tar_of(layers, f"{tester}/index.js")),
        ("development dependency", f"{tester}/package.json", 7, None, *tar_of(layers, f"{tester}/package.json")),
    }  # fmt: skip
    assert {
        (each["kind"], each["path"], each["layer"], each["by"], each["tar"], each["size"])
        for each in found["waste"]["entries"]
    } == wanted
    assert found["waste"]["tar"] == sum(each[4] for each in wanted)
    assert found["waste"]["size"] == 90_000 + 40_000 + 70_000 + 9_000 + 6_000 + len(
        PROJECT["project/node_modules/tester/package.json"]
    )
    because = {each["path"]: each["because"] for each in found["waste"]["entries"] if each["because"]}
    assert because == {
        "copy": "kept",
        f"{tester}/index.js": "srv/package-lock.json",
        f"{tester}/package.json": "srv/package-lock.json",
    }
    # What cannot be compressed is shipped as large as it is: to what is known every 4 KiB.
    shares = {each["path"]: each["pulled"] for each in found["waste"]["entries"]}
    assert 89_000 < shares["big"] < 91_000
    assert 8_500 < shares["copy"] < 9_500


ODD_FAULTS = f"""FROM busybox
RUN mkdir -p /d/e /gone/deeper /becomes && {NOISE} count=20 of=/d/e/old && {NOISE} count=30 of=/first && ln /first /second && ln /first /third
RUN {NOISE} count=5 of=/gone/deeper/x && {NOISE} count=5 of=/becomes/x && {NOISE} count=3 of=/file && ln -s file /to-file
RUN truncate -s 3000000 /sparse && {NOISE} count=1 seek=2000 of=/sparse conv=notrunc && touch "/$(printf %0200d 7)"
RUN rm /first
RUN rm -rf /d && mkdir -p /d/e && echo new > /d/e/new
RUN rm -rf /becomes && echo file > /becomes
RUN rm /file && mkdir /file && echo 1 > /file/inside
RUN rm -rf /gone /sparse "/$(printf %0200d 7)" && chmod 600 /second
"""


def test_odd_faults_are_found_as_tarfile_reads_them(base: Mill, tmp_path: Path) -> None:
    mill = Mill(base.root, base.folder).copy(tmp_path / "mill")
    mill.build(ODD_FAULTS, "-t", "odd", "-o", "type=oci,dest=odd.tar")

    found = document(mill, "odd")

    layers = weighing.layers((mill.folder / "odd.tar").read_bytes())
    wanted = weighing.reading(layers)
    assert weighing.hidden_of(found) == wanted.hidden
    assert {(each.kind, each.path) for each in wanted.hidden} == {
        ("deleted later", "d/e"), ("deleted later", "d/e/old"),
        ("overwritten later", "becomes"), ("overwritten later", "becomes/x"),
        ("overwritten later", "file"),
        ("deleted later", "gone"), ("deleted later", "gone/deeper"), ("deleted later", "gone/deeper/x"),
        ("deleted later", "sparse"), ("deleted later", "0" * 199 + "7"),
        ("overwritten by itself", "second"),
    }  # fmt: skip
    assert wanted.shown["third"][1] == 30_000  # the first name of it is gone
    assert found["size"] == sum(size for _, size in wanted.shown.values())


def test_layers_add_up_to_their_blobs_and_files_to_their_tars(faulty: Mill) -> None:
    archive = (faulty.folder / "faulty.tar").read_bytes()

    found = document(faulty, "faulty")
    rows = faulty.ok("size", "--by=file", "--format={{.Path}} {{.TarBytes}} {{.Bytes}}", "faulty").out.splitlines()

    layers = weighing.layers(archive)
    assert [(each["pulled"], each["tar"]) for each in found["layers"]] == [(each.blob, each.tar) for each in layers]
    assert found["pulled"] == sum(layer.blob for layer in layers)
    assert {path: (int(tar), int(size)) for path, tar, size in map(str.split, rows)} == {
        f"/{path}": facts for path, facts in weighing.shown(archive).items()
    }


def test_an_image_is_the_same_in_the_store_and_in_an_archive_and_in_another_compression(
    faulty: Mill, tmp_path: Path
) -> None:
    faulty.ok("build", "-q", "-o", "type=oci,dest=zstd.tar,compression=zstd,force-compression=true", ".")

    stored, archived, zstd = (
        document(faulty, name) for name in ("faulty", "oci-archive:faulty.tar", "oci-archive:zstd.tar")
    )

    for key in ("layers", "directories", "packages", "waste", "digest", "pulled"):
        assert stored[key] == archived[key]
    assert stored["waste"]["tar"] == zstd["waste"]["tar"]
    assert [layer["tar"] for layer in stored["layers"]] == [layer["tar"] for layer in zstd["layers"]]
    assert stored["pulled"] != zstd["pulled"]


def test_a_build_says_line_and_stage_of_each_layer(faulty: Mill) -> None:
    found = document(faulty, ".")

    layers = found["image"]["layers"]
    assert [(layer["stage"], layer["line"]) for layer in layers] == [
        ("", 0),
        *(("runtime", line) for line in range(4, 11) if line),
    ]
    assert layers[0]["base"].endswith("busybox:latest")
    assert [stage["title"] for stage in found["stages"]] == ["tools", "runtime"]
    assert found["stages"][0]["carried"] >= 40_000


def test_the_budget_of_a_stage_is_what_tarfile_reads_in_its_layers(faulty: Mill) -> None:
    faulty.ok("build", "-q", "--target=tools", "-o", "type=oci,dest=tools.tar", ".")
    sizes = {
        stage: sum(
            member.size for layer in weighing.layers((faulty.folder / file).read_bytes()) for member in layer.members
        )
        for stage, file in (("tools", "tools.tar"), ("runtime", "faulty.tar"))
    }

    def budgets(less: int) -> list[str]:
        return [f"--max-size={stage}={size - less}" for stage, size in sizes.items()]

    holds = faulty.ok("size", "--progress=quiet", "--json", *budgets(0), ".").out
    fails = faulty("size", "--progress=quiet", *budgets(1), ".")

    found = json.loads(holds)
    assert {stage["title"]: stage["total"] for stage in found["stages"]} == sizes
    assert [(line["what"], line["found"], line["holds"]) for line in found["budget"]] == [
        ("stage runtime", sizes["runtime"], True), ("stage tools", sizes["tools"], True),
    ]  # fmt: skip
    assert (fails.status, fails.err.splitlines()[0]) == (
        1,
        "error: runtime is over its budget: stage runtime, stage tools",
    )
    assert faulty.fail("build", "-q", *budgets(1), ".").count(" 1 B over") == 2


def test_the_last_build_is_told_as_it_was_made(faulty: Mill) -> None:
    faulty.ok("build", "-q", "-t", "remembered", ".")

    record, image = document(faulty)["image"], document(faulty, "remembered")

    for key in ("pulled", "tar", "size", "files", "directories", "packages"):
        assert record[key] == image[key]
    assert faulty.ok("diff", ":runtime", "remembered").out.endswith("have the same files, packages and config\n")


def test_a_build_that_is_over_its_budget_gives_nothing(faulty: Mill) -> None:
    before = faulty.ok("images", "-q").out

    said = faulty.fail(
        "build", "--progress=plain", "--max-size=1kB", "-t", "never", "-o", "type=oci,dest=never.tar", "."
    )

    assert "error: runtime is over its budget: size" in said
    assert "BUDGET" in said
    assert faulty.ok("images", "-q").out == before
    assert not (faulty.folder / "never.tar").exists()


def test_growth_is_measured_from_the_image_that_has_the_name(faulty: Mill) -> None:
    faulty.ok("tag", "faulty", "grown")
    (faulty.folder / "project" / "more").write_bytes(bytes(range(256)) * 400)

    refused = faulty.fail("build", "--progress=plain", "--max-growth=100B", "-t", "grown", ".")
    taken = faulty.ok("build", "--progress=plain", "--max-growth=200kB", "-t", "grown", ".").err
    again = faulty.ok("build", "--progress=plain", "--max-growth=1B", "-t", "first", ".").err
    (faulty.folder / "Other").write_text(FAULTS)
    first = faulty.ok("build", "--progress=plain", "--max-growth=1B", "-t", "second", "-f", "Other", ".").err
    (faulty.folder / "project" / "more").unlink()
    (faulty.folder / "Other").unlink()

    assert "is over its budget: growth" in refused
    assert "growth" in taken
    assert "growth     0 B" in again  # measured from the last build of the same stage
    assert "there is no image before runtime" in first


@pytest.mark.root
def test_an_ordinary_user_is_told_of_files_that_only_their_owner_may_read(base: Mill) -> None:
    with make_user() as user:
        mill = user.mill("closed")
        tar = mill.folder.parent / "busybox.tar"
        shutil.copy(base.root.parent / "busybox.tar", tar)
        tar.chmod(0o644)
        mill.ok("load", "-i", str(tar))
        closed = "mkdir /s && echo {} > /s/package-lock.json && chown -R 1000:1000 /s && chmod -R go= /s"
        mill.build(f"FROM busybox AS closed\nRUN {closed}\nRUN rm -r /s\n")

        found, of_path = document(mill), document(mill, ".")

        hidden = {(each["kind"], each["path"], each["size"]) for each in found["image"]["waste"]["entries"]}
        assert hidden == {("deleted later", "s", 0), ("deleted later", "s/package-lock.json", 3)}
        assert found["stages"] == of_path["stages"]


def test_diff_tells_files_and_config(faulty: Mill) -> None:
    (faulty.folder / "Dockerfile").write_text(FAULTS + "RUN rm /copy && chmod 755 /app\nENV A=b\nUSER alice\n")
    try:
        found = json.loads(faulty.ok("diff", "--json", "--progress=quiet", "faulty", ".").out)
        said = faulty("diff", "--exit-code", "--progress=quiet", "faulty", ".")
    finally:
        (faulty.folder / "Dockerfile").write_text(FAULTS)

    assert [(each["path"], each["change"]) for each in found["files"]] == [("app", "changed"), ("copy", "removed")]
    assert found["files"][0]["facts"] == {"mode": {"before": "0700", "after": "0755"}}
    assert [(each["key"], each["before"], each["after"]) for each in found["config"]] == [
        ("config.Env.A", None, "b"), ("config.User", None, "alice"),
    ]  # fmt: skip
    assert said.status == 1
    assert "− /copy" in said.out


def test_stages_are_compared_by_name(faulty: Mill) -> None:
    said = faulty.ok("diff", "--progress=quiet", "target:tools", "target:runtime").out

    assert "− /out/app" in said
    assert "+ /srv/package.json" in said


def test_a_budget_that_comes_later_is_not_answered_from_what_was_said_before(faulty: Mill) -> None:
    (faulty.folder / ".dockerignore").write_text("stagemill.toml\n.dockerignore\n*.tar\n")
    for _ in range(2):
        faulty.ok("build", "--progress=plain", "-t", "again", ".")
    (faulty.folder / "stagemill.toml").write_text('[size]\nmax-size = "1kB"\n')
    try:
        for _ in range(2):
            assert "is over its budget: size" in faulty.fail("build", "--progress=plain", "-t", "again", ".")
    finally:
        (faulty.folder / "stagemill.toml").unlink()


def test_a_base_that_nobody_unpacked_is_weighed_as_it_is(base: Mill, tmp_path: Path) -> None:
    mill = Mill(tmp_path / "store", tmp_path / "context")
    mill.folder.mkdir()
    mill.ok("load", "-i", str(base.root.parent / "busybox.tar"))
    mill.write(
        {
            "Dockerfile": "FROM busybox AS first\nCOPY --link app /app\nFROM first\nCOPY --link app /again\n",
            "app": "x" * 5000,
        }
    )

    found = document(mill, ".")

    stored = document(mill, "busybox")
    first, last = found["stages"]
    assert (first["base"], first["total"]) == (stored["size"], stored["size"] + 5000)
    assert (last["base"], last["own"], last["carried"]) == (stored["size"] + 5000, 5000, stored["size"] + 10_000)
    assert found["image"]["layers"][0]["base"].endswith("busybox:latest")
    assert len(list((mill.root / "layers").iterdir())) == 2  # those of COPY
