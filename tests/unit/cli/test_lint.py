"""`stagemill lint` as people and scripts meet it."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from stagemill.cli.main import run

TEXT = "FROM node:22 AS builder\nRUN make\nFROM alpine:3 AS runtime\nCOPY --from=0 /x /x\n"
GOOD = TEXT.replace("--from=0", "--from=builder")
WHOLE = "FROM node:22 AS builder\nWORKDIR /app\nFROM alpine:3 AS runtime\nCOPY --from=0 /app /app\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(TEXT)
    return tmp_path


def pipe(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    data = text.encode() if isinstance(text, str) else text
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_findings_are_printed_and_the_status_is_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = run(["lint"])

    out = capsys.readouterr().out
    assert status == 1
    assert out.startswith(
        "Dockerfile:4:13: index-from: COPY copies from stage 0 by its number\n4 | COPY --from=0 /x /x\n"
    )
    assert out.endswith("+COPY --from=builder /x /x\n\n1 finding, 1 of them mended by --fix\n")
    assert (project / "Dockerfile").read_text() == TEXT


def test_nothing_to_find_is_status_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text(GOOD)

    assert run(["lint", "."]) == 0
    assert capsys.readouterr().out == "no findings\n"


def test_fix_prints_the_diff_and_writes_the_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").chmod(0o640)

    status = run(["lint", "--fix", "."])

    assert status == 0
    assert (project / "Dockerfile").read_text() == GOOD
    assert (project / "Dockerfile").stat().st_mode & 0o7777 == 0o640
    assert os.listdir(project) == ["Dockerfile"]
    assert capsys.readouterr().out == (
        "--- Dockerfile\n+++ Dockerfile\n@@ -1,4 +1,4 @@\n FROM node:22 AS builder\n RUN make\n"
        " FROM alpine:3 AS runtime\n-COPY --from=0 /x /x\n+COPY --from=builder /x /x\n"
        "mended: Dockerfile:4: index-from: write `builder` for 0\n\n1 finding mended, nothing left\n"
    )


def test_fix_says_what_it_left(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text(WHOLE)

    status = run(["lint", "--fix"])

    out = capsys.readouterr().out
    assert status == 1
    assert "Dockerfile:4:21: whole-directory: COPY takes all of /app, the work directory of `builder`\n" in out
    assert out.endswith("1 finding mended, 1 left\n")


def test_fix_leaves_a_file_alone_that_has_nothing_to_mend(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text(GOOD)
    before = (project / "Dockerfile").stat()

    assert run(["lint", "--fix"]) == 0
    assert (project / "Dockerfile").stat().st_ino == before.st_ino
    assert capsys.readouterr().out == "no findings\n"


def test_fix_keeps_a_symlink_and_every_byte_else(project: Path) -> None:
    (project / "real").write_bytes(b"\xef\xbb\xbf# \xff\r\n" + TEXT.replace("\n", "\r\n").encode())
    (project / "Dockerfile").unlink()
    (project / "Dockerfile").symlink_to("real")

    assert run(["lint", "--fix"]) == 0
    assert (project / "Dockerfile").is_symlink()
    assert (project / "real").read_bytes() == b"\xef\xbb\xbf# \xff\r\n" + GOOD.replace("\n", "\r\n").encode()


def test_a_pipe_is_mended_to_standard_output(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    pipe(monkeypatch, TEXT)

    status = run(["lint", "-f", "-", "--fix"])

    captured = capfdbinary.readouterr()
    assert status == 0
    assert captured.out == GOOD.encode()
    assert captured.err.endswith(b"1 finding mended, nothing left\n")


def test_a_pipe_with_nothing_to_mend_comes_out_as_it_went_in(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    pipe(monkeypatch, b"# \xff\r\nFROM a:1")

    assert run(["lint", "-f", "-", "--fix"]) == 0
    assert capfdbinary.readouterr().out == b"# \xff\r\nFROM a:1"


def test_a_pipe_is_looked_at(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe(monkeypatch, TEXT)

    assert run(["lint", "-"]) == 1
    assert capsys.readouterr().out.startswith("Dockerfile:4:13: index-from: ")


def test_json_is_one_document(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = run(["lint", "--format", "json"])

    document = json.loads(capsys.readouterr().out)
    assert status == 1
    assert [finding["rule"] for finding in document["findings"]] == ["index-from"]


def test_json_tells_what_fix_did(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = run(["lint", "--format", "json", "--fix"])

    document = json.loads(capsys.readouterr().out)
    assert status == 0
    assert document["findings"] == []
    assert [item["rule"] for item in document["mended"]] == ["index-from"]
    assert document["diff"].endswith("+COPY --from=builder /x /x\n")


def test_rules_are_chosen_and_ignored(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--rule", "whole-directory"]) == 0
    assert run(["lint", "--ignore", "index-from"]) == 0
    assert run(["lint", "--rule", "index-from"]) == 1


def test_a_check_of_buildkit_is_chosen_by_either_name(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text("FROM scratch AS A\nCMD x\n")

    assert run(["lint", "--rule", "stage-name-casing", "--rule", "JSONArgsRecommended"]) == 1
    out = capsys.readouterr().out
    assert "Dockerfile:1:17: StageNameCasing: Stage name 'A' should be lowercase\n" in out
    assert "Dockerfile:2:5: JSONArgsRecommended: " in out


def test_a_rule_that_is_experimental_is_asked_where_it_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "Dockerfile").write_text("# what it is\nARG A\nFROM scratch\n")

    assert run(["lint"]) == 0
    assert run(["lint", "--rule", "InvalidDefinitionDescription"]) == 1


def test_the_ignore_file_and_the_file_itself_have_a_say(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text("# check=skip=StageNameCasing\nFROM scratch AS A\nCOPY a /\n")
    assert run(["lint"]) == 0

    (project / ".dockerignore").write_text("a\n")
    assert run(["lint"]) == 1
    assert "CopyIgnoredFile" in capsys.readouterr().out


def test_an_unknown_rule_is_wrong_usage(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--rule", "index"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: there is no rule 'index'\nhint: ")


def test_a_build_argument_decides_which_stage_is_meant(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text("FROM node:22 AS a\nFROM a$X AS b\n")

    assert run(["lint", "--build-arg", "X=1"]) == 1
    assert "--build-arg X is given, but has no effect on FROM" in capsys.readouterr().out


def test_the_context_is_read_without_what_dockerignore_leaves_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "Dockerfile").write_text(
        "FROM node:22 AS builder\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"
        "FROM node:22-slim AS runtime\nCOPY --from=builder /app/node_modules /app/node_modules\n"
    )
    (project / "node_modules").mkdir()

    assert run(["lint", "--rule", "dev-packages", "--fix"]) == 1
    (project / ".dockerignore").write_text("node_modules\n")
    assert run(["lint", "--rule", "dev-packages", "--fix"]) == 0


def test_a_dockerfile_elsewhere_is_found_by_f_or_by_its_path(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "app.Dockerfile").write_text(GOOD)

    assert run(["lint", "-f", "sub/app.Dockerfile"]) == 0
    assert run(["lint", "sub", "-f", "app.Dockerfile"]) == 0
    assert run(["lint", "sub/app.Dockerfile"]) == 0


def test_no_dockerfile_is_an_error_with_a_hint(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").rename(project / "Dockerfil")

    assert run(["lint"]) == 1
    assert "hint: did you mean Dockerfil? name it with -f" in capsys.readouterr().err


def test_a_mistake_of_the_language_is_shown_with_its_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text("FROM a:1\nRUM x\n")

    assert run(["lint"]) == 1
    assert "2 | RUM x\n" in capsys.readouterr().err


def test_a_pipe_that_cannot_be_written_is_an_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    os.write(writer, TEXT.encode())
    os.close(writer)

    status = run(["lint", "--fix", "-f", f"/dev/fd/{reader}"])

    os.close(reader)
    assert status == 1
    assert capsys.readouterr().err == (
        f"error: cannot mend /dev/fd/{reader}: it is no regular file\nhint: pipe it: stagemill lint --fix -f -\n"
    )


def test_a_file_that_cannot_be_written_stays_as_it_is(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    assert run(["lint", "--fix"]) == 1
    assert (project / "Dockerfile").read_text() == TEXT
    assert os.listdir(project) == ["Dockerfile"]
    assert capsys.readouterr().err.startswith("error: cannot write Dockerfile: No space left on device\nhint: ")


def test_linting_makes_no_store(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGEMILL_ROOT", str(project / "store"))

    run(["lint"])

    assert not (project / "store").exists()


SUDO = "FROM alpine:3 AS runtime\nRUN sudo true\n"


def test_levels_are_shown_and_decide_whether_it_fails(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text(SUDO)

    assert run(["lint"]) == 1
    assert "Dockerfile:2:5: error: SudoUsed: " in capsys.readouterr().out
    assert run(["lint", "--severity", "DL3004=info", "--fail-on", "warning"]) == 0
    assert "Dockerfile:2:5: info: SudoUsed: " in capsys.readouterr().out
    assert run(["lint", "--failure-threshold", "none"]) == 0


def test_a_number_of_hadolint_ignores_what_has_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text("FROM debian:12\nRUN pip install a && gem install b\nRUN sudo true\n")

    assert run(["lint", "--ignore", "DL3013", "--ignore", "DL3004", "--ignore", "DL3042", "--format", "json"]) == 1
    assert [f["message"] for f in json.loads(capsys.readouterr().out)["findings"]] == ["any version of b may come"]


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab", "checkstyle", "junit"])
def test_every_format_names_what_is_found(project: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text(SUDO)

    assert run(["lint", "--format", form]) == 1
    assert "SudoUsed" in capsys.readouterr().out


def test_a_baseline_leaves_out_what_was_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text(SUDO)

    assert run(["lint", "--write-baseline", "known.json"]) == 0
    assert run(["lint", "--baseline", "known.json"]) == 0
    (project / "Dockerfile").write_text(SUDO + "RUN sudo false\n")
    capsys.readouterr()
    assert run(["lint", "--baseline", "known.json"]) == 1
    assert capsys.readouterr().out.startswith("Dockerfile:3:5: error: SudoUsed")


def test_a_baseline_that_is_missing_is_an_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--baseline", "none.json"]) == 1
    assert capsys.readouterr().err == (
        "error: cannot read none.json: No such file or directory\nhint: write it with --write-baseline\n"
    )


def test_the_project_says_what_it_wants(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text(SUDO)
    (project / "stagemill.toml").write_text('[lint]\nignore = ["SudoUsed"]\ntrusted-registries = ["example.com"]\n')

    assert run(["lint"]) == 1
    assert "docker.io, which is not among the trusted registries" in capsys.readouterr().out
    assert run(["lint", "--trusted-registry", "docker.io"]) == 0


def test_labels_are_demanded(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text("FROM alpine:3\nLABEL other=1\n")

    assert run(["lint", "--require-label", "home:url", "--strict-labels"]) == 1
    out = capsys.readouterr().out
    assert "stage 0 has no label `home`" in out
    assert "the house has no label `other`" in out


def test_diff_shows_and_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "FROM alpine:3\nRUN apk add curl=1\n"
    (project / "Dockerfile").write_text(text)

    assert run(["lint", "--diff"]) == 1
    assert capsys.readouterr().out == ""
    assert run(["lint", "--dry-run", "--unsafe"]) == 1
    assert "+RUN apk add --no-cache curl=1\n" in capsys.readouterr().out
    assert (project / "Dockerfile").read_text() == text


def test_unsafe_fixes_are_made_only_where_they_are_wanted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "FROM alpine:3\nRUN apk add curl=1\n"
    (project / "Dockerfile").write_text(text)

    assert run(["lint"]) == 1
    assert capsys.readouterr().out.endswith("1 finding, 1 of them by --fix --unsafe\n")
    assert run(["lint", "--fix"]) == 1
    assert (project / "Dockerfile").read_text() == text
    assert run(["lint", "--fix", "--unsafe"]) == 0
    assert (project / "Dockerfile").read_text() == text.replace("add", "add --no-cache")


def test_unsafe_alone_is_wrong_usage(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--unsafe"]) == 2
    assert "add --fix, or --diff to see them first" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["SudoUsed", "sudo-used", "DL3004"])
def test_explain_shows_the_page_of_a_rule(project: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--explain", name]) == 0
    assert capsys.readouterr().out.startswith("# SudoUsed\n")


def test_explain_knows_the_numbers_of_shellcheck(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--explain", "SC2086"]) == 0
    assert capsys.readouterr().out.startswith("# ShellCheck\n")


def test_shellcheck_is_left_out_or_demanded(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "Dockerfile").write_text("FROM debian:12\nARG A\nRUN cp $A /b\n")

    assert run(["lint", "--shellcheck"]) == 1
    assert "Dockerfile:3:8: info: SC2086" in capsys.readouterr().out
    assert run(["lint", "--no-shellcheck"]) == 0
    monkeypatch.setenv("PATH", str(project))
    monkeypatch.setattr(sys, "executable", str(project / "python"))
    capsys.readouterr()
    assert run(["lint", "--shellcheck"]) == 1
    assert capsys.readouterr().err == "error: ShellCheck is not installed\nhint: pip install 'stagemill[shellcheck]'\n"
