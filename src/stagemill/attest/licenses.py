"""Whether what a package says of its licence is an expression of SPDX. Source: SPDX 2.3, annex D; the ids are of its licence list."""

from __future__ import annotations

from stagemill.regex import regex

_TEXT = """
    0BSD AFL-2.1 AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 Artistic-1.0 Artistic-1.0-Perl Artistic-2.0
    BlueOak-1.0.0 BSD-2-Clause BSD-3-Clause BSD-4-Clause BSL-1.0 bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC0-1.0 curl EPL-1.0 EPL-2.0
    GFDL-1.3-or-later GPL-1.0-or-later GPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0 GPL-3.0-only GPL-3.0-or-later HPND
    ICU IJG ISC LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1 LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-only
    LGPL-3.0-or-later Libpng libtiff MIT MIT-0 MIT-CMU MPL-1.1 MPL-2.0 NCSA OFL-1.1 OpenSSL PHP-3.01 PostgreSQL PSF-2.0
    Python-2.0 Ruby TCL Unicode-3.0 Unlicense Vim W3C WTFPL X11 Zlib ZPL-2.1 zlib-acknowledgement
"""
IDS = frozenset(_TEXT.split())
_EXCEPTIONS = frozenset({
    "Autoconf-exception-3.0", "Bison-exception-2.2", "Classpath-exception-2.0", "GCC-exception-3.1", "LLVM-exception",
    "OpenSSL-exception", "openvpn-openssl-exception",
})  # fmt: skip
_WORDS = regex(r"\(|\)|[^\s()]+")


def expression(text: str) -> str:
    """The expression that a text is; empty where it is none, or names what is not known here."""
    words = _WORDS.findall(text)
    return " ".join(words).replace("( ", "(").replace(" )", ")") if words and _is_one(words) else ""


def _is_one(words: list[str]) -> bool:
    depth, wants_id, exception = 0, True, False
    for word in words:
        if word == "(":
            if not wants_id or exception:
                return False
            depth += 1
        elif word == ")":
            depth -= 1
            if wants_id or depth < 0:
                return False
        elif wants_id:
            if word not in (_EXCEPTIONS if exception else IDS):
                return False
            wants_id = exception = False
        elif word in {"AND", "OR", "WITH"}:
            wants_id, exception = True, word == "WITH"
        else:
            return False
    return not wants_id and depth == 0
