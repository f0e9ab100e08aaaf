"""`.hadolint.yaml`, where a project says nothing in `stagemill.toml`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stagemill.cli.linting.hadolint import read, wanted
from stagemill.cli.linting.settings import Settings
from stagemill.cli.main import run
from stagemill.errors import UsageError
from stagemill.lint.policy import Policy

WHOLE = """\
failure-threshold: warning
format: checkstyle
ignored: [DL3004, SC2086]
label-schema: {home: url, sort: rawtext}
no-color: true
override:
  error: [DL3003]
  info:
    - DL3057
strict-labels: true
disable-ignore-pragma: true
trustedRegistries:
  - docker.io
  - "*.example.com"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM alpine:3\nRUN cd /opt\n# hadolint ignore=DL3004\nRUN sudo true\n")
    return tmp_path


def of(project: Path, text: str) -> tuple[Settings, list[str]]:
    path = project / ".hadolint.yaml"
    path.write_text(text)
    found = read(path)
    return found.settings, [notice.removeprefix(f"{path}: ") for notice in found.notices]


def test_every_key_counts_and_a_rule_that_is_asked_by_name_is_asked(project: Path) -> None:
    assert of(project, WHOLE) == (
        Settings(
            ignore=("DL3004", "SC2086"),
            experimental=("DL3057",),
            levels={"DL3003": "error", "DL3057": "info"},
            fail_on="warning",
            policy=Policy(
                ("docker.io", "*.example.com"), {"home": "url", "sort": "text"}, only_labels=True, pragmas=False
            ),
            form="checkstyle",
            plain=True,
        ),
        [],
    )


def test_what_is_not_understood_is_told_and_the_rest_counts(project: Path) -> None:
    settings, notices = of(
        project,
        "verbose: true\nignored: [DL3043, DL3004]\nformat: gnu\nformats: [codacy, sarif]\nfailure-threshold: often\n"
        "override: {fatal: [DL3004], error: [DL9999]}\nlabel-schema: {a: number}\n",
    )

    assert settings == Settings(ignore=("DL3004",), policy=Policy(labels={"a": "text"}), form="sarif")
    assert notices == [
        "verbose means nothing to stagemill lint",
        "override: there is no level fatal; levels are error, warning, info, style",
        "override: error: there is no rule DL9999 here",
        "ignored: there is no rule DL3043 here",
        "failure-threshold: there is no level often, so anything fails",
        "label-schema: a may be any text, for there is no form number",
        "format: there is no gnu here; formats are checkstyle, gitlab, json, junit, sarif, text",
        "format: there is no codacy here; formats are checkstyle, gitlab, json, junit, sarif, text",
    ]


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("", Settings()),
        ("no-fail: true\nfailure-threshold: error\n", Settings(fail_on="none")),
        ("failure-threshold: none\n", Settings(fail_on="style")),
        ("failure-threshold: ignore\n", Settings(fail_on="style")),
        ("trustedRegistries: docker.io\n", Settings(policy=Policy(("docker.io",)))),
        ("override: {style: [DL3003], error: [DL3003]}\n", Settings(levels={"DL3003": "error"})),
        ("format: gitlab_codeclimate\n", Settings(form="gitlab")),
    ],
)
def test_single_keys(project: Path, text: str, settings: Settings) -> None:
    assert of(project, text) == (settings, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "cannot be read: "),
        ("? [a, b]\n: c\n", "cannot be read: "),
        ("--- a\n--- b\n", "cannot be read: "),
        ("ignored: 2026-99-99\n", "cannot be read: "),
        ("x: !!python/name:os.system\n", "cannot be read: "),
        ("\0", "cannot be read: "),
        ("[" * 5000, "cannot be read: "),
        ("- a\n", "is no mapping"),
        ("ignored: {a: b}\n", "ignored is no list of texts"),
        ("override: [DL3003]\n", "override is no mapping"),
        ("override: {error: {a: b}}\n", "override: error is no list of texts"),
        ("strict-labels: often\n", "strict-labels is neither true nor false"),
        ("a: &a [*a]\nignored: *a\n", "ignored is no list of texts"),
    ],
)
def test_what_is_wrong_is_an_error_with_its_place(project: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        of(project, text)

    assert message in caught.value.message
    assert caught.value.message.startswith(str(project / ".hadolint.yaml"))
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "notices"),
    [
        ("label-schema: {1: [a], 2: , 3: text}\n", ["label-schema: 1 may be any text, for there is no form ['a']"]),
        ("failure-threshold: [a]\n", ["failure-threshold: there is no level ['a'], so anything fails"]),
        ("failure-threshold:\nformat:\nignored:\noverride:\n", []),
        ("override: {1: [a], error: }\n", ["override: there is no level 1; levels are error, warning, info, style"]),
        ('ignored: ["\\e[2J"]\n', ["ignored: there is no rule \ufffd[2J here"]),
    ],
)
def test_odd_values_are_no_reason_to_fail(project: Path, text: str, notices: list[str]) -> None:
    settings, told = of(project, text)

    assert (settings.ignore, settings.fail_on, settings.form, told) == ((), "style", "text", notices)


