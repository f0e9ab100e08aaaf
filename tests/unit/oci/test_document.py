"""Reading JSON that strangers wrote."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stagemill.oci import document as json
from stagemill.oci.document import MalformedError


def test_an_object_is_read_from_bytes_and_text() -> None:
    assert json.parse_object(b'{"a": [1, "\xc3\xbc"]}', "it") == {"a": [1, "ü"]}
    assert json.parse_object('{"a": null}', "it") == {"a": None}


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff", b'{"a": NaN}', b'{"a": -Infinity}', b"[" * 100_000, b'{"a":' + b"1" * 5000 + b"}"],
    ids=["nothing", "open", "no UTF-8", "NaN", "infinity", "deep", "huge number"],
)
def test_what_is_no_json_is_an_error_that_names_the_document(data: bytes) -> None:
    with pytest.raises(MalformedError, match=r"^the index is no JSON: "):
        json.parse_object(data, "the index")


@pytest.mark.parametrize("data", [b"[]", b"1", b'"a"', b"null"])
def test_what_is_no_object_is_an_error(data: bytes) -> None:
    with pytest.raises(MalformedError, match=r"^the index is no JSON object$"):
        json.parse_object(data, "the index")


@pytest.mark.parametrize("data", [rb'{"a\ud800": "\udc80x"}', b'{"a\xed\xa0\x80": "\xed\xb2\x80x"}'])
def test_halves_of_pairs_become_the_sign_for_no_character(data: bytes) -> None:
    assert json.parse_object(data, "it") == {"a\ufffd": "\ufffdx"}
    assert json.parse_object(rb'{"a": "\ud83d\ude00"}', "it") == {"a": "\U0001f600"}


def test_missing_and_null_are_the_same() -> None:
    for found in ({}, {"k": None}):
        assert json.text(found, "k", "d") == "d"
        assert json.integer(found, "k", 3) == 3
        assert json.obj(found, "k") == {}
        assert json.array(found, "k") == ()
        assert json.texts(found, "k") == ()
        assert json.objects(found, "k") == ()
        assert json.string_map(found, "k") == {}


def test_values_of_the_right_type_are_returned() -> None:
    found: json.JsonObject = {"t": "x", "i": 0, "o": {"a": "b"}, "a": ["x"], "os": [{"a": 1}]}

    assert json.text(found, "t") == "x"
    assert json.integer(found, "i") == 0
    assert json.obj(found, "o") == {"a": "b"}
    assert json.string_map(found, "o") == {"a": "b"}
    assert json.texts(found, "a") == ("x",)
    assert json.objects(found, "os") == ({"a": 1},)


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (json.text, 1, "'k' is 1, not a string"),
        (json.text, None, "'k' is None, not a string"),
        (json.integer, "1", "'k' is '1', not an integer"),
        (json.integer, True, "'k' is True, not an integer"),
        (json.integer, 1.5, "'k' is 1.5, not an integer"),
        (json.integer, None, "'k' is None, not an integer"),
        (json.obj, [], "'k' is [], not an object"),
        (json.array, "ab", "'k' is 'ab', not an array"),
        (json.texts, [1], "'k' holds 1, not a string"),
        (json.objects, ["a"], "'k' holds 'a', not an object"),
        (json.string_map, {"a": 1}, "'k' holds 'a': 1, not a string"),
    ],
)
def test_values_of_the_wrong_type_are_errors_that_name_the_key(
    read: Callable[[json.JsonObject, str], object], value: json.Json, message: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        read({"k": value}, "k")

    assert str(caught.value) == message
