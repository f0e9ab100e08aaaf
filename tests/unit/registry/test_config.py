"""What config.toml says about registries."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.errors import StagemillError
from stagemill.registry.certificates import Certificates, KeyPair
from stagemill.registry.config import HostSettings, Mirror, RegistryConfig, largest_download, parse
from stagemill.registry.endpoint import Endpoint, endpoints

PATH = Path("/etc/stagemill/config.toml")


def test_an_empty_file_says_nothing() -> None:
    assert parse("", path=PATH) == {}


def test_all_keys_are_understood() -> None:
    text = """
        [registry."docker.io"]
        mirrors = ["127.0.0.1:5000", "http://mirror.example/prefix/"]
        fallback = false
        insecure = true
        ca = "company.pem"
        cert = "me.cert"
        key = "/srv/me.key"

        [registry."plain.example"]
        http = true
    """

    found = parse(text, path=PATH)

    mirrors = (Mirror("127.0.0.1:5000"), Mirror("mirror.example", "prefix", "http"))
    ca = Path("/etc/stagemill/company.pem")
    pair = KeyPair(Path("/etc/stagemill/me.cert"), Path("/srv/me.key"))
    assert found == {
        "docker.io": HostSettings(mirrors, fallback=False, insecure=True, ca=ca, pair=pair),
        "plain.example": HostSettings(schemes=("http",)),
    }


def test_an_absolute_certificate_file_stays_where_it_is() -> None:
    found = parse('[registry."a.example"]\nca = "/srv/ca.pem"', path=PATH)

    assert found["a.example"].ca == Path("/srv/ca.pem")


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("", None),
        ("[download]", None),
        ("[download]\nlimit = 1000", 1000),
        ('[download]\nlimit = "500m"', 500 << 20),
        ('[download]\nlimit = "2GiB"', 2 << 30),
        ('[download]\nlimit = "1kb"', 1024),
    ],
)
def test_the_largest_download_is_a_number_of_bytes(text: str, limit: int | None) -> None:
    assert largest_download(text, path=PATH) == limit
    assert parse(text, path=PATH) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("download = 1", "download is not a table: [download]"),
        ("[download]\nlimit = true", 'download.limit is not a number of bytes, or such as "500m" or "2g"'),
        ("[download]\nlimit = -1", 'download.limit is not a number of bytes, or such as "500m" or "2g"'),
        ("[download]\nlimits = 1", "download: unknown key 'limits'"),
    ],
)
def test_a_mistake_about_downloads_is_named(text: str, message: str) -> None:
    with pytest.raises(StagemillError) as caught:
        largest_download(text, path=PATH)

    assert caught.value.message == f"{PATH}: {message}"
    assert caught.value.hint


@pytest.mark.parametrize("name", ["index.docker.io", "registry-1.docker.io", "Docker.io"])
def test_the_names_of_one_registry_mean_the_same(name: str) -> None:
    config = RegistryConfig(parse(f'[registry."{name}"]\ninsecure = true', path=PATH))

    assert config.settings("docker.io") == HostSettings(insecure=True)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[registri]", "unknown key 'registri'", "did you mean 'registry'?"),
        ("[zebra]", "unknown key 'zebra'", "known here: registry"),
        (
            '[registry."a.example"]\nmirors = []',
            "registry.\"a.example\": unknown key 'mirors'",
            "did you mean 'mirrors'?",
        ),
        (
            '[registry."a.example"]\nzzz = 1',
            "unknown key 'zzz'",
            "known here: mirrors, fallback, insecure, http, ca, cert, key",
        ),
        (
            '[registry."a.example"]\nmirrors = "x"',
            "mirrors is not a list of hosts",
            "correct /etc/stagemill/config.toml",
        ),
        (
            '[registry."a.example"]\nmirrors = [1]',
            "mirrors is not a list of hosts",
            "correct /etc/stagemill/config.toml",
        ),
        ('[registry."a.example"]\nmirrors = ["ftp://x"]', "'ftp://x' is no mirror", "correct"),
        ('[registry."a.example"]\nmirrors = ["x:port"]', "mirrors: ", "correct"),
        ('[registry."a.example"]\nmirrors = ["http://me:pw@x"]', "is no mirror", "correct"),
        ('[registry."a.example"]\ninsecure = 1', "insecure is not true or false", "correct"),
        ('[registry."a.example"]\nca = ""', "ca is not the path of a file", "correct"),
        ('[registry."a.example"]\nkey = "x"', "is not complete: cert and key", "correct"),
        ('[registry."a.example"]\ncert = 1\nkey = "x"', "cert is not the path of a file", "correct"),
        ("[registry]\na = 1", 'registry."a" is not a table: [registry."a"]', "correct"),
        ("registry = 1", "registry is not a table for each registry", "correct"),
        ('[registry."https://a.example/"]', "is not named by its host alone", "correct"),
        ("[", "/etc/stagemill/config.toml is no TOML", "correct"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(text: str, message: str, hint: str) -> None:
    with pytest.raises(StagemillError) as caught:
        parse(text, path=PATH)

    assert message in caught.value.message
    assert str(PATH) in caught.value.message
    assert hint in str(caught.value.hint)


class TestEndpoints:
    def test_docker_io_is_a_name_whose_registry_answers_elsewhere(self) -> None:
        found = endpoints(RegistryConfig(), "docker.io")

        assert found == (Endpoint("docker.io", "docker.io", "https://registry-1.docker.io/v2"),)

    @pytest.mark.parametrize(
        ("host", "url"),
        [
            ("localhost:5000", "http://localhost:5000/v2"),
            ("127.0.0.1", "http://127.0.0.1/v2"),
            ("[::1]:5000", "http://[::1]:5000/v2"),
            ("registry.example", "https://registry.example/v2"),
            ("127.0.0.1.example:80", "https://127.0.0.1.example:80/v2"),
        ],
    )
    def test_plain_http_is_for_loopback_only(self, host: str, url: str) -> None:
        found = endpoints(RegistryConfig(), host)

        assert [endpoint.url for endpoint in found] == [url]

    def test_a_loopback_registry_with_certificates_is_asked_over_https(self) -> None:
        config = RegistryConfig({"localhost:5000": HostSettings(ca=Path("ca.pem"))})

        found = endpoints(config, "localhost:5000")

        assert [endpoint.url for endpoint in found] == ["https://localhost:5000/v2"]

    def test_an_insecure_registry_is_asked_over_https_first(self) -> None:
        config = RegistryConfig({"a.example": HostSettings(insecure=True)})

        found = endpoints(config, "a.example")

        assert [endpoint.url for endpoint in found] == ["https://a.example/v2", "http://a.example/v2"]

    def test_a_registry_of_plain_http_is_asked_so_and_nothing_else(self) -> None:
        config = RegistryConfig({"a.example": HostSettings(insecure=True, schemes=("http",))})

        assert [endpoint.url for endpoint in endpoints(config, "a.example")] == ["http://a.example/v2"]

    @pytest.mark.parametrize(
        ("verify", "urls"),
        [(True, ["https://localhost:1/v2"]), (False, ["https://localhost:1/v2", "http://localhost:1/v2"])],
    )
    def test_whether_to_verify_counts_more_than_settings(self, verify: bool, urls: list[str]) -> None:
        plain = HostSettings(insecure=verify, schemes=("http",))
        config = RegistryConfig({"localhost:1": plain}, verify=verify)

        assert [endpoint.url for endpoint in endpoints(config, "localhost:1")] == urls
        assert config.settings("localhost:1").insecure is not verify
        assert config.settings("other.example").insecure is not verify

    def test_so_it_does_more_than_the_scheme_of_a_mirror(self) -> None:
        mirrored = HostSettings((Mirror.parse("http://m.example"),), fallback=False)
        config = RegistryConfig({"a.example": mirrored}, verify=True)

        assert [endpoint.url for endpoint in endpoints(config, "a.example")] == ["https://m.example/v2"]

    def test_certificates_of_directories_are_beside_those_of_the_file(self) -> None:
        found = Certificates((Path("more.crt"),), (KeyPair(Path("me.cert"), Path("me.key")),))
        config = RegistryConfig(
            {"a.example": HostSettings(ca=Path("ca.pem"))},
            certificates=lambda host: found if host == "a.example" else Certificates(),
        )

        assert config.settings("a.example").certificates == Certificates(
            (Path("ca.pem"), Path("more.crt")), found.pairs
        )
        assert config.settings("b.example") == HostSettings()

    def test_a_mirror_has_its_own_settings(self) -> None:
        mirrored = HostSettings((Mirror("m.example", "hub"),), fallback=False)
        config = RegistryConfig({"docker.io": mirrored, "m.example": HostSettings(insecure=True)})

        found = endpoints(config, "docker.io")

        assert found == (
            Endpoint("m.example/hub", "m.example", "https://m.example/v2/hub", mirror=True),
            Endpoint("m.example/hub", "m.example", "http://m.example/v2/hub", mirror=True),
        )

    def test_fallback_is_meant_where_there_is_something_to_fall_back_from(self) -> None:
        config = RegistryConfig({"a.example": HostSettings(fallback=False)})

        found = endpoints(config, "a.example")

        assert [endpoint.url for endpoint in found] == ["https://a.example/v2"]