def test_it_is_found_by_either_name_in_the_directory_or_else_where_lint_is_called(project: Path) -> None:
    (project / "sub").mkdir()
    (project / ".hadolint.yml").write_text("ignored: [DL3003]\n")

    assert wanted(str(project)).settings.ignore == ("DL3003",)
    assert wanted("sub").settings.ignore == ("DL3003",)
    (project / "sub" / ".hadolint.yaml").write_text("ignored: [DL3004]\n")
    assert wanted("sub").settings.ignore == ("DL3004",)


def test_a_table_in_stagemill_toml_wins_and_that_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".hadolint.yaml").write_text("ignored: [DL3003, DL3004]\nno-fail: true\n")
    assert run(["lint"]) == 0
    assert "SudoUsed" not in capsys.readouterr().out

    (project / "stagemill.toml").write_text('[size]\nmax-size = "1GB"\n')
    assert run(["lint"]) == 0

    (project / "stagemill.toml").write_text('[lint]\nignore = ["DL3004"]\n')
    assert run(["lint"]) == 1
    captured = capsys.readouterr()
    assert "CdInsteadOfWorkdir" in captured.out
    assert captured.err == "note: .hadolint.yaml is not read: stagemill.toml has a table [lint]\n"


def test_levels_thresholds_and_formats_count_and_the_command_line_goes_before(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".hadolint.yaml").write_text("format: json\noverride: {error: [DL3003]}\nfailure-threshold: error\n")

    assert run(["lint", "--no-shellcheck"]) == 1
    assert [(one["rule"], one["level"]) for one in json.loads(capsys.readouterr().out)["findings"]] == [
        ("CdInsteadOfWorkdir", "error")
    ]
    assert run(["lint", "--no-shellcheck", "--format", "text", "--severity", "DL3003=info"]) == 0
    assert "info: CdInsteadOfWorkdir" in capsys.readouterr().out


def test_comments_count_for_nothing_where_that_is_wanted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--rule", "SudoUsed"]) == 0
    assert run(["lint", "--rule", "SudoUsed", "--disable-ignore-pragma"]) == 1
    (project / ".hadolint.yaml").write_text("disable-ignore-pragma: true\n")
    assert run(["lint", "--rule", "SudoUsed"]) == 1
    (project / ".hadolint.yaml").unlink()
    (project / "stagemill.toml").write_text("[lint]\ndisable-ignore-pragma = true\n")
    assert run(["lint", "--rule", "SudoUsed"]) == 1


def test_notices_go_to_standard_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".hadolint.yaml").write_text("ignored: [DL3043]\nformat: json\n")

    run(["lint"])

    captured = capsys.readouterr()
    assert json.loads(captured.out)["findings"]
    assert captured.err == "note: .hadolint.yaml: ignored: there is no rule DL3043 here\n"
