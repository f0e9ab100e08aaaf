"""Builds in odd surroundings: paths, locales, masks and streams that are not as usual, and processes that misbehave."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

import pytest

from fakes import archives
from fakes.mill import Mill
from fakes.survivors import mark, wait_until_alone

pytestmark = pytest.mark.root


def test_paths_may_have_any_characters(mill: Mill) -> None:
    odd = mill.copy(mill.root.parent / "we ird:,\\é=%")
    context = odd.folder / "a b:,"
    odd.write({"a b:,/Dockerfile": "FROM busybox\nCOPY f* /d/\nRUN cat /d/* > /all\n", "a b:,/f 1": "data"})
    (context / os.fsdecode(b"f\xff")).write_text("bytes")

    odd.ok("build", "-t", "odd", context.name)

    assert sorted(odd.cat("odd", "/all").split("data")) == ["", "bytes"]


def test_the_mask_of_the_caller_reaches_no_layer(mill: Mill) -> None:
    masked = replace(mill, prefix=("sh", "-c", 'umask 077; exec "$@"', "sh"))
    mill.write({"f": "", "Dockerfile": "FROM busybox\nCOPY f /d/e/\nWORKDIR /w/x\nRUN mkdir /made && touch /made/f\n"})

    entries = archives.entries(masked.ok("build", "-q", "-o", "-", ".").stdout)

    modes = {path: entries[path].split()[1] for path in ("d", "d/e", "d/e/f", "w", "w/x", "made", "made/f")}
    assert modes == {
        "d": "0755", "d/e": "0755", "d/e/f": "0644", "w": "0755", "w/x": "0755", "made": "0755", "made/f": "0644",
    }  # fmt: skip


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_may_be_closed(mill: Mill, closed: str) -> None:
    mill.write({"Dockerfile": "FROM busybox\nRUN echo hi > /x; cat; echo out; echo err >&2\n"})
    without = replace(mill, prefix=("sh", "-c", f'exec "$@" {closed}', "sh"))

    built = without("build", "-q", "-t", "closed", ".")
    ran = without("run", "closed", "cat", "/x")

    assert (built.status, ran.status) == (0, 0)
    assert mill.cat("closed", "/x") == "hi\n"


def test_an_empty_environment_is_enough(mill: Mill) -> None:
    settings = [f"{key}={mill.environment[key]}" for key in ("PYTHONPATH", "STAGEMILL_ROOT", "STAGEMILL_CONFIG")]
    bare = replace(mill, prefix=("env", "-i", *settings))
    mill.write({"Dockerfile": "FROM busybox\nRUN env > /env\n"})

    bare.ok("build", "-q", "-t", "bare", ".")

    assert "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" in mill.cat("bare", "/env").splitlines()


def test_a_terminal_without_unicode_is_enough(mill: Mill) -> None:
    plain = replace(mill, settings={"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"})
    mill.write(
        {"Dockerfile": "FROM busybox AS builder\nRUN echo größe → > /x\nFROM scratch\nCOPY --from=builder /x /\n"}
    )

    built = plain.ok("build", "-t", "plain", ".")
    sized = plain.ok("size", "--progress=quiet", ".")
    told = plain.ok("history", "--no-trunc", "plain")

    assert all(ran.err.isascii() and ran.out.isascii() for ran in (built, sized, told))
    assert plain.ok("inspect", "plain").out


def test_a_directory_that_is_gone_is_told(mill: Mill) -> None:
    gone = mill.folder / "gone"
    without = replace(mill, prefix=("sh", "-c", f'mkdir {gone} && cd {gone} && rmdir {gone} && exec "$@"', "sh"))

    said = without.fail("build", ".")

    assert said.startswith("error: ")
    assert without.ok("images", "-q").out.count("\n") == 1


def test_a_tree_may_have_more_layers_than_the_kernel_stacks(mill: Mill) -> None:
    """What counts the files must not be named like them: a shell may make its output before `ls` looks."""
    copies = "".join(f"COPY Dockerfile /f{n}\n" for n in range(520))
    removing = "RUN ls / | grep -c ^f > /before; rm /f7 /f500\n"

    mill.build(
        f"FROM busybox\n{copies}{removing}RUN ls / | grep -c ^f > /after; ls /f7 /f500 2>> /after; true\n", "-t", "deep"
    )

    before, after, *missing = mill.cat("deep", "/before", "/after").splitlines()
    assert (before, after) == ("520", "518")
    assert missing == [f"ls: /f{number}: No such file or directory" for number in (7, 500)]


def test_what_a_step_leaves_in_the_background_ends_with_it(mill: Mill) -> None:
    ran = mill.build(
        "FROM busybox\nARG MARK\nRUN (sleep 200; echo late > /late) & echo started\nRUN setsid sleep 200 & exit 0\n",
        *mark(mill.root),
        "-t",
        "daemons",
    )

    steps = [step for name, step in ran.steps.items() if name.startswith("RUN")]
    assert [step.output for step in steps] == [b"started\n", b""]
    assert wait_until_alone(mill.root) == []


def test_output_of_any_kind_arrives_whole_in_the_log(mill: Mill) -> None:
    mill.write({"noise": os.urandom(200_000)})
    ran = mill.build("FROM busybox\nCOPY noise /\nRUN cat /noise; seq 20000; head -c 300000 /dev/zero\n")

    expected = (mill.folder / "noise").read_bytes() + b"".join(b"%d\n" % n for n in range(1, 20001)) + bytes(300_000)
    (step,) = [step for name, step in ran.steps.items() if name.startswith("RUN")]
    assert step.output == expected
    (log,) = [path for path in (mill.root / "logs").iterdir() if path.stat().st_size == len(expected)]
    assert log.read_bytes() == expected


def test_builds_and_checks_and_saves_at_once_do_not_disturb_each_other(mill: Mill) -> None:
    mill.write(
        {
            "Dockerfile": "FROM busybox AS a\nRUN echo x > /x; sleep 0.1\nFROM busybox\nCOPY --from=a /x /d/\nRUN cat /d/x\n"
        }
    )
    commands = [
        command
        for n in range(4)
        for command in (
            ("build", "--no-cache", "-t", f"i{n}", "-o", f"type=oci,dest=o{n}", "."),
            ("build", "-t", f"j{n}", "."),
            ("store", "check"),
            ("save", "-o", f"s{n}", "busybox"),
        )
    ]

    running = [
        subprocess.Popen([*mill.command, *command], env=mill.environment, cwd=mill.folder, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for command in commands
    ]  # fmt: skip
    ended = [(*process.communicate(timeout=120), process.returncode) for process in running]

    assert [err.decode() for _, err, status in ended if status] == []
    assert [out.decode() for out, _, _ in ended if b"torn" in out or b"lost" in out] == []
    assert mill.ok("store", "check").out.endswith(" 9 images: all whole\n")
