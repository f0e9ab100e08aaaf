"""Whether a registry lets somebody in, before that is kept."""

from __future__ import annotations

import pytest

from fakes.connecting import Connect
from fakes.registry import FakeRegistry, elsewhere, status
from stagemill.errors import RegistryError
from stagemill.registry.config import HostSettings, RegistryConfig
from stagemill.registry.credentials import Credentials
from stagemill.registry.login import Admission

ALICE = Credentials("alice", "secret")
MALLORY = Credentials("alice", "hush-hush")


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_who_is_known_is_let_in(connect: Connect, auth: str) -> None:
    with FakeRegistry(auth=auth) as registry:
        assert connect().log_in(registry.host, ALICE) == Admission(ALICE, checked=True)


def test_a_registry_may_give_a_token_to_keep_instead_of_the_password(connect: Connect) -> None:
    with FakeRegistry(auth="bearer") as registry:
        registry.gives_identity = True

        found = connect().log_in(registry.host, ALICE)

    assert found.credentials == Credentials("alice", identity_token="refresh-me")


def test_one_that_asks_nobody_has_checked_nothing(connect: Connect) -> None:
    with FakeRegistry() as registry:
        assert connect().log_in(registry.host, ALICE) == Admission(ALICE, checked=False)


def test_plain_http_is_tried_where_that_is_allowed(connect: Connect) -> None:
    with FakeRegistry(auth="basic") as registry:
        client = connect(RegistryConfig({registry.host: HostSettings(insecure=True)}))

        assert client.log_in(registry.host, ALICE).checked


@pytest.mark.parametrize(
    ("auth", "reason"),
    [
        ("basic", "it refused the login of alice (status 401)"),
        ("bearer", "the login of alice was refused by its token server {host} (status 401)"),
    ],
)
def test_who_is_not_known_is_told_so(connect: Connect, auth: str, reason: str) -> None:
    with FakeRegistry(auth=auth) as registry, pytest.raises(RegistryError) as caught:
        connect().log_in(registry.host, MALLORY)

    assert caught.value.message == f"{registry.host} does not let you in: {reason.format(host=registry.host)}"
    assert str(caught.value.hint).startswith("check name and password; ")
    assert "hush-hush" not in str(caught.value)


def test_what_is_no_registry_is_told_so(connect: Connect) -> None:
    with FakeRegistry() as registry:
        registry.fail("/v2/", status(404))
        with pytest.raises(RegistryError) as caught:
            connect().log_in(registry.host, ALICE)

    assert caught.value.message == (
        f"{registry.host} answered status 404, which is no registry's answer when asked for a login"
    )
    assert caught.value.hint == "check the name: a registry answers at /v2/"


def test_one_that_is_not_there_is_told_so(connect: Connect) -> None:
    with pytest.raises(RegistryError) as caught:
        connect().log_in("127.0.0.1:1", ALICE)

    assert caught.value.message == "cannot log in to 127.0.0.1:1: connection refused"


def test_a_way_to_log_in_that_nobody_knows_is_told(connect: Connect) -> None:
    with FakeRegistry() as registry:
        registry.fail("/v2/", status(401, WWW_Authenticate="Negotiate"))
        with pytest.raises(RegistryError) as caught:
            connect().log_in(registry.host, ALICE)

    assert "with no way to log in that is known here (negotiate)" in caught.value.message


def test_a_registry_that_sends_people_on_is_told_and_nobody_learns_the_password(connect: Connect) -> None:
    with FakeRegistry(auth="basic") as registry, FakeRegistry(auth="basic") as other:
        registry.fail("/v2/", elsewhere(f"http://{other.host}/v2/"))
        with pytest.raises(RegistryError) as caught:
            connect().log_in(registry.host, ALICE)

        assert f"that somebody else is to be asked, {other.host}" in caught.value.message
        assert caught.value.hint == f"log in there: stagemill login {other.host}"
        assert {seen.headers.get("authorization") for seen in other.requests} == {None}
