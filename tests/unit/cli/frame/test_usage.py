from __future__ import annotations

import pytest

from stagemill.cli.main import run


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "build",
            "error: PATH|URL|- is missing\nhint: stagemill build [OPTIONS] PATH|URL|-; for example: stagemill build -t app .\n",
        ),
        ("build . b", "error: got unexpected extra argument (b)\nhint: stagemill build [OPTIONS] PATH|URL|-; for"),
        ("build --tagg=x .", "error: stagemill build has no flag --tagg\nhint: did you mean --tag?\n"),
        (
            "--hosst=x build .",
            "error: stagemill has no flag --hosst\nhint: stagemill --help lists them\n",
        ),  # --host is hidden
        ("build -f", "error: -f needs a value\nhint: write -f FILE\n"),
        ("build --debug=2 .", "error: --debug takes no value\nhint: write --debug alone\n"),
        ("build --progress=plan .", "error: invalid --progress: 'plan' is not one of 'auto', 'tty', 'plain'"),
        ("build --jobs many .", "error: invalid --jobs: 'many' is not a whole number\nhint: write a whole number, 0 or"),
        ("completion fishh", "error: invalid shell: 'fishh' is not one of 'bash', 'fish', 'zsh'\nhint: did you mean fish?\n"),
        ("cache prnue", "error: no such command 'prnue'"),
    ],
)  # fmt: skip
def test_wrong_usage_is_told_as_other_errors_are(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 2
    assert capsys.readouterr().err.startswith(said)
