"""What a person is told of git's failures."""

from __future__ import annotations

import pytest

from stagemill.location import GitLocation
from stagemill.sources.failure import explain, is_final
from stagemill.sources.program import GitFailure

PLACE = GitLocation("https://h/r.git", "https", "h")
TOKEN = "--secret id=GIT_AUTH_TOKEN.h,env=VARIABLE"


@pytest.mark.parametrize(
    ("said", "final", "hint"),
    [
        ("fatal: unable to access 'https://h/': Could not resolve host: h", True, "correct the host, or check the network"),
        ("fatal: Failed to connect to h port 443", True, "check the host, the network and the proxy settings"),
        ("git@h: Permission denied (publickey).", True, "has the agent of --ssh default a key that the server knows? `ssh-add -l` lists them"),
        ("fatal: could not read Username for 'https://h': terminal prompts disabled", True, f"it may want a token: {TOKEN}"),
        ("fatal: repository 'https://h/r.git/' not found", False, f"correct the URL; a private repository needs a token: {TOKEN}"),
        ("fatal: SSL certificate problem: self-signed", True, 'name the certificates of its authority in config.toml: [registry."h"] ca = "file.pem"'),
        ("fatal: transport 'ext' not allowed", True, "repositories and submodules are fetched by http, https, ssh and git only"),
        ("error: Server does not allow request for unadvertised object", False, "check the URL, and try again"),
    ],
)  # fmt: skip
def test_a_failure_has_a_remedy_and_says_whether_another_try_is_worth_it(said: str, *, final: bool, hint: str) -> None:
    failure = GitFailure(said)

    assert explain(failure, "https://h/r.git#v1", PLACE, with_login=False).hint == hint
    assert is_final(failure) == final


def test_the_message_has_gits_last_words_in_one_line() -> None:
    said = "Cloning into 'x'...\nwarning: noise\nfatal: one\nfatal: two\n"

    error = explain(GitFailure(said), "https://h/r.git#v1", PLACE, with_login=False)

    assert error.message == "cannot fetch https://h/r.git#v1: one; two"
    assert explain(GitFailure("warning: w"), "u", PLACE, with_login=False).message == "cannot fetch u: warning: w"


def test_a_login_that_is_not_taken_and_a_place_that_has_moved_are_told() -> None:
    refused = explain(GitFailure("fatal: Authentication failed for 'https://h/'"), "u", PLACE, with_login=True)
    moved = explain(GitFailure("The requested URL returned error: 301"), "u", PLACE, with_login=True)

    assert refused.hint == "check the secret: its token is not taken"
    assert moved.hint == "use the URL it has moved to: a login is not taken along"
