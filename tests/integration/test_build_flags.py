"""Flags of `build` that change what is made, or how it is told, in whole builds."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fakes.mill import Mill
from stagemill.cli.frame.environment import CA_BUNDLES as BUNDLES
from stagemill.oci.platform import Platform

pytestmark = pytest.mark.root

CA_BUNDLES = [Path(path) for path in BUNDLES]
LAYERS = """\
FROM busybox
RUN mkdir /d && echo a > /d/a && echo b > /d/b && rm /etc/group
RUN rm /d/a && ln /d/b /d/hard && touch -d '2040-01-01 00:00:00' /future
RUN rm -r /home && mkdir -m 700 /home && touch /home/new && rm -r /bin/ash
COPY Dockerfile /x
ENV A=1 B=2
LABEL l=1 m=2
"""


def layout(path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The index's first entry, the manifest and the config of an archive."""
    with tarfile.open(path) as archive:

        def document(name: str) -> dict[str, Any]:
            file = archive.extractfile(name)
            assert file is not None
            found: dict[str, Any] = json.loads(file.read())
            return found

        entry = document("index.json")["manifests"][0]
        manifest = document(f"blobs/sha256/{entry['digest'][7:]}")
        return entry, manifest, document(f"blobs/sha256/{manifest['config']['digest'][7:]}")


def shown(mill: Mill, name: str) -> str:
    """All files of an image with their owners, modes, links and times. An overlay's directories have no sensible links."""
    there = "find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o"
    found = [
        mill.ok("run", name, "sh", "-c", f"{there} {kind} -exec stat -c '%n %F %a %u {links} %Y' {{}} + | sort").out
        for kind, links in (("-type d", ""), ("! -type d", "%h"))
    ]
    return "".join(line for text in found for line in text.splitlines(True) if "/etc" not in line and line[1] != " ")


def test_squash_makes_one_layer_of_all_but_the_base_and_changes_no_file(mill: Mill) -> None:
    mill.build(LAYERS, "-t", "plain")
    mill.build(LAYERS, "--squash", "-t", "squashed", "-o", "type=oci,dest=squashed.tar")

    _, manifest, config = layout(mill.folder / "squashed.tar")

    assert shown(mill, "squashed") == shown(mill, "plain")
    assert len(manifest["layers"]) == len(mill.inspect("busybox")["RootFS"]["Layers"]) + 1
    assert config["rootfs"]["diff_ids"][:-1] == mill.inspect("busybox")["RootFS"]["Layers"]
    assert [entry["created_by"] for entry in config["history"] if not entry.get("empty_layer")][1:] == [
        "COPY Dockerfile /x # buildkit"
    ]
    assert mill.ok("store", "check").status == 0


def test_a_squashed_image_is_a_base_like_any_other(mill: Mill) -> None:
    mill.build(LAYERS, "--squash", "-t", "squashed")

    mill.build("FROM squashed\nRUN test ! -e /etc/group && test -e /d/hard && rm -r /d\n", "-t", "next")

    assert mill("run", "next", "ls", "/d").status == 1


def test_names_are_left_out_of_the_image(mill: Mill) -> None:
    mill.build(LAYERS, "--unsetenv", "A", "--unsetlabel", "l", "--label", "n=3", "-t", "app")

    config = mill.inspect("app")["Config"]
    assert [text for text in config["Env"] if not text.startswith("PATH=")] == ["B=2"]
    assert config["Labels"] == {"m": "2", "n": "3"}


def test_annotations_are_in_the_manifest_and_where_it_is_named(mill: Mill) -> None:
    mill.write({"Dockerfile": LAYERS})

    mill.ok(
        "build", "--annotation", "a=1", "--annotation", "manifest,manifest-descriptor:b=2",
        "-o", "type=oci,dest=x.tar,annotation.c=3,annotation-manifest-descriptor.d=4", ".",
    )  # fmt: skip

    entry, manifest, _ = layout(mill.folder / "x.tar")
    assert manifest["annotations"] == {"a": "1", "b": "2", "c": "3"}
    assert entry["annotations"] == {"b": "2", "d": "4"}
    assert "index annotations not supported" in mill.fail("build", "--annotation=index:a=1", ".", status=2)


def test_with_rewrite_timestamp_a_second_build_is_the_same_to_the_byte(mill: Mill) -> None:
    for name in ("one.tar", "two.tar"):
        mill.build(LAYERS, "--no-cache", "--build-arg", "SOURCE_DATE_EPOCH=1321009871", "-o",
                   f"type=oci,dest={name},rewrite-timestamp=true")  # fmt: skip

    assert (mill.folder / "one.tar").read_bytes() == (mill.folder / "two.tar").read_bytes()
    mill.ok("load", "-t", "dated", "-i", "one.tar")
    assert mill.cat("dated", "/x") == LAYERS
    assert mill.ok("run", "dated", "stat", "-c", "%Y", "/future").out == "1321009871\n"


