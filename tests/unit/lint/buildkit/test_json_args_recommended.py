"""`JSONArgsRecommended`: CMD and ENTRYPOINT in shell form."""

from __future__ import annotations

from fakes.linting import base, findings, lines_found

RULE = "JSONArgsRecommended"


def test_shell_form_is_found() -> None:
    found = findings(RULE, "FROM scratch\nCMD app --port 80\nENTRYPOINT $APP\n")

    assert [(f.span.line, f.hint) for f in found] == [
        (2, 'a shell stands between, and passes no signal on: write CMD ["app", "--port", "80"]'),
        (3, 'a shell stands between: write the program and its arguments as ["program", "argument"]'),
    ]
    assert found[0].message == "JSON arguments recommended for CMD to prevent unintended behavior related to OS signals"


def test_json_form_is_fine() -> None:
    assert lines_found(RULE, 'FROM scratch\nCMD ["app"]\nENTRYPOINT ["app"]\n') == []


def test_a_program_that_takes_the_place_of_the_shell_gets_the_signals() -> None:
    assert lines_found(RULE, 'FROM scratch\nENTRYPOINT exec "$APP" --all\n') == []
    assert lines_found(RULE, "FROM scratch\nCMD exec a && b\nENTRYPOINT execute\n") == [2, 3]


def test_a_stage_that_sets_its_shell_means_it_also_for_those_that_begin_from_it() -> None:
    text = 'FROM scratch AS a\nSHELL ["/bin/bash", "-c"]\nCMD app\nFROM a\nENTRYPOINT app\n'

    assert lines_found(RULE, text) == []


def test_so_does_an_image_that_sets_it() -> None:
    assert lines_found(RULE, "FROM x\nCMD app\n", known=base(shell=("bash", "-c"))) == []
    assert lines_found(RULE, "FROM x\nCMD app\n", known=base()) == [2]
