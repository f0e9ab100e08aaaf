"""Bad input of every kind: what is said, where, what to do about it, and the exit status; never a traceback.

Nothing is lost by it: the store is whole afterwards, and a good build still works.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.mill import Mill

pytestmark = pytest.mark.root


@dataclass(frozen=True)
class Case:
    """A Dockerfile or a command line that is wrong, and what of the answer matters.

    `says` are parts of the message; `at` is the place with the line, `hint` a part of the hint.
    """

    says: str
    dockerfile: str = "FROM busybox\n"
    arguments: tuple[str, ...] = ("build", ".")
    status: int = 1
    at: str = ""
    hint: str = ""
    files: dict[str, str | bytes] = field(default_factory=dict)
    stdin: bytes | None = None


def excerpt(line: int, text: str, marked: str, *, file: str = "Dockerfile") -> str:
    """The place in a file as an error shows it, with the caret below a part of the line."""
    number = str(line)
    gutter = " " * len(number)
    indent = " " * text.index(marked)
    return f"{gutter}--> {file}:{line}\n{number} | {text}\n{gutter} | {indent}{'^' * len(marked)}\n"


def archive_of(data: bytes) -> bytes:
    """A tar with one file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("member")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


LANGUAGE = {
    "empty": Case("empty", "", hint="FROM"),
    "only comments": Case("", "# nothing\n", hint="FROM"),
    "unknown instruction": Case(
        "unknown instruction", "FROM busybox\nCOPPY a b\n", at=excerpt(2, "COPPY a b", "COPPY"), hint="COPY"
    ),
    "no FROM": Case("FROM", "RUN true\n", at=excerpt(1, "RUN true", "RUN true")),
    "unknown flag": Case(
        "unknown flag",
        "FROM busybox\nCOPY --form=x a b\n",
        at=excerpt(2, "COPY --form=x a b", "--form=x"),
        hint="--from",
    ),
    "missing arguments": Case("COPY", "FROM busybox\nCOPY one\n", at=excerpt(2, "COPY one", "one")),
    "unterminated heredoc": Case("", "FROM busybox\nRUN <<EOF\necho\n", at="--> Dockerfile:2\n2 | RUN <<EOF\n"),
    "unterminated quote": Case("", 'FROM busybox\nENV A="b\n', at='--> Dockerfile:2\n2 | ENV A="b\n'),
    "bad expansion": Case("", "FROM busybox\nENV A=${x:#p}\n", at="--> Dockerfile:2\n2 | ENV A=${x:#p}\n"),
    "bad chmod": Case("", "FROM busybox\nCOPY --chmod=99 Dockerfile /\n", at="--> Dockerfile:2\n", hint="0755"),
    "bad array": Case("", "FROM busybox\nCMD [1]\n", at="--> Dockerfile:2\n"),
    "bad port": Case("", "FROM busybox\nEXPOSE 99999999\n", at="--> Dockerfile:2\n2 | EXPOSE 99999999\n"),
    "bad image name": Case("", "FROM Upper/case\n", at="--> Dockerfile:1\n1 | FROM Upper/case\n"),
    "base that is empty": Case("", "ARG BASE\nFROM $BASE\n", at="--> Dockerfile:2\n2 | FROM $BASE\n"),
    "required variable": Case(
        "set it with --build-arg", "ARG V\nFROM busybox:${V:?set it with --build-arg}\n", at="--> Dockerfile:2\n"
    ),
    "repeated directive": Case("", "# escape=\\\n# escape=`\nFROM busybox\n", at="--> Dockerfile:2\n"),
}

