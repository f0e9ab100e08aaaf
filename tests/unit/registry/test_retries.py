"""What a passing disturbance costs."""

from __future__ import annotations

import pytest

from fakes.blobs import AMD64
from fakes.connecting import Connect, of, pushed
from fakes.registry import FakeRegistry, status
from stagemill.errors import RegistryError
from stagemill.registry.retry import Retries


class TestRetries:
    @pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
    def test_a_passing_disturbance_is_waited_out(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float], code: int
    ) -> None:
        image = pushed(registry)
        registry.fail("/manifests/", status(code), status(code))

        found = connect().resolve(of(registry), AMD64)

        assert found == image
        assert pauses == [1.0, 2.0]

    def test_the_registry_says_how_long_to_wait(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        image = pushed(registry)
        registry.fail("/manifests/", status(429, Retry_After="17"))

        found = connect().resolve(of(registry), AMD64)

        assert found == image
        assert pauses == [17.0]

    @pytest.mark.parametrize(
        ("until", "waited"),
        [
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
            ("Sun, 06 Nov 1994 08:49:00 GMT", 1.0),
            ("soon", 1.0),
        ],
    )
    def test_it_may_say_until_when_by_its_own_clock(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float], until: str, waited: float
    ) -> None:
        pushed(registry)
        registry.fail("/manifests/", status(503, Retry_After=until, Date="Sun, 06 Nov 1994 08:49:37 GMT"))

        connect().resolve(of(registry), AMD64)

        assert pauses == [waited]

    def test_a_registry_that_wants_more_patience_than_anybody_has_is_not_waited_for(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        registry.fail("/manifests/", status(429, message="toomanyrequests", Retry_After="7200"))

        with pytest.raises(RegistryError) as caught:
            connect().resolve(of(registry), AMD64)

        assert "answered status 429, toomanyrequests when asked for" in caught.value.message
        assert caught.value.hint is not None
        assert "wait 7200 seconds, log in, or name a mirror" in caught.value.hint
        assert pauses == []

    def test_a_disturbance_that_stays_is_told(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        registry.fail("/manifests/", *[status(503, message="down for repair")] * 9)

        with pytest.raises(RegistryError) as caught:
            connect().resolve(of(registry), AMD64)

        where = registry.host
        message = f"{where} answered status 503, down for repair when asked for {where}/team/app:1.0"
        assert caught.value.message == message
        assert caught.value.hint == "try again later, or name a mirror in config.toml"
        assert pauses == [1.0, 2.0, 4.0]

    def test_an_error_that_will_not_pass_is_not_tried_again(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        registry.fail("/manifests/", status(400, message="bad name"))

        with pytest.raises(RegistryError, match="status 400, bad name"):
            connect().resolve(of(registry), AMD64)

        assert pauses == []

    def test_the_number_of_attempts_is_the_callers(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        registry.fail("/manifests/", *[status(500)] * 9)

        with pytest.raises(RegistryError):
            connect(retries=Retries(attempts=2, first=0.5)).resolve(of(registry), AMD64)

        assert pauses == [0.5]
