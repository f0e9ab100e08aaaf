"""`printf`: what each verb writes. What is expected is what Go wrote."""

from __future__ import annotations

import pytest

from stagemill.template.failure import MisuseError
from stagemill.template.printing import printf, quote
from stagemill.template.values import Value


@pytest.mark.parametrize(
    ("form", "values", "expected"),
    [
        ("%s %v", ("a", ["b", "c"]), "a [b c]"),
        ("%5s|%-5s|%.2s|", ("ab", "cd", "efg"), "   ab|cd   |ef|"),
        ("%d %5d|%05d|%+d|% d|%-4d|", (1, 42, 42, 42, 42, 42), "1    42|00042|+42| 42|42  |"),
        ("%05d %+d", (-42, -42), "-0042 -42"),
        ("%x %X %o %b %c", (255, 255, 8, 5, 65), "ff FF 10 101 A"),
        ("%x %X", ("hi", "hi"), "6869 6869"),
        ("%08.3f|%10.2f|%e|%g", (1.5, 3.14159, 1234.5, 0.00001), "0001.500|      3.14|1.234500e+03|1e-05"),
        ("%t", (True,), "true"),
        ("%v %v %v", (None, 1.5, {"a": 1}), "<nil> 1.5 map[a:1]"),
        ("%q %q %q", ("a b", ["x", "y"], 65), '"a b" ["x" "y"] \'A\''),
        ("100%%", (), "100%"),
    ],
)
def test_verbs(form: str, values: tuple[Value, ...], expected: str) -> None:
    assert printf(form, values) == expected


@pytest.mark.parametrize(
    ("form", "values", "message"),
    [
        ("%s %s", ("a",), "%s has no value"),
        ("%s", ("a", "b", "c"), "there are 3 values, and verbs for 1"),
        ("%d", ("linux",), "%d is not for a text (linux)"),
        ("%d", (True,), "%d is not for a truth value (true)"),
        ("%f", (1,), "%f is not for a number (1)"),
        ("%t", ("x",), "%t is not for a text (x)"),
        ("%q", (None,), "%q is not for nothing (<nil>)"),
        ("%q", ({},), "%q is not for a map (map[])"),
        ("%z", ("a",), "there is no verb %z; there are %s %v %q %d %t %x %f %e %g %c %%"),
        ("50%", ("a",), "there is no verb %; there are %s %v %q %d %t %x %f %e %g %c %%"),
    ],
)
def test_a_value_that_does_not_fit_is_told(form: str, values: tuple[Value, ...], message: str) -> None:
    with pytest.raises(MisuseError) as caught:
        printf(form, values)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a"b\\', r'"a\"b\\"'),
        ("\n\t\r\a\b\f\v", r'"\n\t\r\a\b\f\v"'),
        ("\x01\x7fé€\u200b\U000e0001", '"\\x01\\x7fé€\\u200b\\U000e0001"'),
    ],
)
def test_a_quoted_text_is_gos(text: str, expected: str) -> None:
    assert quote(text) == expected
