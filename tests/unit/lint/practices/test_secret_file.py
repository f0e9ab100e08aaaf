"""`SecretFile`: a file of keys or passwords copied into an image."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found

RULE = "SecretFile"


@pytest.mark.parametrize(
    "source",
    [
        ".env",
        "deploy/.env.production",
        "id_rsa",
        ".ssh/id_ed25519",
        ".aws",
        ".aws/credentials",
        "certs/server.key",
        "a.p12",
        ".netrc",
        "tls-key.pem",
    ],
)
def test_a_file_of_secrets_is_found(source: str) -> None:
    assert lines_found(RULE, f"FROM x\nCOPY a {source} /b/\n") == [2]


@pytest.mark.parametrize(
    "source",
    [
        ".env.example",
        "id_rsa.pub",
        ".ssh/known_hosts",
        ".ssh/config",
        "ca.pem",
        "a.key.txt",
        "env",
        ".",
        "https://x/.env",
        "key.go",
        "environment",
    ],
)
def test_other_files_are_fine(source: str) -> None:
    assert lines_found(RULE, f"FROM x\nADD {source} /b/\n") == []


def test_every_target_counts_and_stages_that_are_only_read_do_not() -> None:
    text = "FROM x AS a\nCOPY .env /\nFROM x AS test\nCOPY .env /\nFROM y\nCOPY --from=a /b /b\nCOPY --from=a .env /\n"

    assert lines_found(RULE, text) == [4]
