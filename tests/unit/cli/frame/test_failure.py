"""How errors look, and which status the program ends with."""

from __future__ import annotations

import errno
import io
import os
import re
import tempfile
from pathlib import Path

import click
import pytest

from fakes.program import Call
from stagemill.cli.frame import failure
from stagemill.errors import (
    CancelledError,
    DockerfileError,
    Excerpt,
    StagemillError,
    StepError,
    TemplateError,
    UsageError,
)

AT = Excerpt("Dockerfile", 2, 5, 4, "RUN make")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    def write(self, _text: str, /) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def raised(error: Exception) -> Exception:
    """An error with a traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


def shown(error: StagemillError) -> str:
    out = io.StringIO()
    failure.show(error, stream=out)
    return out.getvalue()


def test_an_error_is_its_message_and_its_hint() -> None:
    assert shown(StagemillError("it failed", hint="try again")) == "error: it failed\nhint: try again\n"
    assert shown(StagemillError("it failed")) == "error: it failed\n"


def test_an_error_in_a_dockerfile_shows_its_place() -> None:
    assert shown(DockerfileError("it is wrong", at=AT, hint="mend it")) == (
        "error: it is wrong\n --> Dockerfile:2\n2 | RUN make\n  |     ^^^^\nhint: mend it\n"
    )
    assert shown(DockerfileError("it is wrong")) == "error: it is wrong\n"


def test_what_a_terminal_would_obey_is_not_passed_on() -> None:
    error = UsageError("no file \x1b[2Ja\x7f\nor \r\x9bb", hint="write \x1b]0;title\x07")

    assert shown(error) == "error: no file \ufffd[2Ja\ufffd\nor \ufffd\ufffdb\nhint: write \ufffd]0;title\ufffd\n"


def test_nor_is_what_stands_in_a_place() -> None:
    error = TemplateError("it does not end", at=Excerpt("--format", 1, 2, 2, "\x1b{{"))

    assert shown(error).splitlines()[2:] == ["1 | \ufffd{{", "  |  ^^"]


def test_a_failed_step_shows_the_end_of_its_output_and_where_the_rest_is() -> None:
    error = StepError("it failed", exit_code=2, tail="one\ntwo", log="/logs/x", at=AT)

    assert shown(error) == (
        "last lines of its output:\n  one\n  two\nerror: it failed\n --> Dockerfile:2\n2 | RUN make\n  |     ^^^^\n"
        "full log: /logs/x\n"
    )


def test_a_terminal_gets_colours_unless_they_are_unwanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    coloured, plain, dumb = Terminal(), Terminal(), Terminal()

    failure.show(StagemillError("x"), stream=coloured)
    monkeypatch.setenv("TERM", "dumb")
    failure.show(StagemillError("x"), stream=dumb)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    failure.show(StagemillError("x"), stream=plain)

    assert coloured.getvalue() == "\x1b[1;31merror:\x1b[0m x\n"
    assert plain.getvalue() == dumb.getvalue() == "error: x\n"


def test_nobody_listening_is_no_further_error() -> None:
    failure.show(StagemillError("x"), stream=Closed())


@pytest.mark.parametrize(
    ("error", "status"),
    [(StagemillError("x"), 1), (UsageError("x"), 2), (CancelledError("x"), 130)],
)
def test_the_status_is_that_of_the_error(
    error: StagemillError, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failure.report(error) == status
    assert capsys.readouterr().err == "error: x\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_being_stopped_is_said_in_a_word(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert failure.report(error) == 130
    assert capsys.readouterr().err == "\nstopped\n"


def test_a_full_disk_has_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert failure.report(OSError(errno.ENOSPC, "No space left on device", "/x")) == 1
    assert capsys.readouterr().err == (
        "error: the system refused '/x': No space left on device\n"
        "hint: free some space and try again; nothing that was finished is lost\n"
    )


def test_other_errors_of_the_system_are_told_with_their_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert failure.report(PermissionError(errno.EACCES, "Permission denied", "/x")) == 1
    assert failure.report(OSError("odd")) == 1
    assert (
        capsys.readouterr().err == "error: the system refused '/x': Permission denied\nerror: the system refused: odd\n"
    )


def test_too_little_memory_has_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert failure.report(MemoryError()) == 1
    assert (
        capsys.readouterr().err == "error: there is not enough memory\nhint: free some, or build fewer steps at once\n"
    )


def test_a_bug_of_ours_is_told_without_a_traceback_which_is_in_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path))
    status = failure.report(raised(KeyError("\udcff")))

    told = capsys.readouterr().err
    match = re.fullmatch(
        r"error: unexpected KeyError: '\\udcff'\nhint: this is a bug in stagemill; please report it with the file (\S+)\n",
        told,
    )
    assert status == 1
    assert match is not None
    assert "Traceback" in Path(match[1]).read_text()


def test_a_bug_is_told_even_where_no_file_can_be_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path / "missing"))
    status = failure.report(raised(ZeroDivisionError("x")))

    told = capsys.readouterr().err
    assert status == 1
    assert "Traceback" not in told
    assert re.search(
        r"hint: this is a bug in stagemill in \S+test_failure.py:\d+; the details could not be written: ", told
    )


LOGIN = "http://me:hunter2@127.0.0.1:1"
COMMANDS = (("build", "--progress=plain"), ("build", "--progress=rawjson"), ("plan",), ("lint",), ("build", "--check"))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    "line",
    [
        "ADD --chown=nobody {}/file /a", "ADD {}/nosuch.git /a", "ADD {}/r.git#no..such /a", "ADD {}/ /a/",
        "ADD --checksum=sha256:x {}/file /a", "COPY {}/file /a", "ADD --form=x {}/file /a", "ADD {}/file", "FROM {}/image",
        "ADD {}x/file /a", "ENV A=${{B:?{}}}", "EXPOSE {}", "COPPY {}", "VOLUME {}/${{x:#}}", "COPY --from={} /a /b",
        "USER {}", "WORKDIR {}/${{x:#}}", "HEALTHCHECK --interval={} CMD x", "HEALTHCHECK {}", "COPY {}x y /", "SHELL {}",
        "STOPSIGNAL {}", "ONBUILD ADD --x {}/x /", "ONBUILD ONBUILD {}", "RUN --mount=type=bind,source={},target=/x true",
        "RUN --mount=type=cache,tagret={} true", "RUN --mount={} true", "ADD <<{} /x", "LABEL {}", "MAINTAINER {}",
        "ARG {}", "CMD [{}, 1]", "ADD --unpack={} x /", "ADD --keep-git-dir {}/file /ok", "COPY --chmod={} x /",
        "ADD http://me:hunter2/x#y@127.0.0.1/file /a", "ADD http://me:hunter2@/x /a", "ADD http://me:hun\\\nter2@127.0.0.1:1/x",
    ],
)  # fmt: skip
def test_no_login_of_a_url_is_shown_whatever_is_wrong(
    folder: Path, stagemill: Call, line: str, command: tuple[str, ...]
) -> None:
    (folder / "Dockerfile").write_text(f"FROM scratch\n{line.format(LOGIN)}\n")

    said = stagemill(*command, ".")

    assert "hunter2" not in said.out + said.err
    assert "this is a bug" not in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", LOGIN), ("build", f"{LOGIN}/r.git"), ("build", f"{LOGIN}/r.git#no..such"), ("build", "."),
        ("build", ".", LOGIN), ("build", "-f", LOGIN, "."), ("build", "-f", LOGIN, "-"), ("build", f"{LOGIN}x"),
        ("build", "-f", "Other", LOGIN), ("build", "--build-context", f"x={LOGIN}x", "."), ("pull", f"{LOGIN}/image"),
        ("build", "--build-context", f"x=docker-image://{LOGIN}", "."), ("build", f"--target={LOGIN}", "."),
        ("build", f"--pogress={LOGIN}", "."), ("build", "-o", f"type={LOGIN}", "."), ("build", "-t", LOGIN, "."),
        ("build", "--build-arg", f"={LOGIN}", "."), ("run", LOGIN), (LOGIN,), ("load", "-i", LOGIN), ("save", LOGIN),
        ("build", "--secret", LOGIN, "."), ("build", "--secret", f"id=x,src={LOGIN}", "."), ("build", "--ssh", f"x={LOGIN}", "."),
        ("build", "http://me:hunter2/#?x@127.0.0.1/r.git"), ("build", "--build-context", "x=http://me:hunter2@ y@z", "."),
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_login_of_the_command_line_is_shown(folder: Path, stagemill: Call, arguments: tuple[str, ...]) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY --from=x a /\n")

    said = stagemill(*arguments)

    assert said.status in {1, 2, 125}
    assert "hunter2" not in said.out + said.err
    assert "this is a bug" not in said.err


def test_a_signal_that_comes_while_a_class_is_made_stops_as_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    class Stopped:
        def __set_name__(self, _owner: type, _name: str) -> None:
            raise KeyboardInterrupt

    with pytest.raises((RuntimeError, KeyboardInterrupt)) as caught:
        type("Made", (), {"field": Stopped()})

    assert failure.report(caught.value) == 130
    assert capsys.readouterr().err == "\nstopped\n"
