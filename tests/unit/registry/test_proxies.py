"""Which URLs go through a proxy."""

from __future__ import annotations

import pytest

from stagemill.registry.proxies import Proxies, is_loopback


def test_the_environment_names_a_proxy_for_each_scheme() -> None:
    found = Proxies.of(
        {"http_proxy": "p.example:3128", "HTTPS_PROXY": "https://s.example", "no_proxy": "A.example, .b"}
    )

    assert found == Proxies("http://p.example:3128", "https://s.example", ("a.example", ".b"))
    assert found.for_url("http://x.example/") == "http://p.example:3128"
    assert found.for_url("https://x.example/") == "https://s.example"


def test_the_lower_case_name_wins() -> None:
    assert Proxies.of({"https_proxy": "http://low", "HTTPS_PROXY": "http://high"}).https == "http://low"


@pytest.mark.parametrize(
    ("rule", "url", "direct"),
    [
        ("a.example", "https://a.example/v2", True),
        ("a.example", "https://sub.a.example/v2", True),
        ("a.example", "https://nota.example/v2", False),
        (".a.example", "https://sub.a.example/", True),
        ("*.a.example", "https://sub.a.example/", True),
        ("a.example:5000", "https://a.example:5000/", True),
        ("a.example:5000", "https://a.example/", False),
        ("*", "https://b.example/", True),
        ("10.0.0.0/8", "https://10.1.2.3:5000/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("10.0.0.0/8", "https://a.example/", False),
        ("nonsense/8", "https://10.1.2.3/", False),
        ("fd00::1", "https://[fd00::1]/", True),
    ],
)
def test_exempt_hosts_are_asked_directly(rule: str, url: str, direct: bool) -> None:
    proxies = Proxies(https="http://p.example", exempt=(rule,))

    assert proxies.for_url(url) == ("" if direct else "http://p.example")


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_loopback_is_always_asked_directly(host: str) -> None:
    assert is_loopback(host)
    assert not Proxies(http="http://p.example").for_url(f"http://{'[::1]' if ':' in host else host}:5000/")


@pytest.mark.parametrize("host", ["127.0.0.1.example", "128.0.0.1", "localhost.example", "::2", ""])
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)
