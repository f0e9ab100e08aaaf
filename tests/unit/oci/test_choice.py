"""Which image of an index is taken for a platform."""

from __future__ import annotations

import pytest

from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.choice import candidates, choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform


def entry(platform: str = "", **annotations: str) -> Descriptor:
    found = Platform.parse(platform) if platform else None
    digest = Digest.of(f"{platform}{annotations}".encode())
    named = {name.replace("_", "."): value for name, value in annotations.items()}
    return Descriptor(media_types.MANIFEST, digest, 1, named, found)


@pytest.mark.parametrize(
    ("wanted", "there", "chosen"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["linux/arm64"], None),
        ("linux/amd64", ["windows/amd64"], None),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], "linux/arm/v6"),
        ("linux/arm/v6", ["linux/arm/v7", "linux/arm/v5"], "linux/arm/v5"),
        ("linux/arm/v5", ["linux/arm/v7"], None),
        ("linux/amd64/v3", ["linux/amd64/v4", "linux/amd64", "linux/amd64/v2"], "linux/amd64/v2"),
        ("linux/amd64", ["linux/amd64/v2"], None),
        ("linux/ppc64le", ["linux/ppc64le"], "linux/ppc64le"),
        ("linux/amd64", ["linux/386", "linux/arm64"], "linux/386"),
        ("linux/amd64", ["linux/386", "linux/amd64"], "linux/amd64"),
        ("linux/386", ["linux/amd64"], None),
        ("linux/arm64", ["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7"),
        ("linux/arm64", ["linux/arm64/v9"], None),
        ("linux/arm64/v9", ["linux/arm64"], "linux/arm64"),
        ("linux/arm64/v9.2", ["linux/arm64/v8.8", "linux/arm64/v8.7", "linux/arm64/v9"], "linux/arm64/v9"),
        ("linux/arm64/v9.2", ["linux/arm64/v8.8", "linux/arm64/v8.7"], "linux/arm64/v8.7"),
        ("linux/arm64/v8.3", ["linux/arm64/v8.4", "linux/arm64/v8.2"], "linux/arm64/v8.2"),
        ("linux/arm64/x", ["linux/arm64/x"], "linux/arm64/x"),
        ("linux/arm64/v8.99", ["linux/arm64"], None),
        ("linux/amd64", ["linux(+sse)/amd64"], None),
        ("linux(+a+b)/amd64", ["linux/amd64", "linux(+a)/amd64"], "linux/amd64"),
        ("windows/amd64", ["windows(10.0.17763.5)/amd64", "windows(10.0.20348.1)/amd64"], "windows/amd64"),
        ("windows(10.0.17763)/amd64", ["windows(10.0.20348.1)/amd64"], None),
        ("windows(10.0.17763)/amd64", ["windows/amd64"], "windows/amd64"),
        ("windows(10.0.26100)/amd64", ["windows(10.0.20348.1)/amd64"], "windows/amd64"),
        ("windows(10.0.25398)/amd64", ["windows(10.0.26100.1)/amd64"], None),
        ("windows(10.0.20348)/amd64", ["windows(10.0.17763.1)/amd64"], None),
        ("windows(6.3.9600)/amd64", ["windows(10.0.9600.1)/amd64"], None),
        ("windows(10.0.20348)/amd64", ["windows(+win32k)/amd64"], "windows/amd64"),
    ],
)
def test_the_best_fit_is_chosen(wanted: str, there: list[str], chosen: str | None) -> None:
    entries = [entry(platform) for platform in there]

    found = choose(entries, Platform.parse(wanted))

    assert (str(found.platform) if found else None) == chosen


def test_of_several_systems_the_first_that_runs_is_chosen_and_the_most_capable_first() -> None:
    versions = [entry(f"windows(10.0.{build}.1)/amd64") for build in (17763, 20348, 25398)]

    assert choose(versions, Platform.parse("windows(10.0.25398)/amd64")) == versions[1]
    assert choose(versions, Platform.parse("windows/amd64")) == versions[0]
    plain, able = entry("linux/amd64"), entry("linux(+a)/amd64")
    assert choose([plain, able], Platform.parse("linux(+a)/amd64")) == able


def test_the_first_of_equals_is_chosen() -> None:
    first, second = entry("linux/amd64", a="1"), entry("linux/amd64", a="2")

    assert choose([first, second], Platform.parse("amd64")) == first


def test_attestations_are_no_images() -> None:
    image = entry("linux/amd64")
    attestation = entry("unknown/unknown", vnd_docker_reference_type="attestation-manifest")

    assert candidates([image, attestation, entry("unknown/unknown")]) == (image,)
    assert choose([attestation, image], None) == image


def test_without_a_platform_the_only_image_is_taken() -> None:
    assert choose([entry("plan9/mips")], None) == entry("plan9/mips")
    assert choose([entry("plan9/mips"), entry("plan9/arm")], None) is None


def test_without_a_platform_this_machines_image_is_taken() -> None:
    here = entry(str(Platform.local()))

    assert choose([entry("plan9/mips"), here], None) == here


def test_a_single_image_that_names_no_platform_fits() -> None:
    assert choose([entry()], Platform.parse("linux/amd64")) == entry()
    assert choose([entry(), entry(a="b")], Platform.parse("linux/amd64")) is None