def test_files_that_are_written_out_have_the_date_too(mill: Mill) -> None:
    dated = Mill(mill.root, mill.folder, settings={"SOURCE_DATE_EPOCH": "1321009871"})
    dated.build(LAYERS, "-o", "out", "-o", "type=tar,dest=out.tar", "-o", "type=tar,dest=own.tar,source-date-epoch=5")

    assert {int(path.lstat().st_mtime) for path in (mill.folder / "out").rglob("*")} == {1321009871}
    for name, expected in (("out.tar", 1321009871), ("own.tar", 5)):
        with tarfile.open(mill.folder / name) as archive:
            assert {int(member.mtime) for member in archive} == {expected}


def test_build_arguments_come_from_files_and_the_command_line_wins(mill: Mill) -> None:
    mill.write({"args": "# comment\n\nA=from file\nB=from file\n"})
    text = 'FROM busybox\nARG A\nARG B\nRUN echo "$A, $B" > /out\n'

    mill.build(text, "--build-arg-file", "args", "--build-arg", "B=given", "-t", "app")

    assert mill.cat("app", "/out") == "from file, given\n"
    mill.write({"args": "A=1\nno value\n"})
    assert "args:2: 'no value' is no build argument" in mill.fail("build", "--build-arg-file", "args", ".", status=2)


def test_an_ignore_file_takes_the_place_of_the_others(mill: Mill) -> None:
    mill.write({".dockerignore": "a\n", "mine": "b\n", "a": "", "b": ""})

    mill.build("FROM busybox\nCOPY . /c/\n", "--ignorefile", "mine", "-t", "app")

    assert mill.ok("run", "app", "ls", "/c").out.split() == ["Dockerfile", "a", "mine"]


def test_jobs_say_how_many_steps_run_at_once(mill: Mill) -> None:
    text = "FROM busybox AS a\nRUN sleep 0.4 && touch /a\nFROM busybox AS b\nRUN sleep 0.5 && touch /b\n"
    text += "FROM busybox\nCOPY --from=a /a /\nCOPY --from=b /b /\n"

    steps = sorted(
        (step.started, step.completed)
        for name, step in mill.build(text, "--jobs", "1").steps.items()
        if name.startswith("RUN")
    )

    assert steps[0][1] <= steps[1][0]


