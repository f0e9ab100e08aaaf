"""Who asks, and who is told the password."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from fakes.blobs import AMD64
from fakes.connecting import Connect, of, pushed, read
from fakes.registry import FakeRegistry, elsewhere, status
from stagemill.errors import RegistryError
from stagemill.registry.config import RegistryConfig
from stagemill.registry.credentials import Credentials


def with_user(credentials: Credentials) -> RegistryConfig:
    return RegistryConfig(credentials=lambda _host: credentials)


class TestAuthorization:
    def test_an_anonymous_token_is_fetched_once_for_all_requests(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            image = pushed(registry)
            client = connect()

            found = client.resolve(of(registry), AMD64)
            read(client, of(registry), image.manifest.layers[0])

            assert found == image
            token = "GET /token?extra=1&service=fake&scope=repository%3Ateam%2Fapp%3Apull"
            assert registry.paths("/token") == [token]

    def test_many_threads_fetch_one_token(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            image = pushed(registry)
            client = connect()

            with ThreadPoolExecutor(8) as pool:
                found = list(pool.map(lambda _: client.resolve(of(registry), AMD64), range(8)))

            assert found == [image] * 8
            assert len(registry.paths("/token")) == 1

    def test_a_token_that_ran_out_is_replaced(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            image = pushed(registry)
            client = connect()
            client.resolve(of(registry), AMD64)
            registry.tokens[:] = ["token-2"]

            found = client.resolve(of(registry), AMD64)

            assert found == image

    def test_a_password_is_given_to_the_token_server_only(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            pushed(registry)

            connect(with_user(Credentials("alice", "secret"))).resolve(of(registry), AMD64)

            shown = {seen.path.partition("?")[0]: seen.headers.get("authorization", "") for seen in registry.requests}
            assert shown["/token"].startswith("Basic ")
            assert shown["/v2/team/app/manifests/1.0"] == "Bearer token-1"
            assert "account=alice" in registry.paths("/token")[0]

    def test_an_identity_token_is_exchanged(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            image = pushed(registry)

            found = connect(with_user(Credentials(identity_token="refresh-me"))).resolve(of(registry), AMD64)

            assert found == image
            posted = next(seen.body for seen in registry.requests if seen.method == "POST")
            assert b"grant_type=refresh_token" in posted

    @pytest.mark.parametrize("code", [401, 404, 405])
    def test_where_that_is_not_known_it_is_a_password(self, connect: Connect, code: int) -> None:
        with FakeRegistry(auth="bearer") as registry:
            image = pushed(registry)
            registry.fail("/token", status(code))

            found = connect(with_user(Credentials(identity_token="refresh-me"))).resolve(of(registry), AMD64)

            assert found == image
            assert [path.partition(" ")[0] for path in registry.paths("/token")] == ["POST", "GET"]

    def test_it_is_not_sent_on_to_another_server(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry, FakeRegistry(auth="bearer") as other:
            pushed(registry)
            registry.fail("/token", elsewhere(f"http://{other.host}/token"))

            with pytest.raises(RegistryError, match=f"it sends a secret on to {other.host}"):
                connect(with_user(Credentials(identity_token="refresh-me"))).resolve(of(registry), AMD64)

            assert other.requests == []

    def test_credentials_are_asked_for_by_the_repository(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            pushed(registry)
            asked: list[str] = []

            def find(place: str) -> None:
                asked.append(place)

            connect(RegistryConfig(credentials=find)).resolve(of(registry), AMD64)

            assert asked == [f"{registry.host}/team/app"]

    @pytest.mark.parametrize("auth", ["basic", "bearer"])
    def test_who_a_registry_sends_people_on_to_does_not_learn_the_password(self, connect: Connect, auth: str) -> None:
        with FakeRegistry(auth="basic") as registry, FakeRegistry(auth=auth) as other:
            image = pushed(registry)
            layer = image.manifest.layers[0]
            client = connect(with_user(Credentials("alice", "secret")))
            client.resolve(of(registry), AMD64)
            registry.fail(layer.digest, elsewhere(f"http://{other.host}/v2/x/blobs/{layer.digest}"))

            with pytest.raises(RegistryError, match="status 401"):
                read(client, of(registry), layer)

            assert [path for path in other.paths() if "/token" in path] == []
            assert {seen.headers.get("authorization") for seen in other.requests} == {None}

    def test_a_registry_token_is_used_as_it_is(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            image = pushed(registry)

            found = connect(with_user(Credentials(registry_token="token-1"))).resolve(of(registry), AMD64)

            assert found == image
            assert registry.paths("/token") == []

    def test_a_wrong_password_is_told_with_the_way_to_log_in(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            pushed(registry)

            with pytest.raises(RegistryError) as caught:
                connect(with_user(Credentials("alice", "wrong"))).resolve(of(registry), AMD64)

            where = registry.host
            assert caught.value.message == (
                f"{where} does not give out {where}/team/app:1.0:"
                f" the login of alice was refused by its token server {where} (status 401), which was asked for"
                " repository:team/app:pull"
            )
            assert caught.value.hint == (
                f"a name or password is wrong, or expired: stagemill login {where} keeps others"
            )

    def test_so_is_one_that_the_registry_refuses_itself(self, connect: Connect) -> None:
        with FakeRegistry(auth="basic") as registry:
            pushed(registry)

            with pytest.raises(RegistryError) as caught:
                connect(with_user(Credentials("alice", "wrong"))).resolve(of(registry), AMD64)

            assert caught.value.message.endswith("team/app:1.0: it refused the login")
            assert str(caught.value.hint).startswith("a name or password is wrong, or expired: stagemill login ")

    def test_basic_authorization_works(self, connect: Connect) -> None:
        with FakeRegistry(auth="basic") as registry:
            image = pushed(registry)

            found = connect(with_user(Credentials("alice", "secret"))).resolve(of(registry), AMD64)

            assert found == image

    @pytest.mark.parametrize("credentials", [None, Credentials("alice", "wrong")])
    def test_basic_authorization_without_the_right_password_fails(
        self, connect: Connect, credentials: Credentials | None
    ) -> None:
        with FakeRegistry(auth="basic") as registry:
            pushed(registry)

            with pytest.raises(RegistryError, match="does not give out"):
                connect(RegistryConfig(credentials=lambda _host: credentials)).resolve(of(registry), AMD64)

    def test_credentials_do_not_follow_a_redirect_to_another_host(self, connect: Connect) -> None:
        with FakeRegistry(auth="basic") as registry, FakeRegistry() as elsewhere:
            image = pushed(registry)
            layer = image.manifest.layers[0]
            elsewhere.blobs.data.update(registry.blobs.data)
            target = f"http://{elsewhere.host}/v2/x/blobs/{layer.digest}"
            registry.fail(f"/blobs/{layer.digest}", lambda right: right, status(307, Location=target))

            data = read(connect(with_user(Credentials("alice", "secret"))), of(registry), layer)

            assert data == registry.blobs.read(layer.digest)
            assert [seen.headers.get("authorization") for seen in elsewhere.requests] == [None]

    def test_redirects_in_a_circle_end(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)
        here = f"/v2/team/app/blobs/{image.manifest.layers[0].digest}"
        registry.fail("/blobs/", *[status(307, Location=here)] * 9)

        with pytest.raises(RegistryError, match="redirects more than 5 times"):
            read(connect(), of(registry), image.manifest.layers[0])
