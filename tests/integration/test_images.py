"""Images in and out: names, archives, directories, files with digests, and processes in them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes import archives
from fakes.mill import Mill

pytestmark = pytest.mark.root

DOCKERFILE = """
FROM busybox AS builder
ARG VERSION=1
RUN echo "built $VERSION" > /result && chmod 640 /result && chown 1000:1000 /result
FROM busybox
LABEL title="an app"
ENV GREETING="hello  world"
WORKDIR /srv
COPY --from=builder /result .
COPY script /usr/local/bin/
RUN ln result hard && ln -s result soft && mkdir -m 1777 sticky && rm -r /home/alice
EXPOSE 8080
USER alice
STOPSIGNAL SIGINT
ENTRYPOINT ["script"]
CMD ["one", "two words"]
"""
SCRIPT = '#!/bin/sh\necho "$0: $# $1|$2|$GREETING"\npwd\nid -un\ncat\n'
CONFIG = {
    "Cmd": ["one", "two words"],
    "Entrypoint": ["script"],
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "GREETING=hello  world"],
    "ExposedPorts": {"8080/tcp": {}},
    "Labels": {"title": "an app"},
    "StopSignal": "SIGINT",
    "User": "alice",
    "WorkingDir": "/srv",
}


@pytest.fixture(scope="module")
def original(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Mill:
    """A store with the image `app`; only to be copied."""
    mill = Mill(base.root, base.root / "nothing").copy(tmp_path_factory.mktemp("images") / "original")
    mill.write({"script": SCRIPT})
    (mill.folder / "script").chmod(0o755)
    mill.build(DOCKERFILE, "-t", "app")
    return mill


@pytest.fixture
def app(original: Mill, tmp_path: Path) -> Mill:
    return original.copy(tmp_path / "app")


def names(mill: Mill) -> list[str]:
    found = (image["name"].removeprefix("docker.io/library/") for image in json.loads(mill.ok("images", "--json").out))
    return sorted(found)


def run_tool(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- names ---


def test_an_image_is_listed_tagged_and_its_names_are_removed(app: Mill) -> None:
    app.ok("tag", "app", "example.com/team/app:v1")

    table = app.ok("images").out.splitlines()
    assert table[0].split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    assert [line.split()[:2] for line in table[1:]] == [
        ["app", "latest"],
        ["example.com/team/app", "v1"],
        ["busybox", "latest"],
    ]
    assert app.ok("rmi", "app").out == "Untagged: app:latest\n"
    assert names(app) == ["busybox:latest", "example.com/team/app:v1"]
    assert app.inspect("example.com/team/app:v1")["Config"] == CONFIG


def test_a_name_moves_to_the_image_that_is_built_last(app: Mill) -> None:
    before = app.inspect("app")["Id"]

    app.build(DOCKERFILE, "--build-arg", "VERSION=2", "-t", "app", "-t", "app:two")

    assert app.inspect("app")["Id"] == app.inspect("app:two")["Id"] != before
    assert app.ok("run", "-u", "root", "--entrypoint", "cat", "app", "result").out == "built 2\n"


def test_an_image_is_found_by_the_beginning_of_its_id(app: Mill) -> None:
    identity = app.inspect("app")["Id"]

    found = app.inspect(identity[7:19])

    assert found["Id"] == identity
    assert app.ok("images", "-q").out.split()[0] == identity[7:19]
    assert app.ok("run", "-u", "root", "--entrypoint", "cat", identity[7:19], "result").out == "built 1\n"


def test_inspect_shows_what_the_dockerfile_says(app: Mill) -> None:
    image = app.inspect("app")

    assert image["Config"] == CONFIG
    assert image["RepoTags"] == ["app:latest"]
    assert (image["Os"], image["RootFS"]["Type"]) == ("linux", "layers")
    assert len(image["RootFS"]["Layers"]) == 5


def test_history_tells_how_the_image_was_made(app: Mill) -> None:
    entries = json.loads(app.ok("history", "--json", "app").out)

    assert [entry["created_by"] for entry in entries][:-2] == [
        'CMD ["one" "two words"]',
        'ENTRYPOINT ["script"]',
        "STOPSIGNAL SIGINT",
        "USER alice",
        "EXPOSE [8080/tcp]",
        "RUN /bin/sh -c ln result hard && ln -s result soft && mkdir -m 1777 sticky && rm -r /home/alice # buildkit",
        "COPY script /usr/local/bin/ # buildkit",
        "COPY /result . # buildkit",
        "WORKDIR /srv",
        "ENV GREETING=hello  world",
        "LABEL title=an app",
    ]
    assert [entry["empty_layer"] for entry in entries[:-2]] == [True] * 5 + [False] * 4 + [True] * 2
    assert app.ok("history", "app").out.splitlines()[0].split() == [
        "IMAGE",
        "CREATED",
        "CREATED",
        "BY",
        "SIZE",
        "COMMENT",
    ]


@pytest.mark.parametrize("command", [("tag", "x"), ("rmi",), ("history",), ("save", "-o", "x.tar")])
def test_a_name_that_there_is_not_is_an_error_with_a_near_one(app: Mill, command: tuple[str, ...]) -> None:
    first, *more = command
    arguments = (first, "busibox", *more) if first == "tag" else (*command, "busibox")

    said = app.fail(*arguments)

    assert said == "error: there is no image busibox in the store\nhint: did you mean busybox:latest?\n"
    assert not (app.folder / "x.tar").exists()


# --- save and load ---


@pytest.mark.parametrize("form", ["docker", "oci"])
def test_a_saved_image_is_loaded_into_another_store_as_it_was(app: Mill, tmp_path: Path, form: str) -> None:
    app.ok("tag", "app", "other:v2")
    app.ok("save", "--format", form, "-o", "saved.tar", "app", "other:v2", "busybox")
    other = Mill(tmp_path / "other", app.folder)

    loaded = other.ok("load", "-i", "saved.tar")

    assert sorted(loaded.out.splitlines()) == [
        "Loaded image: app:latest",
        "Loaded image: busybox:latest",
        "Loaded image: other:v2",
    ]
    assert other.inspect("app") | {"Metadata": {}} == app.inspect("app") | {"Metadata": {}}
    assert other.ok("run", "-u", "root", "--entrypoint", "cat", "app", "result").out == "built 1\n"
    assert other.ok("save", "--format", form, "app").stdout == app.ok("save", "--format", form, "app").stdout


def test_load_reads_a_pipe_a_compressed_archive_and_a_layout(app: Mill, tmp_path: Path) -> None:
    saved = app.ok("save", "app").stdout
    app.build(DOCKERFILE, "-o", "type=oci,dest=layout,tar=false,name=laid:out")
    packed = subprocess.run(["gzip", "-c"], input=saved, capture_output=True, check=True).stdout
    stores = [Mill(tmp_path / name, app.folder) for name in "abc"]

    assert stores[0].ok("load", stdin=saved).out == "Loaded image: app:latest\n"
    assert stores[1].ok("load", "-t", "named", stdin=packed).out == "Loaded image: named:latest\n"
    assert stores[2].ok("load", "-i", "layout").out == "Loaded image: laid:out\n"
    identity = app.inspect("app")["Id"]
    assert [json.loads(store.ok("images", "--json").out)[0]["id"] for store in stores] == [identity] * 3


def test_a_loaded_image_is_a_base(app: Mill, tmp_path: Path) -> None:
    app.ok("save", "-o", "saved.tar", "app")
    other = Mill(tmp_path / "other", app.folder)
    other.ok("load", "-i", "saved.tar")

    other.build("FROM app\nUSER root\nRUN cat result > /copy\nENTRYPOINT []\n", "-t", "child")

    assert other.cat("child", "/copy") == "built 1\n"
    assert other.inspect("child")["RootFS"]["Layers"][:5] == app.inspect("app")["RootFS"]["Layers"]


def test_a_layout_on_disk_is_a_base(app: Mill) -> None:
    app.build(DOCKERFILE, "-o", "type=oci,dest=layout,tar=false,name=laid:out")

    app.build(f"FROM oci-layout://{app.folder}/layout\nUSER root\nRUN cat result > /copy\n", "-t", "child")

    assert app.ok("run", "--entrypoint", "cat", "child", "/copy").out == "built 1\n"


# --- outputs of build ---


def test_an_oci_archive_passes_skopeo_and_umoci(app: Mill, tmp_path: Path, skopeo: str, umoci: str) -> None:
    app.build(DOCKERFILE, "-o", "type=oci,dest=app.tar,name=app:v1")

    shown = json.loads(run_tool(skopeo, "inspect", "--config", f"oci-archive:{app.folder}/app.tar"))
    run_tool(skopeo, "copy", f"oci-archive:{app.folder}/app.tar", f"oci:{tmp_path}/layout:v1")
    run_tool(umoci, "unpack", "--image", f"{tmp_path}/layout:v1", f"{tmp_path}/bundle")

    assert shown["config"] == CONFIG
    rootfs = tmp_path / "bundle" / "rootfs"
    result = (rootfs / "srv/result").stat()
    assert (oct(result.st_mode), result.st_uid, result.st_gid, result.st_nlink) == ("0o100640", 1000, 1000, 2)
    assert (rootfs / "srv/soft").readlink() == Path("result")
    assert (rootfs / "srv/sticky").stat().st_mode & 0o7777 == 0o1777
    assert not (rootfs / "home/alice").exists()
    assert (rootfs / "home").exists()


def test_an_oci_directory_passes_umoci(app: Mill, tmp_path: Path, umoci: str) -> None:
    app.build(DOCKERFILE, "-o", "type=oci,dest=layout,tar=false,name=app:v1")

    run_tool(umoci, "unpack", "--image", f"{app.folder}/layout:v1", f"{tmp_path}/bundle")

    assert (tmp_path / "bundle/rootfs/srv/result").read_text() == "built 1\n"
    config = json.loads((tmp_path / "bundle/config.json").read_text())
    assert config["process"]["cwd"] == "/srv"


def test_a_docker_archive_passes_skopeo_and_is_an_oci_layout_too(app: Mill, tmp_path: Path, skopeo: str) -> None:
    app.build(DOCKERFILE, "-t", "app:v1", "-o", "type=docker,dest=app.tar")

    shown = json.loads(run_tool(skopeo, "inspect", f"docker-archive:{app.folder}/app.tar"))
    as_oci = json.loads(run_tool(skopeo, "inspect", f"oci-archive:{app.folder}/app.tar"))
    saved = json.loads(archives.read_all((app.folder / "app.tar").read_bytes())["manifest.json"])

    assert shown["Env"] == as_oci["Env"] == CONFIG["Env"]
    assert [image["RepoTags"] for image in saved] == [["app:v1"]]


def test_a_tar_and_a_directory_have_the_files_of_the_tree(app: Mill) -> None:
    app.build(DOCKERFILE, "-o", "type=tar,dest=tree.tar", "-o", "type=local,dest=tree")

    tar = archives.entries((app.folder / "tree.tar").read_bytes())
    tree = app.folder / "tree"
    assert tar["srv/hard"].startswith("0 0640 1000:1000 ")
    assert tar["srv/result"] == "1 0640 1000:1000 ->srv/hard"
    assert tar["srv/soft"].endswith("->result")
    assert tar["tmp"].startswith("5 1777 0:0")
    assert "home/alice" not in tar
    assert not {"dev", "proc", "sys", "etc/resolv.conf", "etc/hosts"} & tar.keys()
    assert (tree / "srv/result").read_text() == "built 1\n"
    assert (tree / "srv/result").samefile(tree / "srv/hard")
    assert (tree / "srv/soft").readlink() == Path("result")
    assert {str(path.relative_to(tree)) for path in tree.rglob("*")} == tar.keys() - {"", "."}


def test_short_forms_of_output_are_a_directory_and_a_pipe(app: Mill) -> None:
    app.write({"small": "FROM scratch\nCOPY script /a/b\n"})

    app.ok("build", "-f", "small", "-o", "out", ".")
    piped = app.ok("build", "-f", "small", "-o", "-", ".")

    assert (app.folder / "out/a/b").read_text() == SCRIPT
    assert archives.read_all(piped.stdout) == {"a/b": SCRIPT.encode()}


def test_a_pipe_gets_the_same_bytes_as_a_file_and_twice_the_same(app: Mill) -> None:
    for kind in ("oci", "docker", "tar"):
        piped = app.build(DOCKERFILE, "-t", "x", "-o", f"type={kind},dest=-").stdout
        app.build(DOCKERFILE, "-t", "x", "-o", f"type={kind},dest=file")

        assert (app.folder / "file").read_bytes() == piped, kind


def test_several_outputs_names_and_files_with_digests_at_once(app: Mill) -> None:
    flags = (
        "-t",
        "one",
        "-t",
        "two:v2",
        "-o",
        "type=oci,dest=a.tar",
        "-o",
        "type=docker,dest=b.tar",
        "-o",
        "type=image",
    )

    app.build(DOCKERFILE, *flags, "--iidfile", "id", "--metadata-file", "meta.json")

    image = app.inspect("one")
    assert names(app) == ["app:latest", "busybox:latest", "one:latest", "two:v2"]
    assert app.inspect("two:v2")["Id"] == image["Id"]
    assert (app.folder / "id").read_text() == image["Id"]
    meta = json.loads((app.folder / "meta.json").read_text())
    assert meta["containerimage.digest"] == image["Descriptor"]["digest"]
    assert meta["containerimage.config.digest"] == image["Id"]
    assert meta["image.name"] == "docker.io/library/one:latest,docker.io/library/two:v2"
    for name in ("a.tar", "b.tar"):
        files = archives.read_all((app.folder / name).read_bytes())
        assert f"blobs/{image['Id'].replace(':', '/')}" in files


def test_quiet_prints_the_id_and_nothing_else(app: Mill) -> None:
    ran = app.ok("build", "-q", "-t", "quiet", ".")

    assert (ran.out, ran.err) == (f"{app.inspect('quiet')['Id']}\n", "")


def test_a_build_without_a_place_for_its_result_says_so(app: Mill) -> None:
    ran = app.ok("build", ".")

    assert "nobody asked for it" in ran.err
    assert names(app) == ["app:latest", "busybox:latest"]


def test_the_same_files_give_the_same_layers_in_another_store(app: Mill, new_mill: Callable[[str], Mill]) -> None:
    text = "FROM busybox\nCOPY script d/ /x/\nWORKDIR /w\n"
    other = new_mill("other")
    for mill in (app, other):
        mill.write({"script": SCRIPT, "d/a": "1", "d/e/b": "2"})
        for path in [*mill.folder.rglob("*"), mill.folder]:
            path.chmod(0o755)
            os.utime(path, (1_700_000_000, 1_700_000_000))
        mill.build(text, "-t", "same")

    assert app.inspect("same")["RootFS"]["Layers"][:2] == other.inspect("same")["RootFS"]["Layers"][:2]


def test_source_date_epoch_makes_the_config_the_same_at_any_time(app: Mill, new_mill: Callable[[str], Mill]) -> None:
    images = []
    for mill in (app, new_mill("other")):
        mill.write({"script": SCRIPT})
        os.utime(mill.folder / "script", (1_600_000_000, 1_600_000_000))
        mill.build("FROM scratch\nCOPY script /\n", "-t", "dated", "--build-arg", "SOURCE_DATE_EPOCH=1700000000")
        images.append(mill.inspect("dated"))

    assert [image["Created"] for image in images] == ["2023-11-14T22:13:20Z"] * 2


# --- where a build's input comes from ---


def context_tar(files: dict[str, str], *, mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_context_comes_as_a_tar_from_a_pipe(mill: Mill, mode: str) -> None:
    data = context_tar({"Dockerfile": "FROM scratch\nCOPY a b/ /\n", "a": "A", "b/c": "C"}, mode=mode)

    ran = mill.ok("build", "-o", "-", "-", stdin=data)

    assert archives.read_all(ran.stdout) == {"a": b"A", "c": b"C"}


def test_a_dockerfile_of_another_name_is_found_in_the_tar(mill: Mill) -> None:
    data = context_tar({"docker/prod": "FROM scratch\nCOPY a /prod\n", "a": "A"})

    ran = mill.ok("build", "-f", "docker/prod", "-o", "-", "-", stdin=data)

    assert archives.read_all(ran.stdout) == {"prod": b"A"}


def test_a_dockerfile_alone_comes_from_a_pipe_without_a_context(mill: Mill) -> None:
    text = b"FROM busybox AS b\nRUN echo hi > /x\nFROM scratch\nCOPY --from=b /x /\n"

    ran = mill.ok("build", "-o", "-", "-", stdin=text)

    assert archives.read_all(ran.stdout) == {"x": b"hi\n"}


def test_a_dockerfile_from_a_pipe_is_built_in_a_directory(mill: Mill) -> None:
    mill.write({"a": "A", "sub/b": "B", ".dockerignore": "sub\n"})

    ran = mill.ok("build", "-f", "-", "-o", "-", ".", stdin=b"FROM scratch\nCOPY . /\n")

    assert archives.read_all(ran.stdout) == {"a": b"A", ".dockerignore": b"sub\n"}


def test_the_ignore_file_of_the_dockerfile_goes_before_that_of_the_context(mill: Mill) -> None:
    mill.write(
        {
            "docker/app": "FROM scratch\nCOPY . /\n",
            "docker/app.dockerignore": "**/*.log\n!keep.log\ndocker\n.docker*\n",
            ".dockerignore": "*\n",
            "a.log": "",
            "keep.log": "",
            "d/b.log": "",
            "d/c": "",
        }
    )

    ran = mill.ok("build", "-f", "docker/app", "-o", "-", ".")

    assert sorted(archives.read_all(ran.stdout)) == ["d/c", "keep.log"]


def test_what_is_ignored_does_not_disturb_the_cache(mill: Mill) -> None:
    mill.write({"a": "A", "noise": "1", ".dockerignore": "noise\n"})
    mill.build("FROM scratch\nCOPY . /\n")
    mill.write({"noise": "2"})
    mill.write({"Dockerfile": "FROM scratch\nCOPY . /\n"})

    assert mill.build("FROM scratch\nCOPY . /\n").executed == []
    mill.write({"a": "B"})
    assert mill.build("FROM scratch\nCOPY . /\n").executed == ["COPY . /"]


def test_a_build_elsewhere_finds_its_dockerfile_and_context(mill: Mill) -> None:
    mill.write({"app/Dockerfile": "FROM scratch\nCOPY a /\n", "app/a": "A", "other": "FROM scratch\nCOPY a /o\n"})

    assert archives.read_all(mill.ok("build", "-o", "-", "app").stdout) == {"a": b"A"}
    assert archives.read_all(mill.ok("build", "-f", "other", "-o", "-", "app").stdout) == {"o": b"A"}
    assert archives.read_all(mill.ok("build", "-o", "-", ".", cwd=mill.folder / "app").stdout) == {"a": b"A"}


# --- processes in images ---


def test_run_starts_what_the_image_says(app: Mill) -> None:
    ran = app.ok("run", "app")

    assert ran.out == "/usr/local/bin/script: 2 one|two words|hello  world\n/srv\nalice\n"


def test_arguments_replace_the_command_and_entrypoint_replaces_both(app: Mill) -> None:
    assert app.ok("run", "app", "only").out.startswith("/usr/local/bin/script: 1 only||hello")
    assert app.ok("run", "--entrypoint", "echo", "app").out == "\n"
    assert app.ok("run", "--entrypoint", "echo", "app", "-n", "a", "b").out == "a b"


@pytest.mark.parametrize(
    ("script", "status"), [("exit 7", 7), ("true", 0), ("kill -9 $$", 137), ("no-such-program", 127)]
)
def test_run_ends_as_its_process_does(mill: Mill, script: str, status: int) -> None:
    assert mill("run", "busybox", "sh", "-c", script).status == status


def test_run_takes_variables_directory_and_user(app: Mill) -> None:
    flags = ("-e", "A=1", "-e", "GREETING=bye", "-e", "FROM_OUTSIDE", "-e", "NOT_OUTSIDE", "-w", "/tmp", "-u", "root")
    outside = Mill(app.root, app.folder, settings={"FROM_OUTSIDE": "out"})

    ran = outside.ok(
        "run", *flags, "--entrypoint", "sh", "app", "-c", "echo $A $GREETING $FROM_OUTSIDE; env; pwd; id -u"
    )

    lines = ran.out.splitlines()
    assert (lines[0], lines[-2:]) == ("1 bye out", ["/tmp", "0"])
    assert not [line for line in lines if line.startswith("NOT_OUTSIDE")]
    assert "HOME=/root" in lines


@pytest.mark.parametrize(
    ("user", "expected"),
    [("alice", "1000 1000 1000,10,29"), ("1000:10", "1000 10 10"), ("1234", "1234 0 0"), ("7:8", "7 8 8")],
)
def test_run_knows_users_of_the_image(mill: Mill, user: str, expected: str) -> None:
    ran = mill.ok("run", "-u", user, "busybox", "sh", "-c", "echo $(id -u) $(id -g) $(id -G | tr ' ' ,)")

    assert ran.out == f"{expected}\n"


def test_run_shows_files_of_this_machine(mill: Mill) -> None:
    mill.write({"shared/a": "A", "one": "1"})

    ran = mill.ok("run", "-v", "./shared:/in/side", "-v", f"{mill.folder}/one:/one:ro", "busybox", "sh", "-c",
                  "cat /in/side/a /one; echo new > /in/side/b; echo no > /one; true")  # fmt: skip

    assert ran.out == "A1"
    assert "Read-only file system" in ran.err
    assert (mill.folder / "shared/b").read_text() == "new\n"
    assert (mill.folder / "one").read_text() == "1"


def test_run_reads_standard_input_only_where_it_is_asked_to(mill: Mill) -> None:
    assert mill.ok("run", "-i", "busybox", "cat", stdin=b"typed").out == "typed"
    assert mill.ok("run", "busybox", "cat", stdin=b"typed").out == ""


def test_what_a_run_changes_is_thrown_away(mill: Mill) -> None:
    mill.ok("run", "busybox", "sh", "-c", "echo x > /x; rm /etc/passwd")

    assert mill.ok("run", "busybox", "ls", "/", "/etc/passwd").out.split().count("x") == 0
    assert mill.ok("store", "check").out.count("\n") == 1


def test_shell_runs_a_command_in_a_stage(app: Mill) -> None:
    ran = app.ok("shell", "--progress=quiet", "--target", "builder", "-c", "cat /result; echo $VERSION; id -u", ".")

    assert ran.out == "built 1\n1\n0\n"


def test_shell_has_the_environment_and_user_of_the_stage(app: Mill) -> None:
    ran = app("shell", "--progress=quiet", "-c", 'echo "$GREETING $HOME"; pwd; id -un; exit 4', ".")

    assert (ran.status, ran.out) == (4, "hello  world /home/alice\n/srv\nalice\n")


def test_shell_without_a_shell_says_what_there_is_and_busybox_helps(app: Mill) -> None:
    app.write({"Dockerfile": "FROM scratch AS bare\nCOPY script /\n"})

    said = app.fail("shell", "--progress=quiet", "-c", "ls", ".")
    helped = app.ok("shell", "--progress=quiet", "--busybox", "-c", "ls /", ".")

    assert "the stage bare has no /bin/sh" in said
    assert "hint: stagemill shell --busybox" in said
    assert "script" in helped.out.split()


def test_size_tells_what_the_image_carries_of_each_stage(app: Mill) -> None:
    dockerfile = (
        "FROM busybox AS builder\nRUN dd if=/dev/zero of=/big bs=1000 count=2000 && echo hi > /small\n"
        "FROM scratch AS runtime\nCOPY --from=builder /small /\nCOPY script /\n"
    )
    app.write({"Dockerfile": dockerfile})

    report: dict[str, Any] = json.loads(app.ok("size", "--progress=quiet", "--json", ".").out)
    text = app.ok("size", "--progress=quiet", ".").out

    builder, runtime = report["stages"]
    assert (builder["title"], runtime["title"]) == ("builder", "runtime")
    assert builder["own"] == 2_000_003
    assert (runtime["total"], report["total"]) == (3 + len(SCRIPT), 3 + len(SCRIPT))
    assert [step["text"] for step in runtime["steps"]] == ["COPY --from=builder /small /", "COPY script /"]
    assert report["saving"]["target_bytes"] == report["total"]
    assert text.splitlines()[0].startswith("builder 3.98 MB → runtime ")
    assert text.splitlines()[1].startswith("runtime: ")
    assert text.splitlines()[3].startswith("STAGE / STEP")
