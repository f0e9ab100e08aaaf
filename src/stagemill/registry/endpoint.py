"""`Endpoint`: an address where a registry's images can be asked for, its own or a mirror's."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from stagemill.oci.reference import DEFAULT_REGISTRY
from stagemill.registry.config import HostSettings, Mirror, RegistryConfig, canonical_host
from stagemill.registry.proxies import is_loopback
from stagemill.values import dataclass

# docker.io is a name; its registry answers elsewhere.
_ADDRESSES = {DEFAULT_REGISTRY: "registry-1.docker.io"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`name` is for people, `host` the one that credentials are kept for, `url` what stands before the repository."""

    name: str
    host: str
    url: str
    mirror: bool = False

    def of(self, repository: str, *rest: str) -> str:
        """The URL of something in a repository. Source: OCI distribution-spec, "Endpoints"."""
        return "/".join((self.url, repository, *rest))

    def said(self, url: str) -> bool:
        """Whether an answer that came from a URL is its own, by its scheme or by https, and not of who it sends people on to."""
        found, own = urlsplit(url), urlsplit(self.url)
        return found.netloc == own.netloc and found.scheme in {own.scheme, "https"}

    def place(self, repository: str) -> str:
        """What credentials are kept for: the repository by the name that it has there."""
        return "/".join(part for part in (self.host, *urlsplit(self.url).path.split("/")[2:], repository) if part)


def endpoints(config: RegistryConfig, registry: str) -> tuple[Endpoint, ...]:
    """Where to ask for a registry's images, in order."""
    host = canonical_host(registry)
    settings = config.settings(host)
    found = [endpoint for mirror in settings.mirrors for endpoint in _addresses(mirror, config, mirror=True)]
    if settings.fallback or not settings.mirrors:
        found += own_endpoints(config, host)
    return tuple(found)


def own_endpoints(config: RegistryConfig, registry: str) -> tuple[Endpoint, ...]:
    """The addresses of a registry itself, which is the only one that is written to."""
    return tuple(_addresses(Mirror(canonical_host(registry)), config, mirror=False))


def _addresses(place: Mirror, config: RegistryConfig, *, mirror: bool) -> Iterator[Endpoint]:
    host = canonical_host(place.host)
    path = f"/v2/{place.prefix}".rstrip("/")
    given = place.scheme and config.verify is not True
    for scheme in [place.scheme] if given else _schemes(host, config.settings(host)):
        name = f"{place.host}/{place.prefix}".rstrip("/")
        yield Endpoint(name, host, f"{scheme}://{_ADDRESSES.get(host, host)}{path}", mirror)


def _schemes(host: str, settings: HostSettings) -> tuple[str, ...]:
    if settings.schemes:
        return settings.schemes
    if settings.insecure:
        return ("https", "http")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return ("http",) if is_loopback(name) and not settings.certificates else ("https",)
