"""What tests of the registry client share: making clients and images, naming and reading them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fakes.blobs import make_image
from fakes.registry import FakeRegistry
from stagemill.oci.blobs import chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.reference import Reference
from stagemill.registry.client import RegistryClient, never
from stagemill.registry.config import RegistryConfig
from stagemill.registry.retry import Retries


@dataclass
class Connect:
    """Makes clients that note their pauses instead of sleeping."""

    pauses: list[float]
    made: list[RegistryClient] = field(default_factory=list)

    def __call__(
        self,
        config: RegistryConfig | None = None,
        *,
        retries: Retries | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> RegistryClient:
        client = RegistryClient(
            config or RegistryConfig(), sleep=self.pauses.append, retries=retries or Retries(), cancelled=cancelled
        )
        self.made.append(client)
        return client

    def close(self) -> None:
        for client in self.made:
            client.close()


def of(registry: FakeRegistry, name: str = "team/app:1.0") -> Reference:
    return Reference.parse(f"{registry.host}/{name}")


def pushed(registry: FakeRegistry, name: str = "team/app", tag: str = "1.0") -> Image:
    image = make_image(registry.blobs, {"etc/motd": b"hello\n" * 1000})
    registry.push(name, tag, image)
    return image


def read(client: RegistryClient, reference: Reference, blob: Descriptor) -> bytes:
    with client.blobs(reference).open(blob) as reader:
        return b"".join(chunks(reader))