STAGES = {
    "unknown target": Case(
        "target stage 'bilder' could not be found",
        "FROM busybox AS builder\nRUN true\n",
        ("build", "--target", "bilder", "."),
        hint="did you mean builder?",
    ),
    "stage that comes later": Case(
        "later",
        "FROM busybox AS a\nCOPY --from=later /x /\nFROM busybox AS later\nRUN touch /x\n",
        ("build", "--target", "a", "."),
        at="--> Dockerfile:2\n2 | COPY --from=later /x /\n",
    ),
    "stage that copies from itself": Case(
        "", "FROM busybox AS me\nCOPY --from=me /x /\n", at="--> Dockerfile:2\n2 | COPY --from=me /x /\n"
    ),
    "stages in a circle": Case(
        "",
        "FROM b AS a\nRUN true\nFROM a AS b\nCOPY --from=c / /\nFROM b AS c\n",
        at="--> Dockerfile:",
    ),
    "stage by a number that there is not": Case(
        "7", "FROM busybox\nCOPY --from=7 /x /\n", at="--> Dockerfile:2\n2 | COPY --from=7 /x /\n"
    ),
    "missing base": Case("no/such", "FROM no/such:image\n", at=excerpt(1, "FROM no/such:image", "no/such:image")),
    "base that is nearly a stage": Case(
        "buildr", "FROM busybox AS builder\nFROM buildr\n", at=excerpt(2, "FROM buildr", "buildr"), hint="builder"
    ),
    "image to copy from": Case(
        "no/such", "FROM busybox\nCOPY --from=no/such /x /\n", at="--> Dockerfile:2\n2 | COPY --from=no/such /x /\n"
    ),
    "platform": Case("", "FROM --platform=mars/x busybox\n", at="--> Dockerfile:1\n"),
}

SOURCES = {
    "missing source": Case(
        '"/sorce.txt"', "FROM busybox\nCOPY sorce.txt /\n", at=excerpt(2, "COPY sorce.txt /", "sorce.txt"),
        hint="did you mean source.txt?", files={"source.txt": ""},
    ),
    "ignored source": Case(
        "excluded by", "FROM busybox\nCOPY secret /\n", at=excerpt(2, "COPY secret /", "secret"), hint="!",
        files={"secret": "", ".dockerignore": "a\nsec*\n"},
    ),
    "source of a stage": Case(
        '"/etc/paswd"', "FROM busybox AS a\nFROM busybox\nCOPY --from=a /etc/paswd /\n",
        at="--> Dockerfile:3\n3 | COPY --from=a /etc/paswd /\n", hint="etc/passwd",
    ),
    "dangling symlink": Case(
        '"/soft"', "FROM busybox AS a\nRUN ln -s nowhere /soft\nFROM busybox\nCOPY --from=a /soft /\n",
        at="--> Dockerfile:4\n", hint='it is a symlink to "nowhere"',
    ),
    "several sources to a file": Case(
        "", "FROM busybox\nCOPY Dockerfile x /target\n", at="--> Dockerfile:2\n", files={"x": ""}
    ),
    "directory over a file": Case(
        "", "FROM busybox\nCOPY d /etc/passwd\n", at="--> Dockerfile:2\n2 | COPY d /etc/passwd\n", files={"d/x": ""}
    ),
    "broken archive": Case(
        "broken.tar.gz", "FROM busybox\nADD broken.tar.gz /x\n", at="--> Dockerfile:2\n2 | ADD broken.tar.gz /x\n",
        files={"broken.tar.gz": gzip.compress(archive_of(os.urandom(100_000)))[:-1000]},
    ),
    "cut archive": Case(
        "cut.tar", "FROM busybox\nADD cut.tar /x\n", at="--> Dockerfile:2\n2 | ADD cut.tar /x\n",
        files={"cut.tar": archive_of(bytes(100_000))[:20_000]},
    ),
    "unknown owner": Case(
        "nobdy", "FROM busybox\nCOPY --chown=nobdy Dockerfile /\n", at="--> Dockerfile:2\n",
    ),
    "workdir over a file": Case("/etc/passwd", "FROM busybox\nWORKDIR /etc/passwd/x\n", at="--> Dockerfile:2\n"),
}  # fmt: skip

