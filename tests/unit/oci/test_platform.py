"""Platforms in Go's names."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from stagemill.oci.document import MalformedError
from stagemill.oci.platform import Platform


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux/amd64", "linux/amd64"),
        ("Linux/X86_64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v2", "linux/amd64/v2"),
        ("linux/arm64", "linux/arm64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/i386", "linux/386"),
        ("windows/amd64", "windows/amd64"),
        ("arm64", "linux/arm64"),
        ("aarch64", "linux/arm64"),
        ("s390x", "linux/s390x"),
        (" linux/amd64 ", "linux/amd64"),
        ("plan9/mips", "plan9/mips"),
        ("linux/i386/x", "linux/386"),
        ("linux/arm64/v9.0", "linux/arm64/v9"),
        ("linux/arm64/v8.0", "linux/arm64"),
        ("macos/arm64", "darwin/arm64"),
        ("riscv", "linux/riscv"),
    ],
)
def test_a_platform_is_normalised(text: str, expected: str) -> None:
    assert str(Platform.parse(text)) == expected


def test_a_system_alone_has_the_architecture_of_this_machine() -> None:
    assert Platform.parse("linux") == Platform.local()
    assert Platform.parse("windows") == Platform("windows", Platform.local().architecture, Platform.local().variant)


@pytest.mark.parametrize(
    "text", ["", "/", "linux/", "/amd64", "a/b/c/d", "linux//v7", "linux(/amd64", "linux/a b", "*/amd64"]
)
def test_other_forms_are_errors(text: str) -> None:
    with pytest.raises(ValueError, match="want os/arch") as caught:
        Platform.parse(text)

    assert str(caught.value) == f"{text!r} is no platform: want os/arch or os/arch/variant"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("windows(10.0.17763.1)/amd64", Platform("windows", "amd64", "", "10.0.17763.1")),
        ("windows(10.0.17763+win32k+a)/amd64", Platform("windows", "amd64", "", "10.0.17763", ("a", "win32k"))),
        ("windows(+win32k)/amd64", Platform("windows", "amd64", "", "", ("win32k",))),
        ("windows()/amd64", Platform("windows", "amd64")),
    ],
)
def test_a_system_may_have_a_version_and_features(text: str, expected: Platform) -> None:
    found = Platform.parse(text)

    assert found == expected
    assert Platform.parse(found.full) == found
    assert Platform.from_json(found.to_json()) == found
    assert str(found) == "windows/amd64"


def test_one_word_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="neither a known system nor a known architecture"):
        Platform.parse("amd46")


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ("x86_64", "linux/amd64"),
        ("aarch64", "linux/arm64"),
        ("armv6l", "linux/arm/v6"),
        ("armv7l", "linux/arm/v7"),
        ("i686", "linux/386"),
        ("loongarch64", "linux/loong64"),
        ("ppc64le", "linux/ppc64le"),
    ],
)
def test_this_machine_is_named_as_in_go(monkeypatch: pytest.MonkeyPatch, machine: str, expected: str) -> None:
    uname: Callable[[], SimpleNamespace] = lambda: SimpleNamespace(machine=machine)  # noqa: E731
    monkeypatch.setattr(os, "uname", uname)

    assert str(Platform.local()) == expected


def test_json_is_read_normalised_and_written_with_what_is_there() -> None:
    document = {"os": "linux", "architecture": "arm64", "variant": "v8", "os.version": "1"}

    platform = Platform.from_json(document)

    assert platform == Platform("linux", "arm64", "", "1")
    assert platform.to_json() == {"architecture": "arm64", "os": "linux", "os.version": "1"}
    assert Platform.from_json(Platform("linux", "arm", "v7").to_json()) == Platform("linux", "arm", "v7")
    assert Platform.from_json({}) == Platform("", "")


def test_json_of_the_wrong_type_is_an_error() -> None:
    with pytest.raises(MalformedError, match="'os' is 1, not a string"):
        Platform.from_json({"os": 1})
