"""`Azurite`, Microsoft's own emulator of Azure's storage, for as long as a test needs it. Not a fake: it checks signatures."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes.distribution import free_port, wait_for

INSTALLED = Path(__file__).parents[2] / ".venv" / "azurite" / "node_modules" / ".bin" / "azurite-blob"
# The account that every Azurite has, which is in its documentation.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True, slots=True)
class Azurite:
    """A server that runs."""

    url: str

    def container(self, name: str) -> Any:
        """Azure's own client of a container."""
        storage = pytest.importorskip("azure.storage.blob")
        return storage.ContainerClient(self.url, name, credential=KEY)

    def signature(self) -> str:
        """What lets whoever has it do all with the account, for an hour."""
        storage = pytest.importorskip("azure.storage.blob")
        found: str = storage.generate_account_sas(
            ACCOUNT,
            account_key=KEY,
            resource_types=storage.ResourceTypes(container=True, object=True),
            permission=storage.AccountSasPermissions(read=True, write=True, create=True, list=True),
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        return found


@contextmanager
def running(folder: Path) -> Iterator[Azurite]:
    program = shutil.which("azurite-blob") or (str(INSTALLED) if INSTALLED.exists() else None)
    if program is None:
        pytest.skip("needs azurite")
    folder.mkdir()
    port = free_port()
    flags = ["--silent", "--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "--location", str(folder / "data"), *flags], stdout=log, stderr=log)
    try:
        wait_for(port, process, folder / "log")
        yield Azurite(f"http://127.0.0.1:{port}/{ACCOUNT}")
    finally:
        process.kill()
        process.wait(60)
