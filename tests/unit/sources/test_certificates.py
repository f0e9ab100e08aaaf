"""Whom to trust: the authorities of this machine, and those that config.toml names for a host."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.asking import Builds
from fakes.web import FakeWeb, Page
from stagemill.errors import SourceError
from stagemill.location import GitLocation, HttpLocation, parse
from stagemill.registry.config import HostSettings, RegistryConfig


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that nobody knows, with its key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs openssl")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path.with_name("key.pem")), "-out", str(path)],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


@pytest.fixture
def secure(certificate: Path, tmp_path: Path) -> Iterator[FakeWeb]:
    """A web that speaks https, with a file and a repository."""
    web = FakeWeb()
    web.pages["/foo"] = Page(b"content")
    web.has_repository(tmp_path, "r.git", [{"files": {"a": "a"}, "branch": "main"}])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    web.speak(context)
    with web as running:
        yield running


def repository(web: FakeWeb) -> GitLocation:
    found = parse(f"https://{web.host}/r.git")
    assert isinstance(found, GitLocation)
    return found


def test_an_unknown_authority_is_refused_with_what_to_do(build: Builds, secure: FakeWeb) -> None:
    with pytest.raises(SourceError) as file:
        build().http(HttpLocation(f"https://{secure.host}/foo"))
    with pytest.raises(SourceError) as commit:
        build().git(repository(secure))

    assert "its certificate is not trusted" in file.value.message
    assert "certificate" in commit.value.message
    for error in (file.value, commit.value):
        assert error.hint is not None
        assert "config.toml" in error.hint


@pytest.mark.parametrize("trusting", ["ca", "insecure"])
def test_an_authority_that_the_configuration_names_is_trusted(
    build: Builds, secure: FakeWeb, certificate: Path, trusting: str
) -> None:
    settings = HostSettings(ca=certificate) if trusting == "ca" else HostSettings(insecure=True)
    config = RegistryConfig({secure.host: settings})

    assert build(config=lambda: config).http(HttpLocation(f"https://{secure.host}/foo")).name == "foo"
    assert len(build(config=lambda: config).git(repository(secure)).commit) == 40
