"""`Digest`, and the form in which values are hashed."""

from __future__ import annotations

import hashlib

import pytest

from stagemill.digest import Canonical, Digest, canonical

HEX = hashlib.sha256(b"abc").hexdigest()


def test_a_digest_is_a_text_that_names_bytes() -> None:
    digest = Digest.of(b"abc")

    assert digest == f"sha256:{HEX}"
    assert (digest.hex, digest.short) == (HEX, HEX[:12])
    assert Digest.from_hex(HEX) == Digest(f"sha256:{HEX}") == digest
    assert {digest: 1}[Digest(f"sha256:{HEX}")] == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEX,
        "sha256:",
        f"sha256:{HEX[:-1]}",
        f"sha256:{HEX}0",
        f"sha256:{HEX.upper()}",
        f"sha512:{HEX}",
        f"sha256:{HEX}\n",
    ],
)
def test_anything_else_cannot_be_made(text: str) -> None:
    with pytest.raises(ValueError, match="not a sha256 digest: "):
        Digest(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [True, None, "x"]}, b'{"a":[true,null,"x"],"b":1}'),
        (("a", ("b",)), b'["a",["b"]]'),
        ("é\u2028", '"é\u2028"'.encode()),
        ('"\\\n', b'"\\"\\\\\\n"'),
        ("\udcff", b'"\xff"'),
        (2**70, b"1180591620717411303424"),
        ({}, b"{}"),
    ],
)
def test_the_canonical_form_is_sorted_json_without_blanks(value: Canonical, expected: bytes) -> None:
    assert canonical(value) == expected


def test_equal_values_have_equal_digests_whatever_their_order() -> None:
    assert Digest.of_value({"a": 1, "b": 2}) == Digest.of_value({"b": 2, "a": 1})
    assert Digest.of_value(("a",)) == Digest.of_value(["a"])


@pytest.mark.parametrize(("one", "other"), [(["ab"], ["a", "b"]), ("1", 1), (None, ""), (True, 1), ([[]], [])])
def test_different_values_have_different_digests(one: Canonical, other: Canonical) -> None:
    assert Digest.of_value(one) != Digest.of_value(other)


def test_the_digest_of_a_value_stays_as_it_is() -> None:
    assert Digest.of_value({"kind": "x/1", "n": [1, "ü"]}).short == "1bdc9affb84f"
