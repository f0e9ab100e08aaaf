"""What is said of images: attached, kept on every way that an image goes, and readable by others."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.archives import read_all
from fakes.distribution import running
from fakes.evidence import cyclonedx_flaws, provenance_flaws, spdx_flaws
from fakes.mill import Mill
from stagemill.oci import media_types
from stagemill.oci.reference import Reference
from stagemill.registry.client import RegistryClient
from stagemill.registry.config import RegistryConfig
from stagemill.registry.referrers import tag

pytestmark = pytest.mark.root

SECRET = "hidden words"
DOCKERFILE = """\
FROM busybox AS deps
ARG BUILDKIT_SBOM_SCAN_STAGE=true
ARG TOKEN
COPY apk /lib/apk/db/installed
RUN --mount=type=secret,id=s --network=none cat /run/secrets/s > /dev/null
FROM busybox
COPY --from=deps /lib/apk /lib/apk
CMD ["echo", "hello"]
"""
SCANNER = """\
FROM busybox
COPY <<'EOF' /scan.sh
set -eu
find $BUILDKIT_SCAN_SOURCE -name installed > /tmp/found
for extra in $BUILDKIT_SCAN_SOURCE_EXTRAS/*; do basename $extra >> /tmp/found; done
cat > $BUILDKIT_SCAN_DESTINATION/sbom.spdx.json <<END
{"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://spdx.dev/Document", "subject": [],
 "predicate": {"found": "$(tr '\\n' ' ' < /tmp/found)", "depth": "$BUILDKIT_SCAN_DEPTH"}}
END
EOF
CMD ["sh", "/scan.sh"]
"""


@pytest.fixture
def app(mill: Mill) -> Mill:
    """A folder with something to build and to list."""
    mill.write({"apk": "P:musl\nV:1.2\nL:MIT\n", "s": SECRET, "Dockerfile": DOCKERFILE})
    return mill


def build(mill: Mill, *arguments: str) -> bytes:
    """The OCI archive of a build, with all that may be said of it."""
    given = ("-t", "app:1", "--secret", "id=s,src=s", "--build-arg", "TOKEN=t0", "-o", "type=oci,dest=-")
    return mill.ok("build", "--progress=quiet", *given, *arguments, ".").stdout


def blob(files: dict[str, bytes], digest: str) -> Any:
    return json.loads(files[f"blobs/sha256/{digest[7:]}"])


def statements(archive: bytes) -> list[Any]:
    """What an archive says of its one image."""
    files = read_all(archive)
    (named,) = json.loads(files["index.json"])["manifests"]
    assert named["mediaType"] == media_types.INDEX
    image, said = blob(files, named["digest"])["manifests"]
    assert said["annotations"]["vnd.docker.reference.digest"] == image["digest"]
    found = [blob(files, layer["digest"]) for layer in blob(files, said["digest"])["layers"]]
    assert {subject["digest"]["sha256"] for each in found for subject in each["subject"]} == {image["digest"][7:]}
    return found


def test_an_image_has_lists_and_how_it_was_built(app: Mill) -> None:
    archive = build(app, "--provenance", "--sbom=both")

    core, core_too, deps, deps_too, provenance = statements(archive)
    for each in core, deps:
        assert [package["name"] for package in each["predicate"]["packages"][1:]] == ["musl"]
        assert spdx_flaws(each["predicate"]) == []
    for each in core_too, deps_too:
        assert [component["name"] for component in each["predicate"]["components"]] == ["musl"]
        assert cyclonedx_flaws(each["predicate"]) == []
    assert provenance_flaws(provenance) == []
    definition = provenance["predicate"]["buildDefinition"]
    assert [material["uri"].partition("?")[0] for material in definition["resolvedDependencies"]] == [
        "pkg:docker/busybox@latest"
    ]
    assert definition["externalParameters"]["request"]["secrets"] == [{"id": "s", "optional": True}]
    assert definition["externalParameters"]["request"]["args"]["build-arg:TOKEN"] == "t0"
    layers = provenance["predicate"]["runDetails"]["metadata"]["buildkit_metadata"]["layers"]
    assert sorted(len(chain[0]) for chain in layers.values()) == [1, 2]
    assert SECRET.encode() not in b"".join(read_all(archive).values())


def test_with_min_nothing_that_was_given_is_said(app: Mill) -> None:
    (provenance,) = statements(build(app, "--provenance=mode=min"))

    assert "t0" not in json.dumps(provenance["predicate"]["buildDefinition"]["externalParameters"])
    assert "TOKEN" not in json.dumps(provenance)


def test_without_being_asked_for_nothing_is_said(app: Mill) -> None:
    for asked in ((), ("--provenance=false", "--sbom=false"), ("--attest", "type=sbom,disabled=true")):
        (named,) = json.loads(read_all(build(app, *asked))["index.json"])["manifests"]
        assert named["mediaType"] == media_types.MANIFEST


def test_the_same_image_is_within_whatever_is_said_of_it(app: Mill) -> None:
    plain = json.loads(read_all(build(app))["index.json"])["manifests"][0]["digest"]
    said = statements(build(app, "--provenance"))

    assert said[0]["subject"][0]["digest"]["sha256"] == plain[7:]


@pytest.mark.parametrize("artifact", ["true", "false"])
def test_it_goes_wherever_the_image_goes(app: Mill, artifact: str, tmp_path: Path) -> None:
    archive = tmp_path / "app.tar"
    app.ok(
        "build", "-q", "-t", "app:1", "--secret", "id=s,src=s", "--provenance", "--sbom",
        "-o", f"type=oci,dest={archive},oci-artifact={artifact}", ".",
    )  # fmt: skip
    elsewhere = Mill(tmp_path / "elsewhere", app.folder)

    assert "Loaded image: app:1" in elsewhere.ok("load", "-i", str(archive)).out
    again = elsewhere.ok("save", "--format", "oci", "app:1").stdout
    assert read_all(again) == read_all(archive.read_bytes())
    assert elsewhere.ok("run", "app:1").out == "hello\n"
    elsewhere.build("FROM app:1\nRUN test -f /lib/apk/db/installed\n", "-t", "next")
    assert "Manifests" not in elsewhere.inspect("next")
    assert [entry["platform"]["os"] for entry in elsewhere.inspect("app:1")["Manifests"]] == ["linux", "unknown"]
    rows = {row["name"]: row for row in json.loads(elsewhere.ok("images", "--json").out)}
    assert len(rows["docker.io/library/app:1"]["platforms"]) == 1
    assert "all whole" in elsewhere.ok("store", "check").out
    docker = elsewhere.ok("save", "app:1").stdout
    with tarfile.open(fileobj=io.BytesIO(docker)) as tar:
        assert "manifest.json" in tar.getnames()


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs skopeo")
def test_skopeo_copies_it_whole_and_takes_the_image_alone(app: Mill, tmp_path: Path) -> None:
    archive = tmp_path / "app.tar"
    archive.write_bytes(build(app, "--provenance", "--sbom"))

    def skopeo(*arguments: str) -> str:
        done = subprocess.run(["skopeo", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    skopeo("copy", "--all", f"oci-archive:{archive}", f"oci:{tmp_path}/all:x")
    whole = json.loads(skopeo("inspect", "--raw", f"oci:{tmp_path}/all:x"))
    assert [manifest["platform"]["os"] for manifest in whole["manifests"]] == ["linux", "unknown"]
    skopeo("copy", f"oci-archive:{archive}", f"dir:{tmp_path}/one")
    assert json.loads((tmp_path / "one/manifest.json").read_bytes())["mediaType"] == media_types.MANIFEST


def test_beside_files_statements_are_files_about_them(app: Mill) -> None:
    app.write({"Dockerfile": "FROM scratch\nCOPY apk /lib/apk/db/installed\n"})

    app.ok("build", "-q", "--provenance", "--sbom", "-o", "out", "-o", "type=tar,dest=o.tar,attestation-prefix=x-", ".")

    provenance = json.loads((app.folder / "out/provenance.json").read_bytes())
    assert [subject["name"] for subject in provenance["subject"]] == ["lib/apk/db/installed"]
    assert (app.folder / "out/provenance.json").stat().st_mode & 0o777 == 0o600
    names = set(read_all((app.folder / "o.tar").read_bytes()))
    assert names == {"lib/apk/db/installed", "x-provenance.json", "x-sbom.spdx.json"}


def test_a_file_of_that_name_is_not_written_over(app: Mill) -> None:
    app.write({"Dockerfile": "FROM scratch\nCOPY apk /provenance.json\n"})

    said = app.fail("build", "--progress=quiet", "--provenance", "-o", "out", ".")

    assert "error: the result has a provenance.json of its own, where a statement is to be" in said


def test_another_scanner_lists_what_is_there(app: Mill) -> None:
    app.build(SCANNER, "-t", "scanner")
    app.write({"Dockerfile": DOCKERFILE})

    (said,) = statements(build(app, "--attest", "type=sbom,generator=scanner,DEPTH=2"))

    assert said["predicate"] == {"found": "/run/src/core/sbom/lib/apk/db/installed sbom-deps ", "depth": "2"}


def test_a_scanner_that_fails_fails_the_build(app: Mill) -> None:
    app.build('FROM busybox\nCMD ["sh", "-c", "exit 3"]\n', "-t", "scanner")
    app.write({"Dockerfile": "FROM scratch\nCOPY apk /\n"})

    said = app.fail("build", "--progress=quiet", "--sbom=generator=scanner", "-t", "x", ".")

    assert "did not complete successfully: exit code: 3" in said


def test_the_file_of_digests_says_how_the_image_was_built(app: Mill) -> None:
    def told(how: str) -> Any:
        mill = replace(app, settings={"BUILDX_METADATA_PROVENANCE": how})
        mill.ok("build", "-q", "-t", "app", "--secret", "id=s,src=s", "--provenance", "--metadata-file", "m.json", ".")
        return json.loads((app.folder / "m.json").read_bytes())

    found = told("min")
    assert found["buildx.build.provenance"]["buildType"] == "https://mobyproject.org/buildkit@v1"
    assert "buildConfig" not in found["buildx.build.provenance"]
    assert found["containerimage.descriptor"]["mediaType"] == media_types.INDEX
    assert "containerimage.config.digest" not in found
    assert "buildConfig" in told("max")["buildx.build.provenance"]
    assert "buildx.build.provenance" not in told("disabled")


def test_docker_archives_hold_no_statements(app: Mill) -> None:
    said = app.fail("build", "--provenance", "-o", "type=docker,dest=x.tar", ".", status=2)

    assert "docker exporter does not currently support exporting manifest lists" in said


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path / "registry") as host:
        yield host


def test_a_registry_without_lists_has_what_refers_to_an_image_under_a_tag(app: Mill, registry: str) -> None:
    name = f"{registry}/team/app:1"
    given = ("--push", "--attest-as=referrers", "--secret", "id=s,src=s", "-t", name)

    app.ok("build", "-q", *given, "--sbom=both", ".")
    app.ok("build", "-q", *given, "--provenance", ".")

    with RegistryClient(RegistryConfig()) as client:
        reference = Reference.parse(name)
        top = client.document(reference).descriptor
        assert top.media_type == media_types.MANIFEST
        listed = client.document(Reference.parse(f"{registry}/team/app:{tag(top.digest)}"))
    types = [entry["annotations"]["in-toto.io/predicate-type"] for entry in json.loads(listed.data)["manifests"]]
    assert types == [
        "https://spdx.dev/Document",
        "https://cyclonedx.org/bom",
        "https://spdx.dev/Document",
        "https://cyclonedx.org/bom",
        "https://slsa.dev/provenance/v1",
    ]
    rows = json.loads(app.ok("attestations", f"docker://{name}", "--json").out)
    assert {row["of"] for row in rows} == {top.digest}
    lists = json.loads(app.ok("attestations", f"docker://{name}", "--type", "spdx", "--all").out)
    assert [one["packages"][1]["name"] for one in lists] == ["musl", "musl"]


def test_builds_that_say_something_of_one_image_at_once_lose_nothing(app: Mill, registry: str) -> None:
    name = f"{registry}/team/app:1"
    app.write({"Dockerfile": "FROM scratch\nCOPY apk /lib/apk/db/installed\n"})
    app.ok("build", "-q", "-t", "app:1", ".")
    said = [("--sbom=spdx",), ("--sbom=cyclonedx",), ("--provenance",)]

    with ExitStack() as stack:
        given = ("build", "-q", "--push", "--attest-as=referrers", "-t", name)
        builds = [stack.enter_context(app.start(*given, *each, ".")) for each in said]
        assert [build.wait(400) for build in builds] == [0, 0, 0]

    rows = json.loads(app.ok("attestations", f"docker://{name}", "--json").out)
    assert sorted(row["type"] for row in rows) == [
        "https://cyclonedx.org/bom",
        "https://slsa.dev/provenance/v1",
        "https://spdx.dev/Document",
    ]


SPEC = """\
Name: {name}
Version: 1.5
Release: 3
Summary: A thing
License: MIT
BuildArch: noarch
%description
A thing.
%files
"""


@pytest.mark.skipif(shutil.which("rpmbuild") is None, reason="needs rpm")
def test_rpms_packages_are_those_that_rpm_lists(app: Mill, tmp_path: Path) -> None:
    root = app.folder / "root"

    def rpm(program: str, *arguments: str) -> str:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    for name in ("one", "two"):
        (tmp_path / f"{name}.spec").write_text(SPEC.format(name=name))
        rpm("rpmbuild", "-bb", "--define", f"_topdir {tmp_path}/top", f"{name}.spec")
    where = ("--root", str(root), "--dbpath", "/var/lib/rpm")
    rpm("rpm", *where, "-i", "--nodeps", "--justdb", "--nosignature", *map(str, tmp_path.glob("top/RPMS/*/*.rpm")))
    known = rpm("rpm", *where, "-qa", "--qf", "%{NAME} %{VERSION}-%{RELEASE}\n").split("\n")[:-1]
    app.write({"Dockerfile": "FROM scratch\nCOPY root /\n", "root/etc/os-release": "ID=fedora\nVERSION_ID=41\n"})

    app.ok("build", "--sbom-output=l.spdx.json", ".")

    listed = json.loads((app.folder / "l.spdx.json").read_bytes())["packages"]
    assert sorted(f"{one['name']} {one['versionInfo']}" for one in listed[2:]) == sorted(known)
    assert len(known) == 2