RUNS = {
    "no such program": Case(
        "exit code: 127", "FROM busybox\nRUN nosuchprogram\n", at=excerpt(2, "RUN nosuchprogram", "RUN nosuchprogram"),
        hint="PATH",
    ),
    "no such program in exec form": Case(
        "nosuchprogram", 'FROM busybox\nRUN ["nosuchprogram"]\n', at="--> Dockerfile:2\n"
    ),
    "no shell": Case("/bin/sh", "FROM scratch\nRUN true\n", at=excerpt(2, "RUN true", "RUN true")),
    "exec format": Case(
        "exec format error", 'FROM busybox\nCOPY --chmod=755 prog /\nRUN ["/prog"]\n',
        at='--> Dockerfile:3\n3 | RUN ["/prog"]\n', files={"prog": b"\x7fELF\x02\x01\x01" + bytes(100)},
    ),
    "not executable": Case(
        "permission denied", 'FROM busybox\nCOPY --chmod=644 prog /\nRUN ["/prog"]\n', at="--> Dockerfile:3\n",
        files={"prog": "#!/bin/sh\n"},
    ),
    "missing interpreter": Case(
        "/prog", 'FROM busybox\nCOPY --chmod=755 prog /\nRUN ["/prog"]\n', at="--> Dockerfile:3\n",
        files={"prog": "#!/no/such/interpreter\n"},
    ),
    "unknown user": Case(
        "alise", "FROM busybox\nUSER alise\nRUN true\n", at="--> Dockerfile:3\n", hint="did you mean alice?"
    ),
    "working directory that is a file": Case(
        "", "FROM busybox\nRUN touch /f\nWORKDIR /f\nRUN true\n", at="--> Dockerfile:3\n3 | WORKDIR /f\n"
    ),
    "killed": Case("exit code: 137", "FROM busybox\nRUN kill -9 $$\n", at="--> Dockerfile:2\n", hint="SIGKILL"),
}  # fmt: skip

COMMANDS = {
    "no command": Case("", arguments=("biuld", "."), status=2, hint=""),
    "unknown option": Case("--tagg", arguments=("build", "--tagg", "x", "."), status=2),
    "no context": Case("PATH", arguments=("build",), status=2),
    "two contexts": Case("unexpected", arguments=("build", ".", "."), status=2),
    "missing context": Case("nowhere", arguments=("build", "nowhere")),
    "context is a file": Case("Dockerfile", arguments=("build", "Dockerfile"), hint="-f"),
    "missing Dockerfile": Case(
        "there is no Dockerfile in empty", arguments=("build", "empty"), hint="Dockerfile.prod",
        files={"empty/Dockerfile.prod": ""},
    ),
    "missing file": Case("nosuch", arguments=("build", "-f", "nosuch", ".")),
    "file is a directory": Case("d is a directory", arguments=("build", "-f", "d", "."), files={"d/x": ""}),
    "bad tag": Case("Upper", arguments=("build", "-t", "Upper", "."), status=2, hint="NAME:TAG"),
    "bad build-arg": Case("--build-arg", arguments=("build", "--build-arg", "=x", "."), status=2, hint="NAME=VALUE"),
    "bad label": Case("--label", arguments=("build", "--label", "=x", "."), status=2, hint="NAME=VALUE"),
    "bad host": Case("--add-host", arguments=("build", "--add-host", "a:b", "."), status=2, hint="name:1.2.3.4"),
    "bad network": Case("--network", arguments=("build", "--network", "bridge", "."), status=2),
    "bad progress": Case("--progress", arguments=("build", "--progress", "fancy", "."), status=2),
    "tty without a terminal": Case("tty", arguments=("build", "--progress", "tty", "."), status=2, hint="plain"),
    "bad output": Case("type", arguments=("build", "-o", "type=zip", "."), status=2, hint="oci"),
    "output without a file": Case("needs a file", arguments=("build", "-o", "type=oci", "."), status=2, hint="dest="),
    "output to nowhere": Case(
        "no directory", arguments=("build", "-o", "type=oci,dest=no/where", "."), status=2, hint="mkdir"
    ),
    "output with an unknown key": Case("dst", arguments=("build", "-o", "type=oci,dst=x", "."), status=2, hint="dest"),
    "two outputs to a pipe": Case(
        "standard output", arguments=("build", "-o", "-", "-o", "type=oci,dest=-", "."), status=2
    ),
    "iidfile of no image": Case("--iidfile", arguments=("build", "--iidfile", "x", "-o", "d", "."), status=2),
    "bad platform": Case("", arguments=("build", "--platform", "a/b/c/d", "."), status=2),
    "other platform": Case("cannot reach", arguments=("build", "--platform", "linux/s390x", "."), hint="network"),
    "missing secret": Case("cannot read the secret x", arguments=("build", "--secret", "id=x", "."), hint="--secret id="),
    "bad cache": Case(
        "unknown key 'src'", arguments=("build", "--cache-to", "type=local,src=a", "."), status=2, hint="dest"
    ),
    "push": Case("needs a name", arguments=("build", "--push", "."), status=2, hint="-t REGISTRY/NAME:TAG"),
    "blank filter": Case("--no-cache-filter", arguments=("build", "--no-cache-filter", "a,", "."), status=2),
    "missing CA bundle": Case("--host-ca", arguments=("build", "--host-ca=nofile", "."), status=2, hint="PEM"),
    "remote context that nobody answers for": Case(
        "cannot fetch http://127.0.0.1:1/x.git", arguments=("build", "http://127.0.0.1:1/x.git"), hint="check"
    ),
    "named context that is missing": Case(
        "there is no directory nosuch", arguments=("build", "--build-context", "a=nosuch", "."), status=2, hint="name a"
    ),
    "empty pipe": Case("empty", arguments=("build", "-"), stdin=b"", hint="pipe"),
    "pipe for both": Case("both", arguments=("build", "-f", "-", "-"), status=2),
    "broken tar in a pipe": Case(
        "", arguments=("build", "-"), stdin=(b"Dockerfile".ljust(257, b"\0") + b"ustar\x0000").ljust(700, b"\1"), hint=""
    ),
    "broken gzip in a pipe": Case("", arguments=("build", "-"), stdin=gzip.compress(bytes(9000))[:20]),
    "run of no image": Case("nosuch", arguments=("run", "nosuch"), status=125),
    "run with a bad volume": Case("--volume", arguments=("run", "-v", "x", "busybox"), status=125, hint="-v"),
    "run with a missing volume": Case("--volume", arguments=("run", "-v", "./no:/x", "busybox"), status=125),
    "run with a terminal that is none": Case("-it needs a terminal", arguments=("run", "-it", "busybox"), status=125),
    "run of nobody": Case("alise", arguments=("run", "-u", "alise", "busybox"), status=125, hint="did you mean alice?"),
    "run of nothing": Case("nothing-there", arguments=("run", "--entrypoint", "nothing-there", "busybox"), status=127),
    "load of nothing": Case("nofile", arguments=("load", "-i", "nofile")),
    "load of no archive": Case("Dockerfile", arguments=("load", "-i", "Dockerfile"), hint=""),
    "load of an empty pipe": Case("", arguments=("load",), stdin=b""),
    "save to nowhere": Case("nodir", arguments=("save", "-o", "nodir/x.tar", "busybox"), status=2, hint="mkdir"),
    "save of no image": Case("nosuch", arguments=("save", "-o", "x.tar", "nosuch"), hint="stagemill images"),
    "tag with a bad name": Case("B", arguments=("tag", "busybox", "B"), status=2),
    "pull of a bad name": Case("UP", arguments=("pull", "UP"), status=2),
    "pull of what there is not": Case("no/such", arguments=("pull", "no/such")),
    "store without a command": Case("", arguments=("store", "chek"), status=2),
}  # fmt: skip

