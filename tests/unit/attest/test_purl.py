"""Package URLs, of images as BuildKit has them."""

from __future__ import annotations

import pytest

from stagemill.attest.purl import of_image, of_layout, package_url
from stagemill.digest import Digest
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference

DIGEST = Digest.of(b"test")
ARM = Platform("linux", "arm", "v7")


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("alpine", "pkg:docker/alpine@latest"),
        ("docker.io/library/alpine:3.15", "pkg:docker/alpine@3.15"),
        (f"alpine:latest@{DIGEST}", f"pkg:docker/alpine@latest?digest={DIGEST}"),
        (f"alpine@{DIGEST}", f"pkg:docker/alpine?digest={DIGEST}"),
        ("user/test:v2", "pkg:docker/user/test@v2"),
        ("ghcr.io/foo/bar", "pkg:docker/ghcr.io/foo/bar@latest"),
        ("localhost:5000/x:1", "pkg:docker/localhost:5000/x@1"),
    ],
)
def test_an_image_is_a_package_of_its_familiar_name(reference: str, expected: str) -> None:
    assert of_image(Reference.parse(reference)) == expected


def test_a_platform_and_a_digest_qualify_an_image() -> None:
    assert of_image(Reference.parse("busybox"), ARM) == "pkg:docker/busybox@latest?platform=linux%2Farm%2Fv7"
    assert of_image(Reference.parse(f"busybox@{DIGEST}"), ARM) == (
        f"pkg:docker/busybox?digest={DIGEST}&platform=linux%2Farm%2Fv7"
    )
    assert of_layout("out", DIGEST, "linux/amd64") == f"pkg:oci/out?digest={DIGEST}&platform=linux%2Famd64"


def test_what_would_be_misread_is_escaped() -> None:
    assert package_url("npm", "core", "1.0+a b", namespace="@babel") == "pkg:npm/%40babel/core@1.0%2Ba%20b"
    assert package_url("deb", "g++", "2:1~rc", namespace="debian", qualifiers={"z": "", "a": "x&y"}) == (
        "pkg:deb/debian/g%2B%2B@2:1~rc?a=x%26y"
    )
