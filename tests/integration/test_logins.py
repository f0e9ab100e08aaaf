"""Logging in to Debian's docker-registry by https, and all that a login is for: pull, push, tags, delete."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from fakes.distribution import certificate, running
from fakes.mill import Mill
from fakes.tokens import TokenServer

Start: TypeAlias = Callable[..., str]
DOCKERFILE = "FROM scratch\nCOPY file /\n"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running(tmp_path / "registry", **options))


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[TokenServer]:
    with TokenServer(tmp_path / "tokens", tls=True) as server:
        yield server


@pytest.fixture
def home(mill: Mill) -> Path:
    mill.write({"file": "text", "Dockerfile": DOCKERFILE})
    return mill.folder.parent


def trust(home: Path, host: str, authority: Path, where: str = ".docker/certs.d") -> None:
    """Whom the directory of a host's certificates names is trusted from here on."""
    directory = home / where / host
    directory.mkdir(parents=True)
    (directory / "ca.crt").write_bytes(authority.read_bytes())


def log_in(mill: Mill, host: str, *flags: str, password: str = "secret") -> Any:
    return mill("login", "-u", "alice", "--password-stdin", *flags, host, stdin=password.encode())


class TestBasic:
    @pytest.fixture
    def host(self, start: Start, home: Path, tmp_path: Path) -> str:
        host = start(auth=True, tls=True)
        trust(home, host, tmp_path / "registry/cert.pem")
        return host

    def test_a_login_is_for_everything_until_the_logout(self, mill: Mill, host: str, home: Path) -> None:
        name = f"{host}/team/app"
        assert "stagemill login" in mill.fail("pull", f"{name}:1")
        assert log_in(mill, host).out == "Login Succeeded\n"

        mill.ok("build", "--push", "-t", f"{name}:1", "-t", f"{name}:2", ".")
        mill.ok("push", f"{name}:2", f"{name}:3")
        digest = json.loads(mill.ok("images", "--json").out)[0]["digest"]
        assert mill.ok("tags", name).out == "1\n2\n3\n"
        assert "deletes no tag alone, and" in mill.fail("delete", f"{name}:1")
        assert mill.ok("delete", f"{name}@{digest}").out == f"Deleted: {name}@{digest}\n"
        assert mill.ok("tags", name).out == ""
        assert "there is no image" in mill.fail("pull", f"{name}:1")

        assert mill.ok("logout", host).out == f"Removing login credentials for {host}\n"
        assert "stagemill login" in mill.fail("pull", f"{name}:1")
        assert json.loads((home / ".docker/config.json").read_text()) == {"auths": {}}

    def test_what_skopeo_keeps_is_used_and_what_is_kept_skopeo_uses(
        self, mill: Mill, host: str, home: Path, skopeo: str, tmp_path: Path
    ) -> None:
        def other(*arguments: str) -> subprocess.CompletedProcess[bytes]:
            return subprocess.run([skopeo, *arguments], capture_output=True, timeout=300, check=True)

        theirs, ours, certs = home / "theirs.json", home / "ours.json", f"--cert-dir={tmp_path / 'certs'}"
        (tmp_path / "certs").mkdir()
        (tmp_path / "certs/ca.crt").write_bytes((tmp_path / "registry/cert.pem").read_bytes())
        other("login", "-u", "alice", "-p", "secret", certs, f"--authfile={theirs}", host)

        mill.ok("build", "--authfile", str(theirs), "--push", "-t", f"{host}/team/app:1", ".")
        log_in(mill, host, "--authfile", str(ours))
        seen = other("inspect", certs, f"--authfile={ours}", f"docker://{host}/team/app:1")
        other("logout", f"--authfile={ours}", host)

        assert json.loads(seen.stdout)["RepoTags"] == ["1"]
        assert mill.ok("logout", "--authfile", str(ours), host).out == f"Not logged in to {host}\n"

    def test_a_tag_alone_is_deleted_by_its_image_where_it_has_no_other(self, mill: Mill, host: str) -> None:
        log_in(mill, host)
        mill.ok("build", "--push", "-t", f"{host}/team/app:1", ".")

        mill.ok("delete", f"{host}/team/app:1")

        assert "there is no image" in mill.fail("pull", f"{host}/team/app:1")

    def test_creds_do_without_a_login(self, mill: Mill, host: str, home: Path) -> None:
        mill.ok("build", "--creds", "alice:secret", "--push", "-t", f"{host}/team/app:1", ".")

        assert "refused the login" in mill.fail("pull", "--creds", "alice:wrong", f"{host}/team/app:1")
        assert not (home / ".docker/config.json").exists()


def test_a_registry_that_deletes_nothing_says_so(start: Start, mill: Mill, home: Path) -> None:
    del home
    host = start(deletes=False)
    mill.ok("build", "--push", "-t", f"{host}/team/app:1", ".")

    assert "does not delete images: status 405" in mill.fail("delete", f"{host}/team/app:1")