ALL = {
    f"{group}: {name}": case
    for group, cases in (
        ("language", LANGUAGE), ("stages", STAGES), ("sources", SOURCES), ("runs", RUNS), ("commands", COMMANDS),
    )
    for name, case in cases.items()
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """One store for all of the table, which is whole at the end."""
    mill = Mill(base.root, base.root / "nothing").copy(tmp_path_factory.mktemp("bad") / "shared")
    yield mill
    assert mill.ok("store", "check").out.endswith("all whole\n")
    mill.build("FROM busybox\nRUN echo good > /x\n", "-t", "good")
    assert mill.cat("good", "/x") == "good\n"


@pytest.fixture
def bad(shared: Mill, tmp_path: Path) -> Mill:
    mill = Mill(shared.root, tmp_path / "context")
    mill.folder.mkdir()
    return mill


@pytest.mark.parametrize("name", ALL)
def test_bad_input_is_told_with_place_and_hint_and_never_with_a_traceback(bad: Mill, name: str) -> None:
    case = ALL[name]
    bad.write({"Dockerfile": case.dockerfile, **case.files})

    ran = bad(*case.arguments, stdin=case.stdin)

    assert ran.status == case.status, ran.err
    assert "Traceback" not in ran.err
    assert "this is a bug" not in ran.err
    assert ran.out == ""
    assert case.says in ran.err
    assert case.at in ran.err
    hints = [line for line in ran.err.splitlines() if line.startswith("hint: ")]
    assert not case.hint or case.hint in "".join(hints), ran.err
    if case.status == 1:
        (message,) = [line for line in ran.err.splitlines() if line.startswith("error: ")]
        said = message.removeprefix("error: ")
        assert not said.endswith(".")
        first = said.split()[0]
        assert first == "Dockerfile" or first.isupper() or first[0] == first[0].lower()


def test_a_failed_run_shows_its_last_lines_the_place_its_status_and_its_log(bad: Mill) -> None:
    command = "for i in $(seq 30); do echo line $i; done; echo 'and this' >&2; exit 7"
    bad.write({"Dockerfile": f"FROM busybox AS builder\nWORKDIR /w\nRUN {command}\n"})

    ran = bad("build", "--progress=quiet", ".")

    said = ran.err
    assert ran.status == 1
    assert said.startswith("last lines of its output:\n  line 12\n  line 13\n")
    assert "  line 30\n  and this\nerror: " in said
    assert f'error: process "/bin/sh -c {command}" did not complete successfully: exit code: 7\n' in said
    assert excerpt(3, f"RUN {command}", f"RUN {command}") in said
    log = Path(said.split("full log: ")[1].splitlines()[0])
    assert log.is_relative_to(bad.root)
    assert log.read_text() == "".join(f"line {n}\n" for n in range(1, 31)) + "and this\n"


def test_a_step_of_several_lines_is_shown_by_its_first(bad: Mill) -> None:
    bad.write({"Dockerfile": "FROM busybox\nRUN <<EOF\necho one\nexit 3\nEOF\n"})

    said = bad.fail("build", "--progress=quiet", ".")

    assert "did not complete successfully: exit code: 3" in said
    assert "--> Dockerfile:2\n2 | RUN <<EOF\n" in said


def test_a_bug_is_told_as_one_without_a_traceback(bad: Mill) -> None:
    """The details are in a file; it is the interpreter that is made to fail here, by a module that is none."""
    broken = bad.folder / "broken" / "stagemill"
    shutil.copytree(
        Path(__file__).parents[2] / "src" / "stagemill", broken, ignore=shutil.ignore_patterns("__pycache__")
    )
    (broken / "build.py").write_text("1 / 0\n")
    bad.write({"Dockerfile": "FROM busybox\n"})
    mill = Mill(bad.root, bad.folder, settings={"PYTHONPATH": str(broken.parent), "TMPDIR": str(bad.folder)})

    ran = mill("build", ".")

    assert ran.status == 1
    assert ran.err.startswith("error: unexpected ZeroDivisionError: division by zero\nhint: this is a bug in stagemill")
    (report,) = bad.folder.glob("stagemill-crash-*.txt")
    assert str(report) in ran.err
    assert "Traceback" in report.read_text()


# --- the machine ---


def test_a_store_that_cannot_be_written_is_told(mill: Mill) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    script = f'mount --bind {mill.root} {mill.root} && mount -o remount,bind,ro {mill.root} && exec "$@"'
    prefixed = Mill(mill.root, mill.folder, prefix=("unshare", "--mount", "sh", "-c", script, "sh"))
    mill.write({"Dockerfile": "FROM busybox\n"})

    said = prefixed.fail("build", "-t", "x", ".")

    assert said == (
        f"error: cannot write to the store {mill.root}: read-only file system\n"
        "hint: the file system is read-only; set STAGEMILL_ROOT to a directory that can be written to\n"
    )


@pytest.mark.parametrize("path", ["/proc/stagemill", "/dev/null", "/dev/null/x"])
def test_a_store_at_an_impossible_place_is_told(mill: Mill, path: str) -> None:
    mill.write({"Dockerfile": "FROM busybox\n"})
    impossible = Mill(Path(path), mill.folder)

    said = impossible.fail("build", "-t", "x", ".")

    assert said.startswith(f"error: cannot make the store {path}")
    assert "\nhint: " in said


def small_disk(mill: Mill, size: str) -> Mill:
    """The same with a store on a small file system of its own, which has a copy of what was there."""
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    place = mill.root.with_name("small")
    place.mkdir()
    script = f'mount -t tmpfs -o size={size} small {place} && cp -a {mill.root}/. {place} && exec "$@"'
    return Mill(place, mill.folder, prefix=("unshare", "--mount", "sh", "-c", script, "sh"))


FILLS = {
    "RUN": "FROM busybox\nRUN dd if=/dev/zero of=/big bs=1M count=30\n",
    "COPY": "FROM busybox\nCOPY big /\n",
    "ADD": "FROM busybox\nADD big.tar /\n",
    "log": "FROM busybox\nRUN yes 0123456789012345678901234567890123456789 | head -n 500000\n",
    "pack": "FROM busybox\nCOPY half /\n",
}


@pytest.mark.parametrize("how", FILLS)
def test_a_full_disk_is_told_with_place_and_hint(mill: Mill, how: str) -> None:
    small = small_disk(mill, "16m")
    mill.write({"Dockerfile": FILLS[how], "big": bytes(20 << 20), "half": os.urandom(8 << 20)})
    subprocess.run(["tar", "-C", str(mill.folder), "-cf", str(mill.folder / "big.tar"), "big"], check=True)

    said = small.fail("build", "--progress=quiet", "-t", "x", ".")

    assert "no space left on device" in said.lower()
    assert "hint: " in said
    if how != "pack":
        assert "--> Dockerfile:2\n" in said


def test_a_full_disk_at_the_destination_leaves_no_half_archive(mill: Mill) -> None:
    target = mill.folder / "target"
    target.mkdir()
    script = f'mount -t tmpfs -o size=100k small {target} && "$@"; status=$?; ls -A {target} >&2; exit $status'
    full = Mill(mill.root, mill.folder, prefix=("unshare", "--mount", "sh", "-c", script, "sh"))

    saved = full("save", "-o", "target/x.tar", "busybox")
    mill.write({"Dockerfile": "FROM busybox\n"})
    built = full("build", "--progress=quiet", "-o", "type=oci,dest=target/x.tar", ".")
    local = full("build", "--progress=quiet", "-o", "target/tree", ".")

    for ran in (saved, built, local):
        assert ran.status == 1
        assert "no space left on device" in ran.err.lower()
        assert "hint: " in ran.err
        assert "Traceback" not in ran.err
    assert saved.err.splitlines()[-1].startswith("hint: ")
    assert built.err.splitlines()[-1].startswith("hint: ")


def test_a_broken_pipe_at_the_output_is_told_in_a_line(mill: Mill) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with mill.start("save", "busybox", stdout=writing) as process:
        os.close(writing)
        _, err = process.communicate(timeout=120)

    assert process.returncode == 1
    assert err.startswith(b"error: cannot write ")
    assert b"roken pipe" in err
    assert b"Traceback" not in err


@pytest.fixture
def without_ids(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Mill]]:
    """Runs as a user that has no subordinate ids, in a home of that user's."""
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv")
    home = Path(subprocess.check_output(["mktemp", "-d", "/tmp/stagemill-test-XXXXXX"], text=True).strip())
    (home / "context").mkdir()
    subprocess.run(["chown", "-R", "65534:65534", str(home)], check=True)

    def make(*prefix: str) -> Mill:
        who = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *prefix)
        return Mill(home / "store", home / "context", prefix=who)

    yield make
    shutil.rmtree(home)


