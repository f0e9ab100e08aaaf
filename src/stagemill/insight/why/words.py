"""`changed_words`: two texts as one, with what is gone and what is new between signs."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_AROUND = 2  # words that are shown on each side of a change
_MOST = 160  # characters


def changed_words(before: str, now: str) -> str:
    """`RUN npm [-install-] {+ci+}`; words that are the same far from any change are left out."""
    old, new = (re.findall(r"\S+", text) for text in (before, now))
    parts: list[str] = []
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for place, (tag, begin, end, first, last) in enumerate(codes):
        if tag == "equal":
            parts.append(_around(old[begin:end], first=place == 0, last=place == len(codes) - 1))
            continue
        if begin < end:
            parts.append(f"[-{' '.join(old[begin:end])}-]")
        if first < last:
            parts.append(f"{{+{' '.join(new[first:last])}+}}")
    text = " ".join(parts)
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def _around(words: list[str], *, first: bool, last: bool) -> str:
    """The first word of a text is always shown: it says what it is."""
    head, tail = 1 if first else _AROUND, 0 if last else _AROUND
    if len(words) <= head + tail + 1:
        return " ".join(words)
    return " ".join([*words[:head], "…", *words[len(words) - tail :]])