def test_a_log_file_has_what_the_terminal_would_have_had(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\nRUN echo hello\n"})

    ran = mill.ok("build", "--logfile", "log", ".")

    assert ran.err == ""
    assert "hello" in (mill.folder / "log").read_text()
    assert "cannot write --logfile none/log" in mill.fail("build", "--logfile", "none/log", ".", status=2)


def test_the_time_of_a_build_is_told_by_its_parts(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\nCOPY a /a\nRUN sleep 0.3\n", "a": "text"})

    ran = mill.ok("build", "--timings", "--trace", "trace.json", "-t", "timed", ".")

    table = ran.err.partition("inside it:\n")[2].splitlines()
    rows = [re.split(" {2,}", row) for row in table[1:]]
    parts = {name: float(seconds) for name, seconds, *_ in rows}
    assert {"start", "plan", "look up", "step", "copy", "run", "wait", "assemble", "export"} <= parts.keys()
    assert parts["run"] >= 0.3
    events = json.loads((mill.folder / "trace.json").read_text())["traceEvents"]
    spans = {each["name"]: each for each in events if each["ph"] == "X"}
    assert spans["[3/3] RUN sleep 0.3"]["dur"] >= 300_000
    assert "no such directory" in mill.fail("build", "--trace", "none/trace", ".", status=2)


def test_debug_says_what_the_build_works_with(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\n"})

    assert f"debug: store: {mill.root}" in mill.ok("build", "-D", ".").err


def test_what_changes_nothing_is_said_to(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\n"})

    said = mill.ok(
        "build", "--builder=mine", "--compress", "--isolation=hyperv", "--security-opt=x", "--rm", "--force-rm", "."
    )

    for flag in ("--builder", "--compress", "--isolation", "--security-opt"):
        assert f"{flag} changes nothing: " in said.err
    assert "--rm" not in said.err
    assert "changes nothing" not in mill.ok("build", "--builder=default", "--isolation=default", ".").err


def test_labels_tell_the_commit_where_they_are_asked_for(mill: Mill) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    mill.write({"sub/Dockerfile": "FROM busybox\n"})
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-qm", "one"],
        ["remote", "add", "origin", "https://u:p@x.example/r"],
    ):
        subprocess.run([*git, *command], cwd=mill.folder, check=True)
    head = subprocess.run(
        [*git, "rev-parse", "HEAD"], cwd=mill.folder, check=True, capture_output=True, text=True
    ).stdout

    for value, labels in (("1", {}), ("full", {"org.opencontainers.image.source": "https://x.example/r"})):
        asked = Mill(mill.root, mill.folder, settings={"BUILDX_GIT_LABELS": value})
        flag = "--git-labels" if value == "1" else f"--git-labels={value}"
        for one, flags in ((asked, ()), (mill, (flag,))):
            one.ok("build", "-t", "app", *flags, "sub")
            assert mill.inspect("app")["Config"]["Labels"] == labels | {
                "org.opencontainers.image.revision": head.strip(),
                "com.docker.image.source.entrypoint": "sub/Dockerfile",
            }


def test_warnings_are_in_the_metadata_where_they_are_asked_for(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM ${BASE:-busybox}\n"})
    asked = Mill(mill.root, mill.folder, settings={"BUILDX_METADATA_WARNINGS": "1"})

    documents = []
    for one in (mill, asked):
        one.ok("build", "--build-arg", "BASE=other", "--metadata-file", "m.json", ".")
        documents.append(json.loads((mill.folder / "m.json").read_text()))

    assert "buildx.build.warnings" not in documents[0]
    (warning,) = documents[1]["buildx.build.warnings"]
    assert "BASE has no effect" in warning["short"]


def test_names_of_machines_are_given_to_every_run_and_are_in_no_layer(mill: Mill) -> None:
    text = "FROM busybox\nRUN cat /etc/hosts > /seen\n"

    mill.build(text, "--add-host", "db:10.1.2.3,cache=[::1]", "--add-host", "HOST:host-gateway", "-t", "app")

    lines = mill.cat("app", "/seen").splitlines()
    assert [line for line in lines if line.split()[1] in {"db", "cache", "host"}] == [
        "10.1.2.3\tdb", "::1\tcache", "127.0.0.1\thost",
    ]  # fmt: skip
    mill.ok("build", "--add-host", "db:10.1.2.3", "-t", "app", "-o", "out", ".")
    assert not (mill.folder / "out/etc/hosts").exists() or "db" not in (mill.folder / "out/etc/hosts").read_text()


@pytest.mark.parametrize("own", ["", "=company.pem"])
def test_certificates_of_this_machine_are_lent_to_run_and_are_in_no_layer(mill: Mill, own: str) -> None:
    mill.write({"company.pem": "of the company\n"})
    text = "FROM busybox\nRUN cat $SSL_CERT_FILE > /seen; echo $PIP_CERT > /named\nRUN true\n"

    mill.build(text, f"--host-ca{own}", "-t", "app", "-o", "out")

    bundle = mill.folder / "company.pem" if own else next(path for path in CA_BUNDLES if path.is_file())
    seen = (mill.folder / "out/seen").read_bytes()
    assert seen.startswith(bundle.read_bytes())
    assert mill.ok("run", "app", "cat", "/named").out.strip() != ""
    assert mill.ok("run", "app", "sh", "-c", "echo $SSL_CERT_FILE").out == "\n"
    assert [path for path in (mill.folder / "out").rglob("*.crt") if path.read_bytes() == seen] == []
    assert mill.build(text, "-t", "app").executed == []


@pytest.mark.parametrize(
    ("mode", "begins"), [("plain", "#1 "), ("auto", "#1 "), ("rawjson", '{"vertexes":'), ("quiet", "")]
)
def test_progress_is_told_in_the_form_that_was_asked_for(mill: Mill, mode: str, begins: str) -> None:
    mill.write({"Dockerfile": "FROM busybox\nRUN echo hello\n"})

    said = mill.ok("build", "--progress", mode, "-o", "type=cacheonly", ".").err

    assert said.startswith(begins)
    assert bool(said) == bool(begins)


def test_an_output_of_the_cache_alone_leaves_no_image_and_says_nothing_of_that(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\nRUN echo hello > /a\n"})

    said = mill.ok("build", "-o", "type=cacheonly", ".").err

    assert "nobody asked for it" not in said
    assert mill.build("FROM busybox\nRUN echo hello > /a\n", "-t", "app").executed == []


def test_every_stage_is_built_where_that_is_asked_for(mill: Mill) -> None:
    text = "FROM busybox AS unused\nRUN echo unused > /u\nFROM busybox\nRUN echo used > /a\n"

    assert mill.build(text, "-t", "app").executed == ["RUN echo used > /a"]
    assert mill.build(text, "-t", "app", "--all-stages").executed == ["RUN echo unused > /u"]


def test_the_platform_of_the_builder_is_an_argument_of_from_and_of_run(mill: Mill) -> None:
    text = "FROM --platform=$BUILDPLATFORM busybox\nARG BUILDPLATFORM\nARG TARGETPLATFORM\n"

    mill.build(f"{text}RUN echo $BUILDPLATFORM $TARGETPLATFORM > /p\n", "-t", "app")

    assert set(mill.cat("app", "/p").split()) == {str(Platform.local())}
