"""`SecretsUsedInArgOrEnv`: names of secrets in ARG and ENV."""

from __future__ import annotations

from fakes.linting import findings, lines_found

RULE = "SecretsUsedInArgOrEnv"


def test_names_that_have_such_a_word_are_found() -> None:
    text = "FROM scratch\nARG SECRET_PASSPHRASE\nENV git_key=x sunflower=y AWS_TOKEN=z\nENV apikey=1\nARG auth=2\n"

    found = findings(RULE, text)

    assert [(f.span.line, f.message.split("(")[1]) for f in found] == [
        (2, 'ARG "SECRET_PASSPHRASE")'), (3, 'ENV "git_key")'), (3, 'ENV "AWS_TOKEN")'), (4, 'ENV "apikey")'),
        (5, 'ARG "auth")'),
    ]  # fmt: skip


def test_words_of_which_it_is_only_a_part_and_public_ones_are_fine() -> None:
    text = "FROM scratch\nENV PUBLIC_KEY= monkey=1 PASSWORD_FILE=/x keyboard=2\nARG AUTH_MODULE_VERSION tokens\n"

    assert lines_found(RULE, text) == []


def test_a_path_and_a_switch_are_no_secrets() -> None:
    text = 'FROM x\nENV TLS_KEY=/etc/tls/key.pem KEY_DIR=/certs SECRET_IS_BASE64=false\nARG AUTH="true"\n'

    assert lines_found(RULE, text) == []
    assert lines_found(RULE, "FROM x\nENV KEY=/ab+c/d== TOKEN=\n") == [2, 2]


def test_global_arguments_are_not_looked_at() -> None:
    assert lines_found(RULE, "ARG TOKEN\nFROM scratch\n") == []


def test_a_comment_above_leaves_it_alone_with_words_behind_it() -> None:
    text = f"FROM scratch\n# check=skip={RULE} // it is a sample\nENV password=x\n# check=skip=all // so\nARG token\n"

    assert lines_found(RULE, text) == []
