"""`Heads`: what registries said that names stand for, and whether that was said without more ado."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagemill.digest import Digest
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

if TYPE_CHECKING:  # a build that was told already what a name stands for needs no registry
    from stagemill.registry.config import RegistryConfig
    from stagemill.registry.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Head:
    """A name's digest. `url` is where anybody is told so who asks, without login, proxy, or certificates of one's own; None
    where it took one of these, or another place was asked before. `host` is the one at the URL, as certificates are kept for it.
    """

    digest: Digest
    url: str | None
    host: str


class Heads:
    """By reference, the latest; several threads may add to it."""

    def __init__(self, config: RegistryConfig) -> None:
        self._config = config
        self.found: dict[str, Head] = {}

    def add(
        self, reference: Reference, digest: Digest, *, url: str, endpoint: Endpoint, first: bool, login: bool
    ) -> None:
        """`endpoint` was asked, and the answer came from `url`. `first`: nobody else was asked before."""
        settings = self._config.settings(endpoint.host)
        asked = endpoint.of(reference.repository, "manifests", reference.tag)
        elaborate = settings.certificates or settings.insecure or self._config.proxies.for_url(url) or login
        plain = first and url == asked and not elaborate
        self.found[str(reference)] = Head(digest, url if plain else None, endpoint.host)
