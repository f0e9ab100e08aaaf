"""The host's CA bundle on top of trees, and how it is taken out of what was written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.disk import shown, write
from fakes.tree import MemoryTree, directory, file, link
from stagemill.execute.hostca import Bundle, trusting
from stagemill.files.view import FileView

DEBIAN = "etc/ssl/certs/ca-certificates.crt"
FEDORA = "etc/pki/tls/certs/ca-bundle.crt"
MARK = "\n# The CA certificates of the machine that builds. Not a part of the image.\n"

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="owners need root")]


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    path = tmp_path / "host.pem"
    path.write_text("HOST")
    return path


@pytest.fixture
def upper(tmp_path: Path) -> Path:
    path = tmp_path / "upper"
    path.mkdir()
    return path


@pytest.fixture
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def put(hosts: Path, view: FileView, *env: tuple[str, str]) -> tuple[Bundle, dict[str, str]]:
    return trusting(hosts, view, into=hosts.with_name("ca"), env=env)


def files(bundle: Bundle) -> dict[str, str]:
    """The files of the layer."""
    (layer,) = bundle.layers
    return {str(path.relative_to(layer)): path.read_text() for path in sorted(layer.rglob("*")) if path.is_file()}


class TestLayer:
    def test_without_a_bundle_nothing_is_added(self, tmp_path: Path) -> None:
        bundle, variables = trusting(None, MemoryTree({DEBIAN: "IMAGE"}), into=tmp_path / "ca", env=())

        assert (bundle, variables) == (Bundle((), ()), {})
        assert not (tmp_path / "ca").exists()

    def test_it_is_wherever_the_tree_has_one(self, hosts: Path) -> None:
        bundle, _ = put(hosts, MemoryTree({DEBIAN: "IMAGE", FEDORA: "IMAGE", "etc/ssl/other": ""}))

        assert files(bundle) == {DEBIAN: f"HOST{MARK}", FEDORA: f"HOST{MARK}"}

    def test_a_place_that_is_a_link_is_followed_within_the_tree(self, hosts: Path) -> None:
        tree = MemoryTree({"etc/ssl/cert.pem": link("/usr/share/ca.pem"), "usr/share/ca.pem": "IMAGE"})

        bundle, _ = put(hosts, tree)

        assert files(bundle) == {"usr/share/ca.pem": f"HOST{MARK}"}

    def test_two_places_that_are_one_file_are_one_file(self, hosts: Path) -> None:
        bundle, _ = put(hosts, MemoryTree({DEBIAN: "IMAGE", "etc/ssl/cert.pem": link("certs/ca-certificates.crt")}))

        assert files(bundle) == {DEBIAN: f"HOST{MARK}"}

    def test_a_tree_without_one_has_it_where_debian_does(self, hosts: Path) -> None:
        bundle, _ = put(hosts, MemoryTree({}))

        assert files(bundle) == {DEBIAN: f"HOST{MARK}"}

    @pytest.mark.usefixtures("strict_umask")
    def test_everybody_may_read_it_whatever_the_umask(self, hosts: Path) -> None:
        bundle, _ = put(hosts, MemoryTree({}))

        (layer,) = bundle.layers
        modes = {str(path.relative_to(layer)): stat.S_IMODE(path.stat().st_mode) for path in layer.rglob("*")}
        assert modes == {"etc": 0o755, "etc/ssl": 0o755, "etc/ssl/certs": 0o755, DEBIAN: 0o644}

    def test_its_directories_are_like_those_that_they_cover(self, hosts: Path) -> None:
        tree = MemoryTree(
            {
                "": directory(mode=0o711, mtime_ns=3_000_000_000),
                "etc": directory(mode=0o700, uid=5, gid=6, mtime_ns=7_000_000_000),
                DEBIAN: "IMAGE",
            }
        )

        bundle, _ = put(hosts, tree)

        root, etc = bundle.layers[0].stat(), (bundle.layers[0] / "etc").stat()
        assert (stat.S_IMODE(root.st_mode), root.st_mtime_ns) == (0o711, 3_000_000_000)
        assert (stat.S_IMODE(etc.st_mode), etc.st_uid, etc.st_gid, etc.st_mtime_ns) == (0o700, 5, 6, 7_000_000_000)


class TestVariables:
    def test_they_name_the_first_place(self, hosts: Path) -> None:
        _, variables = put(hosts, MemoryTree({FEDORA: "IMAGE"}))

        assert set(variables.values()) == {f"/{FEDORA}"}
        assert {"SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"} <= variables.keys()

    def test_those_that_the_image_sets_are_left_alone(self, hosts: Path) -> None:
        _, variables = put(hosts, MemoryTree({}), ("SSL_CERT_FILE", ""), ("PATH", "/bin"))

        assert "SSL_CERT_FILE" not in variables
        assert "PIP_CERT" in variables


class TestTakeBack:
    def test_a_copy_is_removed_with_the_directories_that_came_with_it(self, hosts: Path, upper: Path) -> None:
        tree = MemoryTree({"etc/motd": "hello"})
        bundle, _ = put(hosts, tree)
        write(upper, {DEBIAN: f"HOST{MARK}"})

        bundle.take_back(upper, tree)

        assert shown(upper) == {"etc": "dir 0755 0:0"}

    def test_directories_in_which_the_process_left_something_stay(self, hosts: Path, upper: Path) -> None:
        tree = MemoryTree({})
        bundle, _ = put(hosts, tree)
        write(upper, {DEBIAN: f"HOST{MARK}", "etc/ssl/own": "own"})

        bundle.take_back(upper, tree)

        assert [path for path, line in shown(upper).items() if line.startswith("file")] == ["etc/ssl/own"]

    def test_directories_without_a_copy_are_the_processs_own(self, hosts: Path, upper: Path) -> None:
        tree = MemoryTree({})
        bundle, _ = put(hosts, tree)
        (upper / "etc/ssl/certs").mkdir(parents=True)

        bundle.take_back(upper, tree)

        assert list(shown(upper)) == ["etc", "etc/ssl", "etc/ssl/certs"]

    @pytest.mark.parametrize("text", ["IMAGE", "HOST", "", "HOS"])
    def test_an_images_own_bundle_stays_even_with_the_same_certificates(
        self, hosts: Path, upper: Path, text: str
    ) -> None:
        tree = MemoryTree({})
        bundle, _ = put(hosts, tree)
        write(upper, {DEBIAN: text})

        bundle.take_back(upper, tree)

        assert (upper / DEBIAN).read_text() == text

    @pytest.mark.parametrize(("own", "expected"), [({DEBIAN: "IMAGE\n"}, "IMAGE\nMORE"), ({}, "MORE")])
    def test_what_was_appended_stays_behind_what_the_image_has(
        self, hosts: Path, upper: Path, own: dict[str, str], expected: str
    ) -> None:
        tree = MemoryTree(own)
        bundle, _ = put(hosts, tree)
        write(upper, {DEBIAN: file(f"HOST{MARK}MORE", mode=0o640, mtime_ns=9_000_000_000)})

        bundle.take_back(upper, tree)

        status = (upper / DEBIAN).stat()
        assert (upper / DEBIAN).read_text() == expected
        assert (stat.S_IMODE(status.st_mode), status.st_mtime_ns) == (0o640, 9_000_000_000)

    @pytest.mark.parametrize("where", ["etc", "etc/ssl", "etc/ssl/certs", DEBIAN])
    def test_a_link_out_of_the_layer_is_never_followed(self, hosts: Path, upper: Path, where: str) -> None:
        """A process may leave a link to a directory of the host's, at which the host's bundle has its usual name."""
        tree = MemoryTree({})
        bundle, _ = put(hosts, tree)
        outside = write(hosts.with_name("outside"), {DEBIAN: f"HOST{MARK}"})
        (upper / where).parent.mkdir(parents=True, exist_ok=True)
        (upper / where).symlink_to(outside / where)

        bundle.take_back(upper, tree)

        assert (outside / DEBIAN).read_text() == f"HOST{MARK}"
        assert (upper / where).is_symlink()

    @pytest.mark.parametrize("nodes", [{}, {"etc": "a file"}, {DEBIAN: directory()}])
    def test_a_layer_without_it_stays_as_it_is(self, hosts: Path, upper: Path, nodes: dict[str, str]) -> None:
        tree = MemoryTree({})
        bundle, _ = put(hosts, tree)
        write(upper, nodes)
        before = shown(upper)

        bundle.take_back(upper, tree)

        assert shown(upper) == before
