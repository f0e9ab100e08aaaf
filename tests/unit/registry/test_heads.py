from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stagemill.digest import Digest
from stagemill.oci.reference import Reference
from stagemill.registry.config import HostSettings, RegistryConfig
from stagemill.registry.endpoint import Endpoint
from stagemill.registry.heads import Heads
from stagemill.registry.proxies import Proxies

DIGEST = Digest.of(b"it")
NAME = Reference.parse("registry.test/app:1")
PLACE = Endpoint("registry.test", "registry.test", "https://registry.test/v2")
URL = "https://registry.test/v2/app/manifests/1"


def heard(config: RegistryConfig | None = None, **more: Any) -> str | None:
    heads = Heads(config or RegistryConfig())
    heads.add(NAME, DIGEST, **{"url": URL, "endpoint": PLACE, "first": True, "login": False, **more})
    (head,) = heads.found.values()
    assert (head.digest, head.host) == (DIGEST, "registry.test")
    return head.url


def test_what_anybody_is_told_can_be_asked_again_so() -> None:
    assert heard() == URL


@pytest.mark.parametrize(
    "more", [{"first": False}, {"login": True}, {"url": "https://elsewhere.test/v2/app/manifests/1"}]
)
def test_what_took_more_cannot(more: dict[str, Any]) -> None:
    assert heard(**more) is None


@pytest.mark.parametrize(
    "config",
    [
        RegistryConfig({"registry.test": HostSettings(insecure=True)}),
        RegistryConfig({"registry.test": HostSettings(ca=Path("ca.pem"))}),
        RegistryConfig(proxies=Proxies(https="http://proxy.test:3128")),
    ],
)
def test_nor_can_what_is_asked_in_a_way_of_its_own(config: RegistryConfig) -> None:
    assert heard(config) is None
