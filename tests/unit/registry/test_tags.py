"""Lists of tags that come in pages."""

from __future__ import annotations

import pytest

from fakes.connecting import Connect, of, pushed
from fakes.registry import FakeRegistry, Reply, status
from stagemill.errors import NotFoundError, RegistryError
from stagemill.registry.config import HostSettings, Mirror, RegistryConfig
from stagemill.registry.credentials import Credentials


def test_all_pages_are_read(registry: FakeRegistry, connect: Connect) -> None:
    registry.page = 2
    for tag in ("c", "a", "e", "b", "d"):
        pushed(registry, tag=tag)

    assert connect().tags(of(registry)) == ("a", "b", "c", "d", "e")
    assert len(registry.paths("/tags/list")) == 3


def test_each_page_is_asked_for_with_the_login(connect: Connect) -> None:
    with FakeRegistry(auth="bearer") as registry:
        registry.page = 1
        for tag in ("a", "b"):
            pushed(registry, tag=tag)
        client = connect(RegistryConfig(credentials=lambda _place: Credentials("alice", "secret")))

        assert client.tags(of(registry)) == ("a", "b")
        assert len(registry.paths("/token")) == 1


def test_the_registry_itself_is_asked(registry: FakeRegistry, connect: Connect) -> None:
    with FakeRegistry() as mirror:
        pushed(mirror, tag="old")
        pushed(registry, tag="new")
        client = connect(RegistryConfig({registry.host: HostSettings((Mirror(mirror.host),))}))

        assert client.tags(of(registry)) == ("new",)


@pytest.mark.parametrize("link", ["</v2/team/app/tags/list?n=1000>; rel=next", '<?n=1&last=x>; rel="next"'])
def test_a_list_that_never_ends_is_an_error(registry: FakeRegistry, connect: Connect, link: str) -> None:
    def endless(right: Reply) -> Reply:
        return Reply(200, {"Link": link}, right.body)

    pushed(registry)
    registry.fail("/tags/list", *[endless] * 9)

    with pytest.raises(RegistryError, match="with a list of tags that never ends"):
        connect().tags(of(registry))


def test_a_page_of_another_host_gets_no_login(connect: Connect) -> None:
    with FakeRegistry(auth="basic") as registry, FakeRegistry() as elsewhere:
        pushed(registry, tag="a")
        pushed(elsewhere, tag="b")

        def away(right: Reply) -> Reply:
            if right.status != 200:
                return right
            return Reply(200, {"Link": f'<http://{elsewhere.host}/v2/team/app/tags/list>; rel="next"'}, right.body)

        registry.fail("/tags/list", *[away] * 2)
        client = connect(RegistryConfig(credentials=lambda _place: Credentials("alice", "secret")))

        assert client.tags(of(registry)) == ("a", "b")
        assert [seen.headers.get("authorization") for seen in elsewhere.requests] == [None]


def test_a_repository_that_is_not_there_is_told(registry: FakeRegistry, connect: Connect) -> None:
    with pytest.raises(NotFoundError) as caught:
        connect().tags(of(registry, "team/none:1"))

    assert caught.value.message == f"there is no repository {registry.host}/team/none at {registry.host}"


def test_a_registry_that_lists_nothing_is_told(registry: FakeRegistry, connect: Connect) -> None:
    registry.fail("/tags/list", status(403, message="catalog is off"))

    with pytest.raises(RegistryError) as caught:
        connect().tags(of(registry))

    assert "does not give out the list of tags of" in caught.value.message
    assert "catalog is off" in caught.value.message
