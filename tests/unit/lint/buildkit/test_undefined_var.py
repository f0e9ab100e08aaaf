"""`UndefinedVar`: variables that nothing sets."""

from __future__ import annotations

from fakes.linting import base, findings, lines_found

RULE = "UndefinedVar"


def messages(text: str, **given: str) -> list[str]:
    return [f.message for f in findings(RULE, text, known=base(env=(("NODE_VERSION", "22"),)), build_args=given)]


def test_every_instruction_that_replaces_variables_is_looked_at() -> None:
    lines = [
        "COPY $a --chown=$b x", "COPY --chown=$b x /", "ADD x $c", "ENV $d=x", "LABEL e=$f", "ARG g=$h", "WORKDIR $i",
        "USER $j", "VOLUME $k", "STOPSIGNAL $l", "RUN --mount=type=cache,target=$m ls", "COPY <<E /\n'$n'\nE",
    ]  # fmt: skip

    found = messages("\n".join(["FROM x", *lines, ""]))

    assert [message.split("$")[1].split("'")[0] for message in found] == list("abbcdfhijklmn")


def test_those_that_do_not_are_left_alone() -> None:
    text = "FROM x\nRUN $a\nCMD $b\nEXPOSE $c\nONBUILD COPY $d /\nCOPY <<'E' /\n$e\nE\nHEALTHCHECK CMD $f\n"

    assert messages(text) == []


def test_what_is_set_is_fine() -> None:
    text = "FROM x\nARG a\nARG b=1\nENV c=2\nCOPY $a$b$c$NODE_VERSION$PATH /\nFROM 0\n"

    assert messages(text) == []
    assert messages("FROM scratch AS a\nARG v\nFROM a\nCOPY x$v /\n") == []


def test_the_order_counts_and_a_near_name_is_proposed() -> None:
    assert messages("FROM x\nCOPY $foo .\nARG foo=1\n") == ["Usage of undefined variable '$foo'"]
    assert messages("FROM x\nARG DIR_ASSETS=a\nCOPY $DIR_ASSET .\n") == [
        "Usage of undefined variable '$DIR_ASSET' (did you mean $DIR_ASSETS?)"
    ]
    assert messages("FROM scratch\nENV PATH=$PAHT:/bin\n") == [
        "Usage of undefined variable '$PAHT' (did you mean $PATH?)"
    ]


def test_the_default_of_an_argument_that_is_given_is_not_looked_at() -> None:
    assert messages("FROM x\nARG a=$b\n", a="1") == []


def test_a_stage_whose_base_is_not_known_proves_nothing() -> None:
    assert lines_found(RULE, "FROM x\nCOPY $foo .\n") == []
    assert lines_found(RULE, "FROM scratch\nCOPY $foo .\n") == [2]