class TestBearerTokens:
    @pytest.fixture
    def host(self, start: Start, home: Path, tmp_path: Path, tokens: TokenServer) -> str:
        host = start(tls=True, token=tokens.settings)
        trust(home, host, tmp_path / "registry/cert.pem")
        trust(home, tokens.host, tmp_path / "tokens/cert.pem", ".config/containers/certs.d")
        return host

    @pytest.mark.parametrize("identity", [False, True])
    def test_a_login_is_for_everything(
        self, mill: Mill, host: str, home: Path, tokens: TokenServer, identity: bool
    ) -> None:
        tokens.gives_identity = identity
        name = f"{host}/private/app"
        assert log_in(mill, host).out == "Login Succeeded\n"

        mill.ok("build", "--push", "-t", f"{name}:1", ".")
        mill.ok("pull", f"{name}:1")
        assert mill.ok("tags", name).out == "1\n"
        mill.ok("delete", f"{name}:1")

        kept = json.loads((home / ".docker/config.json").read_text())["auths"][host]
        assert kept.get("identitytoken") == ("identity-of-alice" if identity else None)
        assert any("delete" in scope for scopes in tokens.asked for scope in scopes)

    def test_a_wrong_password_is_refused_and_not_kept(self, mill: Mill, host: str, home: Path) -> None:
        ran = log_in(mill, host, password="hush-hush")

        assert (ran.status, ran.out) == (1, "")
        assert "the login of alice was refused by its token server" in ran.err
        assert "hush-hush" not in ran.err
        assert not (home / ".docker/config.json").exists()

    def test_who_may_not_is_told_which_scope_is_wanted(self, mill: Mill, host: str) -> None:
        said = mill.fail("build", "--push", "-t", f"{host}/team/app:1", ".")

        assert "it wants the scope repository:team/app:pull,push" in said
        assert f"it needs a login that may push to team/app: stagemill login {host} keeps one" in said


class TestCertificates:
    """Whom a command line trusts, and what it shows."""

    def pulled(self, mill: Mill, host: str, *flags: str) -> str:
        """What is said of an image that there is not, where the registry was reached."""
        return mill.fail("pull", *flags, f"{host}/team/none:1")

    def test_a_directory_names_an_authority(self, start: Start, mill: Mill, home: Path, tmp_path: Path) -> None:
        host = start(tls=True)
        trust(home, "certs", tmp_path / "registry/cert.pem", "mine")
        (home / "Dockerfile").write_text(f"FROM {host}/team/none:1\n")
        certs = str(home / "mine/certs")

        assert "there is no image" in self.pulled(mill, host, "--cert-dir", certs)
        assert "there is no image" in mill.fail("build", "--cert-dir", certs, "-f", str(home / "Dockerfile"), ".")
        assert "its certificate is not trusted" in self.pulled(mill, host, "--tls-verify")

    def test_or_nothing_is_verified(self, start: Start, mill: Mill, home: Path) -> None:
        host = start(tls=True)
        (home / "Dockerfile").write_text(f"FROM {host}/team/none:1\n")

        assert "there is no image" in self.pulled(mill, host, "--tls-verify=false")
        build = ("build", "-f", str(home / "Dockerfile"), ".")
        assert "there is no image" in mill.fail(*build, "--tls-verify=false")
        assert "its certificate is not trusted" in mill.fail(*build, "--tls-verify=true")

    def test_plain_http_is_refused_where_verifying_is_wanted(self, start: Start, mill: Mill) -> None:
        host = start()

        assert "there is no image" in self.pulled(mill, host)
        assert "it does not speak https" in self.pulled(mill, host, "--tls-verify=true")

    @pytest.mark.parametrize("way", ["directory", "config.toml"])
    def test_a_client_s_certificate_is_shown_to_who_wants_it(
        self, start: Start, mill: Mill, home: Path, tmp_path: Path, way: str
    ) -> None:
        (tmp_path / "me").mkdir()
        certificate(tmp_path / "me")
        host = start(tls=True, clients=tmp_path / "me/cert.pem")
        authority = tmp_path / "registry/cert.pem"
        if way == "directory":
            trust(home, host, authority)
            for old, new in (("cert.pem", "client.cert"), ("key.pem", "client.key")):
                (home / ".docker/certs.d" / host / new).write_bytes((tmp_path / "me" / old).read_bytes())
        else:
            files = {"ca": authority, "cert": tmp_path / "me/cert.pem", "key": tmp_path / "me/key.pem"}
            lines = [f'[registry."{host}"]', *(f'{key} = "{path}"' for key, path in files.items())]
            (home / "config.toml").write_text("\n".join(lines))

        assert "there is no image" in self.pulled(mill, host)
        alone = tmp_path / "alone"
        alone.mkdir()
        (alone / "ca.crt").write_bytes(authority.read_bytes())
        if way == "directory":
            assert "https failed" in self.pulled(mill, host, "--cert-dir", str(alone), "--retry", "0")