def test_a_user_without_subordinate_ids_is_told_the_two_lines_to_add(without_ids: Callable[..., Mill]) -> None:
    mill = without_ids()
    mill.write({"Dockerfile": "FROM busybox\nRUN true\n"})

    said = mill.fail("build", ".")

    assert said.startswith("error: cannot build as an ordinary user: nobody has no subordinate ids in ")
    assert "hint: as root, add the line `nobody:" in said
    assert ":65536` to /etc/subuid and the line `nobody:" in said
    assert said.endswith(":65536` to /etc/subgid\n")


def test_a_root_that_may_not_mount_is_told_what_it_lacks(mill: Mill) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv")
    weak = Mill(mill.root, mill.folder, prefix=("setpriv", "--bounding-set=-sys_admin"))
    mill.write({"Dockerfile": "FROM busybox\nRUN true\n"})

    said = weak.fail("build", ".")

    assert "CAP_SYS_ADMIN" in said
    assert "hint: inside another container, start that one with --privileged" in said


def test_a_registry_configuration_that_is_wrong_is_told(mill: Mill) -> None:
    config = mill.folder / "wrong.toml"
    wrong = Mill(mill.root, mill.folder, settings={"STAGEMILL_CONFIG": str(config)})
    mill.write({"Dockerfile": "FROM no/such\n"})
    for text, says in (
        ("[registry", "is no TOML"),
        ('[registry."docker.io"]\nmirror = []\n', "unknown key 'mirror'"),
        ('[registry."docker.io"]\nmirrors = ["ftp://x"]\n', "is no mirror"),
    ):
        config.write_text(text)

        said = wrong.fail("build", "--progress=quiet", ".")

        assert says in said
        assert "hint: " in said
